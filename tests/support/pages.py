"""Pages of the docs whose commands and changes tests follow."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Block(NamedTuple):
    """A fenced block of a page.

    Attributes:
        language: the first word of its info string.
        path: the file that it is of; `""` for commands.
        text: what is in it.
    """

    language: str
    path: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    for found in re.finditer(
        r"^```(\w+) ?(\S*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        yield Block(*found.groups())


def apply(tree: Path, block: Block) -> None:
    """Change a file as a block says: `diff` changes what is there, anything else is the whole file."""
    path = tree / block.path
    if block.language != "diff":
        path.write_text(block.text, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    for hunk in block.text.removesuffix("\n").split("\n@@\n"):
        lines = hunk.split("\n")
        before = "\n".join(line[1:] for line in lines if line[:1] != "+")
        after = "\n".join(line[1:] for line in lines if line[:1] != "-")
        assert text.count(before) == 1, f"{block.path} has {text.count(before)} times:\n{before}"
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
