"""`python -m docs.site`: build the documentation site into `site/`, and fail if a link leads nowhere."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from docs.build import ROOT, generator
from docs.site import pages
from docs.site.navigation import Sections, arranged
from setup.tools import installed

TARGET = ROOT / "site"
MERMAID = ROOT / "clients" / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"
"""Draws diagrams. Without npm, they are shown as text."""


GENERATED = ("entities", "reference")
"""Pages that change with the code, and are generated again for the site."""


def main() -> int:
    """Build the site, and return the exit code of the generator."""
    program = installed("site") / "zensical"
    with tempfile.TemporaryDirectory(prefix="lamina-site-") as scratch:
        project = Path(scratch)
        written = pages.write(project / "docs")
        for path, text in (file for name in GENERATED for file in generator(name).files().items()):
            (project / "docs" / path.name).write_text(pages.linked(text, path), encoding="utf-8")
        if MERMAID.exists():
            shutil.copy(MERMAID, project / "docs" / "mermaid.js")
        (project / "zensical.toml").write_text(configuration(arranged(written)), encoding="utf-8")
        built = subprocess.run([program, "build", "--strict"], cwd=project, check=False)
        if built.returncode == 0:
            shutil.rmtree(TARGET, ignore_errors=True)
            shutil.copytree(project / "out", TARGET)
            print(f"site: {len(written)} pages in {TARGET.relative_to(ROOT)}/")
    return built.returncode


def configuration(sections: Sections) -> str:
    """Return the settings of the generator: TOML, whose strings and lists are those of JSON."""
    navigation = ", ".join(
        f"{{{json.dumps(name)} = {json.dumps(found[0] if len(found) == 1 else found)}}}"
        for name, found in sections.items()
    )
    scripts = ["mermaid.js"] if MERMAID.exists() else []
    return f"""\
[project]
site_name = "Lamina"
site_description = "A serverless backend for Python teams"
docs_dir = "docs"
site_dir = "out"
use_directory_urls = false
nav = [{navigation}]
extra_javascript = {json.dumps(scripts)}

[project.theme]
font = false
features = ["navigation.tabs", "navigation.indexes", "navigation.top", "navigation.footer", "content.code.copy",
  "search.highlight", "toc.follow"]

[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"
toggle.icon = "lucide/sun"
toggle.name = "Dark colours"

[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"
toggle.icon = "lucide/moon"
toggle.name = "Light colours"
"""


if __name__ == "__main__":
    sys.exit(main())
