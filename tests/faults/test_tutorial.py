"""The tutorial as it is written, in a copy of the tree: each command, each change, and the calls of a running stack."""

from pathlib import Path

import pytest

from tests.support.copies import copy_tree, run
from tests.support.pages import Block, apply, blocks
from tests.support.stack import free_port, start
from tests.support.templates import ROOT

pytestmark = pytest.mark.skipif((ROOT / "functions" / "books").exists(), reason="this tree has books already")

SERVE = "make run\n"


@pytest.mark.timeout(1800)
def test_the_page_can_be_followed_from_nothing_to_a_running_consumer(tmp_path: Path) -> None:
    tree = copy_tree(tmp_path / "tree")
    page = list(blocks(ROOT / "docs" / "tutorial.md"))
    serve = next(number for number, block in enumerate(page) if block.text == SERVE)
    for block in page[:serve]:
        if block.path:
            apply(tree, block)
        else:
            run(tree, "bash", "-euo", "pipefail", "-c", block.text)
    port = free_port()
    with start(port=port, root=tree) as stack:
        stack.wait_for("ready")
        printed = "".join(_paste(tree, block, port) for block in page[serve + 1 :] if block.language == "sh")
    (expected,) = (block.text for block in page[serve + 1 :] if block.language == "text")
    assert [line for line in expected.splitlines() if line not in printed] == []


def _paste(tree: Path, block: Block, port: int) -> str:
    commands = block.text.replace("127.0.0.1:3000", f"127.0.0.1:{port}")
    return run(tree, "bash", "-euo", "pipefail", "-c", commands, PORT=str(port))
