"""The tutorial in a copy of the tree, without its local stack: the skeleton, then each change, pass the checks.

`tests/faults/test_tutorial.py` follows the whole page, with its own commands.
"""

from pathlib import Path

import pytest

from tests.support.copies import copy_tree, run
from tests.support.pages import apply, blocks
from tests.support.templates import ROOT

pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("tutorial"),
    pytest.mark.skipif((ROOT / "functions" / "books").exists(), reason="this tree has books already"),
]

PAGE = ROOT / "docs" / "tutorial.md"
MOST_TOUCHED = 12
"""Files that whoever follows the page changes by hand."""
CHECKS = ("ruff format --check .", "ruff check .", "mypy", "lint-imports --no-logo", "cfn-lint")
WHOLE = (
    "tests/unit/books",
    "tests/unit/identity/test_policy.py",
    "tests/unit/retention/test_purge_users.py",
    "tests/unit/test_docs.py",
    "tests/unit/test_generated.py",
    "tests/unit/test_openapi.py",
    "tests/unit/test_registrations.py",
    "tests/unit/test_structure.py",
    "tests/unit/test_templates.py",
)
"""The tests of the resource, and those of the whole that it can break by what it lacks."""
EACH = ("tests/unit/test_handlers.py", "tests/unit/test_roles.py")
"""Those that take each function by its name."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with the skeleton of books."""
    copy = copy_tree(tmp_path_factory.mktemp("tutorial"))
    run(copy, "python", "-m", "scaffold", "book")
    return copy


def passes(tree: Path) -> None:
    for command in CHECKS:
        run(tree, *command.split(), PYTHONPATH="layers/core")
    run(tree, "python", "-m", "pytest", "-q", *WHOLE)
    run(tree, "python", "-m", "pytest", "-q", *EACH, "-k", "books")


def test_the_skeleton_passes_and_so_does_what_the_page_makes_of_it(tree: Path) -> None:
    passes(tree)
    changes = [block for block in blocks(PAGE) if block.path]
    for block in changes:
        apply(tree, block)
    run(tree, "python", "-m", "docs.build", "openapi", "permissions", "events", "cost")
    passes(tree)
    assert len({block.path for block in changes}) <= MOST_TOUCHED
