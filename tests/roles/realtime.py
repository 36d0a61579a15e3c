"""Functions of the WebSocket API, and the consumers that send to its connections."""

import json
from dataclasses import replace
from typing import Any

from lamina.access.policy import Role
from lamina.events.envelope import envelope
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.graphql.topics import author_topic, job_topic, user_topic
from lamina.jobs import service as jobs
from lamina.orders import service as orders
from lamina.posts.indexing import update
from lamina.realtime import connections, subscriptions
from tests.roles import graphql
from tests.roles.process import Scenario, age_windows, forget_keys, place
from tests.roles.saga import ordered
from tests.support import sockets
from tests.support.aws import Answer, Api, answer_of, invoke, signed_in
from tests.support.calls import by_nobody
from tests.support.household import furnish_job
from tests.support.samples import sample, store_samples

NAME = "subscription($id: ID!) { userUpdated(id: $id) { name } }"


def connect() -> None:
    event = sample("realtime/connect")
    assert invoke(place("realtime/connect"), event)["statusCode"] == 200
    api, _ = signed_in("watcher")
    event["headers"]["Authorization"] = f"Bearer {api.token}"
    assert invoke(place("realtime/connect"), event)["statusCode"] == 200
    event["headers"]["Authorization"] = f"Bearer {client_token()}"
    assert invoke(place("realtime/connect"), event)["statusCode"] == 200
    event["headers"].pop("Sec-WebSocket-Protocol")
    assert invoke(place("realtime/connect"), event)["statusCode"] == 400


def opened(api: Api, connection_id: str = "Sample-connection=") -> str:
    """A connection that is initialised."""
    sockets.posted.pop(connection_id, None)
    connections.open_connection(connection_id, "203.0.113.7", None)
    send(connection_id, "connection_init", payload={"authorization": f"Bearer {api.token}"})
    assert sockets.posted.pop(connection_id) == [{"type": "connection_ack"}]
    return connection_id


def send(connection_id: str, kind: str, **members: Any) -> None:
    event = sample("realtime/receive")
    event["requestContext"]["connectionId"] = connection_id
    event["body"] = json.dumps({"type": kind, **members})
    assert invoke(place("realtime/receive"), event)["statusCode"] == 200


class Client(Api):
    """Sends documents over a connection."""

    connection_id = ""

    def post(self, target: str, body: object = None, **how: Any) -> Answer:
        if target != "/graphql":
            return super().post(target, body, **how)
        send(self.connection_id, "subscribe", id="1", payload=body)
        following = sockets.posted.pop(self.connection_id)[0]
        assert following["type"] == "next", following
        return Answer(200, {}, json.dumps(following["payload"]).encode())


def client_token() -> str:
    """A token of the sample OAuth client."""
    store_samples()
    return str(answer_of(invoke(place("oauth2/grant"), sample("oauth2/grant"))).json["access_token"])


def disconnect() -> None:
    api, user = signed_in("watcher")
    with by_nobody():
        connection_id = opened(api)
        send(connection_id, "subscribe", id="1", payload={"query": NAME, "variables": {"id": user.id}})
    event = sample("realtime/disconnect")
    event["requestContext"]["connectionId"] = connection_id
    assert invoke(place("realtime/disconnect"), event)["statusCode"] == 200
    assert not subscriptions.is_any(user_topic(user.id))


def receive() -> None:
    send("another", "ping")
    assert sockets.posted.pop("another") == [{"type": "pong"}]
    api, user = signed_in("manager", Role.ADMIN)
    client = Client(token=api.token)
    client.connection_id = opened(api)
    graphql.follow(client)
    customer = Client(token=signed_in("customer", Role.VIEWER)[0].token)
    customer.connection_id = opened(customer, "Other-connection=")
    graphql.send(customer, graphql.OWN_ORDERS)
    with by_nobody():
        job = furnish_job(user.id)
    query = "subscription($id: ID!) { jobUpdated(id: $id) { id } }"
    send(client.connection_id, "subscribe", id="j", payload={"query": query, "variables": {"id": job.id}})
    assert subscriptions.is_any(job_topic(job.id))
    send(client.connection_id, "complete", id="j")
    with by_nobody():
        connections.end(client.connection_id)
        token = client_token()
    age_windows()
    forget_keys()
    connection_id = opened(Api(token=token))
    send(connection_id, "nothing")
    sockets.posted.clear()


def push_events() -> None:
    api, user = signed_in("writer", Role.ADMIN)
    with by_nobody():
        connection_id = opened(api)
        job = furnish_job(user.id)
        order = ordered()
        for operation_id, query in enumerate(
            (
                """subscription($id: ID!) { userUpdated(id: $id) {
                  name posts { title contentHtml author { name } } orders { id } } }""",
                "subscription($id: ID!) { postPublished(authorId: $id) { title content author { name } } }",
                "subscription($id: ID!) { jobUpdated(id: $id) { status } }",
                "subscription($id: ID!) { orderUpdated(id: $id) { customer { name } lines { product { stock } } } }",
            )
        ):
            about = job.id if "job" in query else order.id if "orderUpdated" in query else user.id
            payload = {"query": query, "variables": {"id": about}}
            send(connection_id, "subscribe", id=str(operation_id), payload=payload)
        assert connection_id not in sockets.posted
        body = {"title": "A post", "content": "Words", "published": True}
        post_id = api.post("/v1/posts", body).data["id"]
        update(post_id)
        api.patch(f"/v1/users/{user.id}", {"name": "Ada"})
        jobs.change(job.id, lambda found: (replace(found, progress=1), None))
        orders.cancel(order.id, RequestContext(None, "roles"))
    events = [
        event
        for kind, subject in (("USER", user.id), ("POST", post_id), ("JOB", job.id), ("ORDER", order.id))
        for event in _events(kind, subject)
    ]
    assert deliver("consumers/push_events", *[{"detail": each} for each in events]) == []
    assert {each["id"] for each in sockets.posted.pop(connection_id)} >= {"0", "1", "3"}
    sockets.gone.add(connection_id)
    with by_nobody():
        api.patch(f"/v1/users/{user.id}", {"name": "Ada Ada"})
    assert deliver("consumers/push_events", {"detail": _events("USER", user.id)[-1]}) == []
    assert not subscriptions.is_any(author_topic(user.id))
    with by_nobody():
        sockets.gone.clear()
        connection_id = opened(Api(token=client_token()))
        payload = {"query": "subscription { postPublished { title } }"}
        send(connection_id, "subscribe", id="1", payload=payload)
        post_id = api.post("/v1/posts", {"title": "Another", "content": "Words", "published": True}).data["id"]
    published = [{"detail": each} for each in _events("POST", post_id)]
    assert deliver("consumers/push_events", *published, {}, {"detail": {}}) == [str(len(published) + 1)]
    assert sockets.posted.pop(connection_id)


def close_sockets() -> None:
    api, user = signed_in("watcher")
    with by_nobody():
        connection_id = opened(api)
        send(connection_id, "subscribe", id="1", payload={"query": NAME, "variables": {"id": user.id}})
        connections.open_connection("late", "203.0.113.7", None)
        client = opened(Api(token=client_token()), "client")
        key = api.post("/v1/api-keys", {"name": "CI", "scopes": ["read"]}).data["key"]
        connections.open_connection("key", "203.0.113.7", None)
        send("key", "connection_init", payload={"x-api-key": key})
    for connection in ("late", "key"):
        assert deliver("consumers/close_sockets", {"connection_id": connection}) == []
    assert sockets.posted.pop("late")
    with by_nobody():
        assert api.post("/v1/auth/logout").status == 204
        owner = connections.find(client)
    assert owner
    assert owner.ref
    assert deliver("consumers/close_sockets", {"detail": _events("USER", user.id)[-1]}) == []
    assert sockets.posted.pop(connection_id)
    ended = {"subject": owner.ref.user_id, "correlation_id": "1"}
    assert deliver("consumers/close_sockets", {"detail": ended}) == []
    assert deliver("consumers/close_sockets", {}) == ["0"]


def _events(kind: str, subject: str) -> list[Any]:
    found = OutboxItem.query(f"{kind}#{subject}", OutboxItem.sk.startswith("EVENT#"), consistent_read=True)
    return [envelope(each) for each in found]


def deliver(name: str, *messages: dict[str, Any]) -> list[str]:
    """Invoke a consumer with a batch, and return what failed."""
    record = sample(name)["Records"][0]
    records = [record | {"messageId": str(at), "body": json.dumps(each)} for at, each in enumerate(messages)]
    answer = invoke(place(name), {"Records": records})
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


SCENARIOS: dict[str, Scenario] = {
    "consumers/close_sockets": close_sockets,
    "consumers/push_events": push_events,
    "realtime/connect": connect,
    "realtime/disconnect": disconnect,
    "realtime/receive": receive,
}
