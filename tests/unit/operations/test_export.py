"""`make export`: each object of a subject once, as the API shows it, and nothing secret."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from lamina.posts.model import NewPost
from lamina.posts.service import create as create_post
from lamina.users.schemas import UserView
from operations import export
from tests.support.callers import acting
from tests.unit.operations.test_restore import CONTEXT, Shop

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def shop() -> Shop:
    return Shop()


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    export.add_options(parser)
    return parser.parse_args(arguments)


def exported(subject: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    export.export(options(subject))
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert err == f"{len(lines):,} {subject} exported\n"
    return lines


def test_users_are_exported_with_what_an_administrator_sees(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    found = exported("users", capsys)
    assert [user["username"] for user in found] == ["editor", "ann", "customer", "bob", "zoe"]
    assert [user["deleted_at"] is None for user in found] == [True, True, True, False, False]
    assert all(user.keys() == UserView.model_fields.keys() for user in found)
    assert found[1]["email"] == "anna@example.com"
    assert found[0]["id"] == shop.editor.id


def test_products_and_orders_are_exported(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (product,) = exported("products", capsys)
    assert (product["id"], product["sku"], product["stock"]) == (shop.mug.id, "MUG", 6)
    orders = {order["id"]: order["status"] for order in exported("orders", capsys)}
    assert orders == {
        shop.sold.id: "confirmed",
        shop.reserved.id: "reserved",
        shop.pending.id: "pending",
        shop.cancelled.id: "cancelled",
    }


def test_posts_are_exported_with_their_source(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    new = NewPost(author_id=shop.editor.id, title="A draft", content="*Words*", tags=("news",))
    create_post(new, CONTEXT, by=acting(shop.editor))
    (post,) = exported("posts", capsys)
    assert (post["title"], post["content"], post["published"], post["tags"]) == ("A draft", "*Words*", False, ["news"])


def test_a_file_is_only_readable_by_its_owner_and_never_replaced(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "users.ndjson"
    export.export(options("users", "--out", str(path)))
    assert len(path.read_text(encoding="utf-8").splitlines()) == 5
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SystemExit, match="exists already"):
        export.export(options("products", "--out", str(path)))
    assert shop.editor.id in path.read_text(encoding="utf-8")


def test_another_subject_is_refused() -> None:
    for subject in ("", "credentials"):
        with pytest.raises(SystemExit, match="SUBJECT is missing: make export SUBJECT=…, one of users, posts"):
            export.check(options(subject))
