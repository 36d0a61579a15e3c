"""The pages of the site: those of `docs/`, with links that lead somewhere on it."""

import posixpath
import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from docs.build import ROOT

SOURCE = ROOT / "docs"
NOT_PAGES = {"build", "site"}
"""Folders of `docs/` with programs."""
COPIED = {".svg", ".png", ".json", ".css"}
FURTHER = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "security.md"}
"""Pages of the root of the repository, and their names on the site."""
ELSEWHERE = {"README.md": "index.md", **FURTHER}
_LINK = re.compile(r"(?<!!)\[((?:[^\]\[]|\[[^\]]*\])+)\]\(([^)\s]+)\)")
_FENCE = re.compile(r"(^ *```.*?^ *```)", re.MULTILINE | re.DOTALL)


def write(folder: Path) -> list[str]:
    """Write the pages and what they show into an empty folder, and return their names."""
    written = []
    for path, name in _sources():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            target.write_text(linked(path.read_text(encoding="utf-8"), path), encoding="utf-8")
            written.append(name)
        else:
            shutil.copy(path, target)
    return written


def _sources() -> Iterator[tuple[Path, str]]:
    for path in sorted(SOURCE.rglob("*")):
        name = path.relative_to(SOURCE)
        if path.is_file() and name.parts[0] not in NOT_PAGES and path.suffix in {".md", *COPIED}:
            yield path, name.as_posix()
    for further, target in FURTHER.items():
        if (ROOT / further).exists():
            yield ROOT / further, target


def linked(text: str, path: Path) -> str:
    """Return a page with links to pages of the site; the site has no other files of the repository.

    Args:
        text: the page.
        path: its file.
    """
    at = PurePosixPath(path.relative_to(ROOT).as_posix()).parent

    def replaced(found: re.Match[str]) -> str:
        label, address = found[1], found[2]
        target, separator, anchor = address.partition("#")
        if "://" in address or not target:
            return found[0]
        known = on_site(posixpath.normpath(str(at / target)))
        if not known:
            return label
        start = str(at.relative_to("docs")) if at.parts[:1] == ("docs",) else "."
        return f"[{label}]({posixpath.relpath(known, start)}{separator}{anchor})"

    # Code is shown as it is.
    parts = _FENCE.split(text)
    return "".join(part if index % 2 else _LINK.sub(replaced, part) for index, part in enumerate(parts))


def on_site(name: str) -> str | None:
    """Return the name that a file of the repository has on the site, or None if it is not there."""
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    inside = PurePosixPath(name)
    if inside.parts[:1] != ("docs",) or inside.parts[1:2] in [(folder,) for folder in NOT_PAGES]:
        return None
    if (ROOT / name).is_dir():
        index = ROOT / name / "README.md"
        return str(inside.relative_to("docs") / "README.md") if index.exists() else None
    return str(inside.relative_to("docs")) if inside.suffix in {".md", *COPIED} else None
