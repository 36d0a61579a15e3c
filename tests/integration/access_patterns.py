"""Every way in which the API reaches the table, to be measured one by one."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lamina import ids
from lamina.access.policy import Role
from lamina.activities.items import ActivityItem
from lamina.activities.recording import activity, record
from lamina.events.catalog import SESSION_STARTED, SESSIONS_ENDED
from lamina.events.envelope import Event, envelope
from lamina.events.outbox import event
from lamina.events.request_context import RequestContext
from lamina.jobs import service as jobs
from lamina.orders import service as orders
from lamina.orders import steps
from lamina.orders.projecting import project
from lamina.orders.service import NewLine, NewOrder
from lamina.posts.indexing import update as update_index
from lamina.posts.latest import refresh
from lamina.posts.search import statistics
from lamina.posts.search.documents import Document
from lamina.posts.search.indexing import index, remove
from lamina.users import counting
from lamina.users.model import User
from lamina.webhooks import endpoint_queue, pending
from lamina.webhooks import service as webhooks
from lamina.webhooks.deliveries import prepare
from lamina.webhooks.delivering import attempt
from lamina.webhooks.directory import MOST_OF_ONE
from lamina.webhooks.dispatch import dispatch
from lamina.webhooks.endpoint_queue import EndpointQueueItem, endpoint_queue_key
from lamina.webhooks.items import PendingItem, pending_key
from lamina.webhooks.service import NewWebhook
from tests.integration.metering import Bill, Meter
from tests.support.aws import PASSWORD, Answer, Api, authorize, make_user, signed_in
from tests.support.callers import acting
from tests.support.people import verified

ACTIVITIES = "/v1/users/{id}/activities?to=2027-01-02T00:00:00Z"
"""Those of the day on which everything is measured."""
AUTHORIZER = "gateway/authorizer"
PAGE = 10
"""Posts of a page."""
INDEXED_WORDS = 100


@dataclass
class World:
    """Who is there: an admin, a viewer, and a user that nobody has touched yet, for each pattern."""

    admin: Api
    viewer: Api
    somebody: User


@dataclass(frozen=True)
class Pattern:
    """One way to the table.

    Attributes:
        name: what is asked.
        endpoint: by whom.
        act: asks it; gets what `prepare` gave.
        prepare: what must be there before, at no cost.
    """

    name: str
    endpoint: str
    act: Callable[[World, Any], object]
    prepare: Callable[[World], object] = lambda _: None


@dataclass(frozen=True)
class Figure:
    """A pattern measured on a table of some size."""

    name: str
    endpoint: str
    calls: dict[str, int]
    keys: dict[str, int]
    reads: float
    writes: float


def measure(meter: Meter) -> list[Figure]:
    """Ask everything once."""
    admin, _ = signed_in("the.admin", Role.ADMIN)
    viewer, somebody = signed_in("the.viewer")
    verified(somebody)
    figures = []
    for number, pattern in enumerate(PATTERNS):
        world = World(admin, viewer, make_user(f"somebody.{number:02}", metadata={"team": "blue"}, email_verified=True))
        prepared = pattern.prepare(world)
        # What the authorizer reads comes on top of every call of somebody signed in, and is a pattern of its own.
        with meter.running(but="" if pattern.act is _authorize else AUTHORIZER) as bill:
            outcome = pattern.act(world, prepared)
        assert not isinstance(outcome, Answer) or outcome.status < 400, (pattern.name, outcome)
        figures.append(_figure(pattern, bill))
    return figures


def _figure(pattern: Pattern, bill: Bill) -> Figure:
    return Figure(pattern.name, pattern.endpoint, dict(bill.calls), dict(bill.keys), bill.reads, bill.writes)


def as_data(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """Give figures in a form that JSON can hold."""
    return [asdict(figure) for figure in figures]


def _registration() -> dict[str, Any]:
    name = f"new.{ids.new_id()[-6:]}"
    return {"email": f"{name}@example.com", "username": name, "name": "Somebody New", "password": PASSWORD}


def _key(_: World) -> dict[str, str]:
    return {"Idempotency-Key": ids.new_id()}


def _register(_: World, key: dict[str, str] | None) -> Answer:
    return Api().post("/v1/auth/register", _registration(), headers=key)


def _registered(world: World) -> tuple[dict[str, Any], dict[str, str]]:
    body, key = _registration(), _key(world)
    Api().post("/v1/auth/register", body, headers=key)
    return body, key


def _replay(_: World, sent: tuple[dict[str, Any], dict[str, str]]) -> Answer:
    body, key = sent
    return Api().post("/v1/auth/register", body, headers=key)


def _sign_in(world: World, _: object) -> Answer:
    return Api().post("/v1/auth/login", {"email": world.somebody.email, "password": PASSWORD})


def _signed_in(world: World) -> Api:
    return Api(token=_sign_in(world, None).data["access_token"])


REQUEST_CONTEXT = {"identity": {"sourceIp": "203.0.113.7"}}


def _authorize(world: World, _: object) -> object:
    headers = {"Authorization": f"Bearer {world.viewer.token}"}
    return authorize(
        {"httpMethod": "GET", "path": "/v1/users/me", "headers": headers, "requestContext": REQUEST_CONTEXT}
    )


def _get(target: str, as_viewer: bool = False) -> Callable[[World, Any], Answer]:
    def act(world: World, cursor: str | None) -> Answer:
        client = world.viewer if as_viewer else world.admin
        return client.get(target.format(id=world.somebody.id) + (f"&cursor={cursor}" if cursor else ""))

    return act


def _second_page(target: str) -> Callable[[World], str]:
    return lambda world: str(world.admin.get(target).json["meta"]["next_cursor"])


def _patch(**changes: object) -> Callable[[World, Any], Answer]:
    def act(world: World, _: object) -> Answer:
        mail = {"email": f"other.{ids.new_id()[-6:]}@example.com"} if "email" in changes else {}
        return world.admin.patch(f"/v1/users/{world.somebody.id}", {**changes, **mail})

    return act


def _delete(world: World, _: object = None) -> Answer:
    return world.admin.delete(f"/v1/users/{world.somebody.id}")


def _restore(world: World, _: object) -> Answer:
    return world.admin.post(f"/v1/users/{world.somebody.id}/restore")


def _ask(world: World, _: object) -> Answer:
    return world.admin.post("/v1/reports", {"type": "users", "format": "csv"})


def _asked(world: World) -> str:
    return str(_ask(world, None).data["id"])


def _lived(world: World) -> list[ActivityItem | None]:
    """A hundred things that have happened to somebody, every fifth of them a sign-in."""
    user = world.somebody.id
    facts = [SESSION_STARTED.of({"session_id": user}), *[SESSIONS_ENDED.of({})] * 4] * 20
    return [activity(envelope(event(fact, user, actor=user, correlation_id=user))) for fact in facts]


def _recorded(world: World) -> None:
    record(_lived(world))


def _record(_: World, lived: list[ActivityItem | None]) -> None:
    record(lived[:25])


def _count(world: World, _: object) -> int:
    return counting.count([counting.membership(world.somebody)])


HOOK = NewWebhook(url="https://example.com/hook", events=["session.*"])
DELIVERIES = 30
"""More than a page."""


@dataclass(frozen=True)
class Hooked:
    """Somebody signed in, one of its webhooks, and a delivery of that."""

    owner: Api
    webhook: str
    delivery: str = ""


def _webhook(world: World) -> str:
    return webhooks.create(acting(world.somebody), HOOK, RequestContext(None, "test"))[0].id


def _hook(_: World, owner: Api) -> Answer:
    return owner.post("/v1/webhooks", {"url": HOOK.url, "events": HOOK.events})


def _told(world: World) -> Event:
    """A sign-in of somebody, as the bus brings it."""
    user = world.somebody.id
    return envelope(event(SESSION_STARTED.of({"session_id": user}), user, actor=user, correlation_id=user))


def _dispatch(_: World, event: Event) -> None:
    dispatch(event)


def _heard(world: World) -> Event:
    """The same, with a webhook that is told of it."""
    _webhook(world)
    return _told(world)


def _hooked(world: World) -> Hooked:
    """A webhook with deliveries that wait, among twenty, which is the limit."""
    chosen, *_ = [_webhook(world) for _ in range(MOST_OF_ONE)]
    *_, last = [prepare(chosen, _told(world)) for _ in range(DELIVERIES)]
    return Hooked(_signed_in(world), chosen, last.id)


def _delivered(world: World) -> Hooked:
    hooked = _hooked(world)
    attempt(hooked.webhook, hooked.delivery)
    return hooked


def _full(world: World) -> Hooked:
    """A webhook whose endpoint has as many requests as it may have at a time."""
    hooked = _hooked(world)
    busy = EndpointQueueItem(*endpoint_queue_key(hooked.webhook))
    busy.place1 = busy.place2 = busy.place3 = busy.place4 = ids.ETERNITY
    busy.save()
    return hooked


def _crowded(world: World) -> Hooked:
    """A webhook for which all but one delivery wait until the endpoint has a place."""
    hooked = _hooked(world)
    partition, prefix = pending_key(hooked.webhook, "")
    for waiting in list(PendingItem.query(partition, PendingItem.sk.startswith(prefix))):
        if pending.place_of(waiting)[1] != hooked.delivery:
            pending.park(waiting, ids.ahead(3600))
    endpoint_queue.note_backlog(EndpointQueueItem(*endpoint_queue_key(hooked.webhook)), there_is=True)
    return hooked


def _of_webhook(target: str = "", method: str = "GET") -> Callable[[World, Hooked], Answer]:
    def act(_: World, hooked: Hooked) -> Answer:
        path = f"/v1/webhooks/{hooked.webhook}{target.format(delivery=hooked.delivery)}"
        return hooked.owner.post(path) if method == "POST" else hooked.owner.get(path)

    return act


def _deliver(_: World, hooked: Hooked) -> None:
    attempt(hooked.webhook, hooked.delivery)


POST = {
    "title": "Words, words, words",
    "content": "Some *words* of a post.",
    "tags": ["news", "words"],
    "published": True,
}


def _write(world: World, _: object = None) -> Answer:
    return world.admin.post("/v1/posts", POST)


def _written(world: World) -> str:
    return str(_write(world).data["id"])


def _of_post(target: str = "", **changes: object) -> Callable[[World, str], Answer]:
    """Read a post as somebody who is not signed in, or change it as its author."""

    def act(world: World, post: str) -> Answer:
        path = f"/v1/posts/{post}"
        if changes:
            return world.admin.patch(path, changes)
        return world.admin.post(f"{path}{target}") if target else Api().get(path)

    return act


def _slug(world: World) -> str:
    return str(_write(world).data["slug"])


def _posts(query: str) -> Callable[[World, Any], Answer]:
    return lambda _, cursor: Api().get(f"/v1/posts?limit=10&{query}" + (f"&cursor={cursor}" if cursor else ""))


def _graphql(query: str) -> Callable[[World, Any], Answer]:
    def act(world: World, _: object) -> Answer:
        answer = world.admin.post("/graphql", {"query": query})
        assert "errors" not in answer.json, answer.body
        return answer

    return act


def _posts_of_user(world: World, _: object) -> Answer:
    return Api().get(f"/v1/users/{world.somebody.id}/posts")


def _delete_post(world: World, post: str) -> Answer:
    return world.admin.delete(f"/v1/posts/{post}")


def _next_posts(_: World) -> str:
    return str(Api().get("/v1/posts?limit=10").json["meta"]["next_cursor"])


def _text(words: int, *, last: str = "last") -> str:
    """A text of so many words, each of them different."""
    return " ".join([*(f"item{number}x" for number in range(words - 1)), last])


def _indexed(count: int, text: str) -> str:
    """Index so many posts; return the id of one that is not indexed yet, and exists as little as these."""
    for _ in range(count):
        index(Document(ids.new_id(), 1, "Words", ("news",), text))
    return ids.new_id()


def _index(post_id: str, version: int = 1, last: str = "last") -> None:
    index(Document(post_id, version, "Words", ("news",), _text(INDEXED_WORDS, last=last)))


def _in_index(_: World) -> str:
    post_id = _indexed(1, _text(INDEXED_WORDS, last="other"))
    _index(post_id)
    return post_id


def _searched(word: str) -> Callable[[World], object]:
    """Publish and index as many posts as a page has, with a word that no others have."""

    def prepare(world: World) -> None:
        for _ in range(PAGE):
            post = world.admin.post("/v1/posts", {**POST, "content": f"A {word} and other words."}).data
            update_index(post["id"])
        statistics._kept.statistics = None  # a process reads them once a minute

    return prepare


PRODUCT = {
    "name": "A product of three words",
    "description": "Words, words, words.",
    "price": {"amount": 1499, "currency": "EUR"},
    "stock": 10,
}


def _offer(world: World, _: object = None) -> Answer:
    return world.admin.post("/v1/products", {**PRODUCT, "sku": f"SKU-{ids.new_id()[-6:]}"})


def _offered(world: World) -> str:
    return str(_offer(world).data["id"])


def _of_product(**changes: object) -> Callable[[World, str], Answer]:
    """Read a product as somebody who is not signed in, or change it as an admin."""

    def act(world: World, product: str) -> Answer:
        path = f"/v1/products/{product}"
        return world.admin.patch(path, changes) if changes else Api().get(path)

    return act


def _products(query: str) -> Callable[[World, Any], Answer]:
    return lambda _, cursor: Api().get(f"/v1/products?limit=10&{query}" + (f"&cursor={cursor}" if cursor else ""))


def _restock(world: World, product: str) -> Answer:
    return world.admin.post(f"/v1/products/{product}/stock", {"change": 5, "reason": "Delivery"})


def _order(world: World, product: str) -> Answer:
    wanted = {"lines": [{"product_id": product, "quantity": 1}], "payment_method": "pm_card_visa"}
    return world.viewer.post("/v1/orders", wanted, headers={"Idempotency-Key": ids.new_id()})


def _ordered(world: World) -> str:
    return str(_order(world, _offered(world)).data["id"])


def _placed(*, events: int = 1, projected: bool = True) -> Callable[[World], str]:
    """Place an order of the viewer, and do some of its steps."""

    def prepare(world: World) -> str:
        product, customer = _offered(world), acting(world.somebody)
        new = NewOrder(lines=[NewLine(product, 1)], payment_method="pm_card_visa")
        order = orders.place(new, RequestContext(None, "test"), by=customer)
        if projected:
            project(order.id)
        if events > 1:
            steps.reserve(order.id, RequestContext(None, "test"))
        return order.id

    return prepare


def _orders(query: str = "") -> Callable[[World, Any], Answer]:
    return lambda world, _: world.admin.get(f"/v1/orders?limit=10&{query}")


PATTERNS = (
    Pattern("Register an account", "POST /v1/auth/register", _register),
    Pattern("… with an Idempotency-Key", "POST /v1/auth/register", _register, _key),
    Pattern("… a replay of the same key", "POST /v1/auth/register", _replay, _registered),
    Pattern("Sign in", "POST /v1/auth/login", _sign_in),
    Pattern("Sign out", "POST /v1/auth/logout", lambda _, client: client.post("/v1/auth/logout"), _signed_in),
    Pattern("Check a token's session", "authorizer, in addition to each authenticated call", _authorize),
    Pattern("Read a user", "GET /v1/users/{id}", _get("/v1/users/{id}")),
    Pattern("Read your own user", "GET /v1/users/me", _get("/v1/users/me")),
    Pattern("List, newest first", "GET /v1/users", _get("/v1/users?limit=20")),
    Pattern("… by cursor", "GET /v1/users", _get("/v1/users?limit=20"), _second_page("/v1/users?limit=20")),
    Pattern("… sorted by e-mail address", "GET /v1/users", _get("/v1/users?limit=20&sort=email")),
    Pattern("… sorted by username", "GET /v1/users", _get("/v1/users?limit=20&sort=-username")),
    Pattern("… filtered by role", "GET /v1/users", _get("/v1/users?limit=20&role=viewer")),
    Pattern("… filtered by status", "GET /v1/users", _get("/v1/users?limit=20&status=active")),
    Pattern(
        "… filtered by role and status",
        "GET /v1/users",
        _get("/v1/users?limit=20&role=viewer&status=active&sort=email"),
    ),
    Pattern("… only deleted users", "GET /v1/users", _get("/v1/users?limit=2&deleted=true")),
    Pattern("… page 3 by number", "GET /v1/users", _get("/v1/users?limit=20&page=3")),
    Pattern("Search, as a viewer", "GET /v1/users", _get("/v1/users?limit=10&search=smith", as_viewer=True)),
    Pattern("Search, as an admin", "GET /v1/users", _get("/v1/users?limit=10&search=smith")),
    Pattern("… by e-mail address", "GET /v1/users", _get("/v1/users?limit=10&search=the.admin@example.com")),
    Pattern("Update a name", "PATCH /v1/users/{id}", _patch(name="Quite Another")),
    Pattern("Update an e-mail address", "PATCH /v1/users/{id}", _patch(email="")),
    Pattern("Update a role", "PATCH /v1/users/{id}", _patch(role="editor")),
    Pattern("Update without a change", "PATCH /v1/users/{id}", _patch(metadata={"team": "blue"})),
    Pattern("Delete a user", "DELETE /v1/users/{id}", _delete),
    Pattern("Restore a user", "POST /v1/users/{id}/restore", _restore, _delete),
    Pattern("Create a post with two tags", "POST /v1/posts", _write),
    Pattern("Read a post", "GET /v1/posts/{id}", _of_post(), _written),
    Pattern("… by its slug", "GET /v1/posts/slug/{slug}", lambda _, slug: Api().get(f"/v1/posts/slug/{slug}"), _slug),
    Pattern("List posts, newest first", "GET /v1/posts", _posts("")),
    Pattern("… by cursor", "GET /v1/posts", _posts(""), _next_posts),
    Pattern("… with a tag", "GET /v1/posts", _posts("tag=news")),
    Pattern(
        "… of an author", "GET /v1/users/{id}/posts", lambda world, _: Api().get(f"/v1/users/{world.somebody.id}/posts")
    ),
    Pattern("Update the title of a post", "PATCH /v1/posts/{id}", _of_post(title="Other words"), _written),
    Pattern("… its content", "PATCH /v1/posts/{id}", _of_post(content="Other words"), _written),
    Pattern("… its slug", "PATCH /v1/posts/{id}", _of_post(slug="other-words"), _written),
    Pattern("Unpublish a post", "POST /v1/posts/{id}/unpublish", _of_post("/unpublish"), _written),
    Pattern(
        "Delete a post", "DELETE /v1/posts/{id}", lambda world, post: world.admin.delete(f"/v1/posts/{post}"), _written
    ),
    Pattern("Search posts for a word of ten posts", "GET /v1/posts", _posts("search=heron"), _searched("heron")),
    Pattern("… for two words", "GET /v1/posts", _posts("search=pelican+words"), _searched("pelican")),
    Pattern("… by the beginning of a word", "GET /v1/posts", _posts("search=kingfi"), _searched("kingfisher")),
    Pattern(
        "Index a post of 100 words that others have too",
        "queue → consumers/index_posts",
        lambda _, post_id: _index(post_id),
        lambda _: _indexed(1, _text(INDEXED_WORDS)),
    ),
    Pattern(
        "… after a change of one word",
        "queue → consumers/index_posts",
        lambda _, post_id: _index(post_id, 2, "other"),
        _in_index,
    ),
    Pattern(
        "Remove a post from the index", "queue → consumers/index_posts", lambda _, post_id: remove(post_id), _in_index
    ),
    Pattern(
        "Add a post to the latest of its author",
        "queue → consumers/index_posts",
        lambda _, post: refresh(post["author_id"], [post["id"]]),
        lambda world: _write(world).data,
    ),
    Pattern("Your user and your latest posts", "POST /graphql", _graphql("{ me { name posts { title } } }")),
    Pattern(
        "Ten users with their latest posts", "POST /graphql", _graphql("{ users { name posts(limit: 5) { title } } }")
    ),
    Pattern(
        "Ten posts with their authors", "POST /graphql", _graphql("{ posts(limit: 10) { title author { name } } }")
    ),
    Pattern("Create a product", "POST /v1/products", _offer),
    Pattern("Read a product", "GET /v1/products/{id}", _of_product(), _offered),
    Pattern("List products, newest first", "GET /v1/products", _products("")),
    Pattern(
        "… by cursor",
        "GET /v1/products",
        _products(""),
        lambda _: str(Api().get("/v1/products?limit=10").json["meta"]["next_cursor"]),
    ),
    Pattern("… sorted by name", "GET /v1/products", _products("sort=name")),
    Pattern("… sorted by SKU", "GET /v1/products", _products("sort=-sku")),
    Pattern("Search products", "GET /v1/products", _products("search=mug")),
    Pattern("Update the price of a product", "PATCH /v1/products/{id}", _of_product(price={"amount": 1}), _offered),
    Pattern("… its name", "PATCH /v1/products/{id}", _of_product(name="Another name"), _offered),
    Pattern("Change the stock of a product", "POST /v1/products/{id}/stock", _restock, _offered),
    Pattern(
        "Delete a product",
        "DELETE /v1/products/{id}",
        lambda world, product: world.admin.delete(f"/v1/products/{product}"),
        _offered,
    ),
    Pattern("Place an order of one line", "POST /v1/orders", _order, _offered),
    Pattern(
        "Read an order", "GET /v1/orders/{id}", lambda world, order: world.viewer.get(f"/v1/orders/{order}"), _ordered
    ),
    Pattern(
        "… its history",
        "GET /v1/orders/{id}/history",
        lambda world, order: world.viewer.get(f"/v1/orders/{order}/history"),
        _ordered,
    ),
    Pattern(
        "Cancel an order",
        "POST /v1/orders/{id}/cancel",
        lambda world, order: world.viewer.post(f"/v1/orders/{order}/cancel"),
        _ordered,
    ),
    Pattern("List the orders of all customers", "GET /v1/orders", _orders(), _placed()),
    Pattern("… in a state", "GET /v1/orders", _orders("status=pending"), _placed()),
    Pattern(
        "List the orders of a user",
        "GET /v1/users/{id}/orders",
        lambda world, _: world.admin.get(f"/v1/users/{world.somebody.id}/orders?limit=10"),
        _placed(),
    ),
    Pattern(
        "List an order that was placed",
        "queue → consumers/project_orders",
        lambda _, order: project(order),
        _placed(projected=False),
    ),
    Pattern(
        "… that has changed", "queue → consumers/project_orders", lambda _, order: project(order), _placed(events=2)
    ),
    Pattern("… that has not changed", "queue → consumers/project_orders", lambda _, order: project(order), _placed()),
    Pattern("Create a report", "POST /v1/reports", _ask),
    Pattern("Read a job", "GET /v1/jobs/{id}", lambda world, job: world.admin.get(f"/v1/jobs/{job}"), _asked),
    Pattern(
        "Cancel a job",
        "POST /v1/jobs/{id}/cancel",
        lambda world, job: world.admin.post(f"/v1/jobs/{job}/cancel"),
        _asked,
    ),
    Pattern("Find overdue jobs", "schedules/sweep_jobs", lambda _, before: jobs.stale(before), lambda _: ids.ago(60)),
    Pattern("List activities", "GET /v1/users/{id}/activities", _get(f"{ACTIVITIES}&limit=20"), _recorded),
    Pattern("… filtered by type", "GET /v1/users/{id}/activities", _get(f"{ACTIVITIES}&type=session.*"), _recorded),
    Pattern("Record 25 activities", "queue → consumers/record_activities", _record, _lived),
    Pattern("Count a new user", "stream → consumers/count_users", _count),
    Pattern("List webhooks", "GET /v1/webhooks", lambda _, hooked: hooked.owner.get("/v1/webhooks?limit=20"), _hooked),
    Pattern("Read a webhook", "GET /v1/webhooks/{id}", _of_webhook(), _hooked),
    Pattern("Create a webhook", "POST /v1/webhooks", _hook, _signed_in),
    Pattern("List deliveries", "GET /v1/webhooks/{id}/deliveries", _of_webhook("/deliveries?limit=20"), _hooked),
    Pattern(
        "… filtered by status",
        "GET /v1/webhooks/{id}/deliveries",
        _of_webhook("/deliveries?limit=20&status=pending"),
        _hooked,
    ),
    Pattern(
        "Redeliver",
        "POST /v1/webhooks/{id}/deliveries/{id}/redeliver",
        _of_webhook("/deliveries/{delivery}/redeliver", "POST"),
        _delivered,
    ),
    Pattern("Dispatch an event without a subscriber", "queue → consumers/dispatch_webhooks", _dispatch, _told),
    Pattern(
        "… with one subscriber",
        "queue → consumers/dispatch_webhooks",
        _dispatch,
        _heard,
    ),
    Pattern(
        "Deliver at once",
        "queue → consumers/deliver_webhooks",
        _deliver,
        _hooked,
    ),
    Pattern(
        "… park, because the endpoint queue is full",
        "queue → consumers/deliver_webhooks",
        _deliver,
        _full,
    ),
    Pattern(
        "… and wake two parked deliveries",
        "queue → consumers/deliver_webhooks",
        _deliver,
        _crowded,
    ),
)
