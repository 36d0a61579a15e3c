"""A stack whose functions share a cache: a real server, processes of functions, and nothing stale between them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import redis

from tests.e2e.client import Client
from tests.local.test_run import wait_until
from tests.support.cache_server import PASSWORD, CacheServer, cache_server_in, needs_server
from tests.support.stack import ROOT, RunningStack, start

SEED_PASSWORD = "Seeded-for-tests-7"
pytestmark = [pytest.mark.xdist_group("faults"), needs_server]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CacheServer]:
    with cache_server_in(tmp_path_factory.mktemp("cache"), "--requirepass", PASSWORD) as running:
        yield running


@pytest.fixture(scope="module")
def stack(server: CacheServer) -> Iterator[RunningStack]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CACHE_URL", server.url)
        with start() as running:
            running.wait_for("ready", seconds=500)
            yield running


@pytest.fixture(scope="module")
def editor(stack: RunningStack) -> Client:
    environment = {**os.environ, "PORT": str(stack.port), "SEED_PASSWORD": SEED_PASSWORD}
    seeding = [sys.executable, "-m", "local.seed"]
    subprocess.run(seeding, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=300)
    return Client(stack.port, set()).signed_in("editor@lamina.test", SEED_PASSWORD)


def test_functions_share_a_cache_that_is_never_stale_and_may_die(
    stack: RunningStack, server: CacheServer, editor: Client
) -> None:
    anyone = Client(stack.port, set())
    post = editor.post("/v1/posts", {"title": "Shared", "content": "one", "published": True}).data
    by_id, by_slug = f"/v1/posts/{post['id']}", f"/v1/posts/slug/{post['slug']}"
    assert {key.split(b":")[3] for key in stored(server)} >= {b"post_content", b"post_author"}, "written through"

    for number, change in enumerate([{"content": "two"}, {"title": "Renamed"}, {"tags": ["new"]}]):
        changed = editor.patch(by_id, change).data
        assert changed["version"] == number + 2
        for path in (by_id, by_slug):
            assert anyone.get(path).data == editor.get(path).data == changed

    editor.patch(by_id, {"visibility": "private", "content": "secret"})
    for path in (by_id, by_slug):
        assert (anyone.get(path).status, editor.get(path).data["content"]) == (404, "secret")
    assert b"secret" not in b"".join(stored(server).values())
    editor.patch(by_id, {"visibility": "public"})
    assert anyone.get(by_id).data["content"] == "secret"

    for fail in (server.kill, server.hang):
        fail()
        for _ in range(8):
            assert [anyone.get(path).status for path in (by_id, by_slug, "/v1/products")] == [200] * 3
        assert editor.patch(by_id, {"content": f"after {fail.__name__}"}).status == 200
        assert anyone.get(by_slug).data["content"] == f"after {fail.__name__}"
        if fail == server.kill:
            server.start()
    server.go_on()
    assert anyone.get(by_slug).data["content"] == "after hang"


def test_new_products_are_listed_at_once_to_writers_and_soon_to_customers(stack: RunningStack, editor: Client) -> None:
    anyone = Client(stack.port, set())
    anyone.get("/v1/products?limit=5")
    product = {"sku": "CACHED-1", "name": "Cached", "price": {"amount": 100, "currency": "EUR"}, "stock": 1}
    created = editor.post("/v1/products", product).data
    listed = ids_in("/v1/products?limit=5")
    wait_until(lambda: created["id"] in listed(editor), "the writer sees it", 5)
    wait_until(lambda: created["id"] in listed(anyone), "customers see it", 20)
    editor.patch(f"/v1/products/{created['id']}", {"active": False})
    assert created["id"] not in listed(anyone), "what is not for sale is not shown from a cached page either"


def test_the_cache_is_measured(stack: RunningStack) -> None:
    anyone = Client(stack.port, set())

    def hits() -> bool:
        anyone.get("/v1/products?limit=5")
        return b"lamina_cache_hits_total" in anyone.get("/_local/metrics").body

    wait_until(hits, "hits in the metrics", 30)


def ids_in(path: str) -> Callable[[Client], set[str]]:
    return lambda client: {each["id"] for each in client.get(path).data}


def stored(server: CacheServer) -> dict[bytes, bytes]:
    with redis.Redis(port=server.port, password=PASSWORD) as admin:
        return {key: admin.get(key) or b"" for key in admin.keys("*:v:*")}
