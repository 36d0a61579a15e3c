"""Unmodified clients on the running stack: a typed client that is generated from the schema, and the query page."""

import subprocess
import sys
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import SEED_PASSWORD, wait_until
from tests.local.browser import CHROMIUM, showing

pytestmark = pytest.mark.xdist_group("stack")
SECONDS = 120
CONFIGURATION = """
[tool.ariadne-codegen]
remote_schema_url = "{url}/graphql"
remote_schema_headers = {{Authorization = "$TOKEN"}}
queries_path = "queries.graphql"
target_package_name = "typed"
async_client = false
[tool.ariadne-codegen.scalars.DateTime]
type = "str"
[tool.ariadne-codegen.scalars.JSON]
type = "dict"
"""
QUERIES = """
query Me { me { email role metadata posts(limit: 5) { title } } }
query Page($first: Int, $after: String) {
  postsPage(first: $first, after: $after) { nodes { title publishedAt visibility author { name } } nextCursor hasMore }
}
mutation Create($input: CreatePostInput!) { createPost(input: $input) { id slug published } }
mutation Delete($id: ID!) { deletePost(id: $id) }
"""
PROGRAM = """
import os, sys
from typed.client import Client
from typed.input_types import CreatePostInput
with Client(url=sys.argv[1], headers={"Authorization": os.environ["TOKEN"]}) as client:
    post = client.create(CreatePostInput(title="Typed", content="Words", tags=["typed"])).create_post
    assert post and not post.published
    assert client.delete(post.id).delete_post
    page = client.page(first=1).posts_page
    assert len(page.nodes) == 1 and page.nodes[0].author.name and page.has_more
    assert client.page(first=1, after=page.next_cursor).posts_page.nodes != page.nodes
    print(client.me().me.email)
"""


def url_of(client: Client) -> str:
    return f"http://127.0.0.1:{client.port}"


def test_a_typed_client_is_generated_from_the_schema_without_a_warning(
    anyone: Client, seeded: str, tmp_path: Path
) -> None:
    assert seeded
    editor = anyone.signed_in("editor@lamina.test", SEED_PASSWORD)
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION.format(url=url_of(anyone)))
    (tmp_path / "queries.graphql").write_text(QUERIES)

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            cwd=tmp_path,
            env={"TOKEN": f"Bearer {editor.token}", "PYTHONPATH": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    assert "warning" not in run("-m", "ariadne_codegen").lower()
    assert run("-c", PROGRAM, f"{url_of(anyone)}/graphql").strip() == "editor@lamina.test"


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_the_page_signs_in_reads_the_schema_and_executes_a_query(anyone: Client, seeded: str, tmp_path: Path) -> None:
    assert seeded
    url = f"{url_of(anyone)}/graphql"
    if anyone.get("/graphql", headers={"Accept": "text/html"}).status == HTTPStatus.NOT_FOUND:
        pytest.skip("npm could not install GraphiQL")
    with showing(url, tmp_path) as browser:
        page = browser.opened(url)

        def has(text: str, within: str) -> bool:
            return text in browser.run(page, f"document.querySelector({within!r})?.innerText || ''")

        wait_until(
            lambda: has("postsPage", ".graphiql-query-editor") or has("posts", ".graphiql-query-editor"), "a query"
        )
        browser.run(page, "document.querySelector('.graphiql-execute-button').click()")
        wait_until(lambda: has('"author"', ".result-window"), "a result of nobody")
        fill = f"email.value = 'editor@lamina.test'; password.value = {SEED_PASSWORD!r}"
        browser.run(page, f"{fill}; document.querySelector('#in button').click()")
        wait_until(lambda: has("editor", "#who"), "somebody is signed in")
        browser.run(page, """document.querySelector('[aria-label="Show Documentation Explorer"]').click()""")
        wait_until(lambda: has("Mutation", ".graphiql-plugin"), "the schema")
