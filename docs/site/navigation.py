"""The navigation of the site: sections, and the pages of `docs/` in them."""

from pathlib import PurePosixPath

type Sections = dict[str, list[str]]

SECTIONS: Sections = {
    "Start": ["index.md", "first-hour.md", "daily-loop.md"],
    "Tutorial": ["tutorial.md"],
    "How-to": ["how-to/"],
    "Concepts": [
        "architecture.md",
        "conventions.md",
        "life-of-an-event.md",
        "order-saga.md",
        "entities.md",
        "identity.md",
        "events.md",
        "consumers.md",
        "posts.md",
        "orders.md",
        "payments.md",
        "graphql.md",
        "realtime.md",
        "webhooks.md",
        "jobs.md",
        "caching.md",
    ],
    "Reference": [
        "permissions.md",
        "access-patterns.md",
        "events/README.md",
        "commands.md",
        "daily-loop.md",
        "settings.md",
        "schedules.md",
        "owasp.md",
        "performance/",
    ],
    "Operate": [
        "operations.md",
        "slo.md",
        "delivery.md",
        "flags.md",
        "runbooks/",
        "changing-data.md",
        "disaster.md",
        "cost.md",
        "aws-differences.md",
        "console.md",
    ],
    "Decisions": ["decisions/README.md", "decisions/"],
    "Glossary": ["glossary.md"],
    "Changelog": ["changelog.md"],
}
"""A name that ends with `/` is a folder with all its pages. A page that does not exist is left out."""
REST = "Concepts"
"""The section of pages that are in none."""


def arranged(pages: list[str]) -> Sections:
    """Return the sections with the pages that exist, each once; pages that no section names are in `REST`."""
    left = dict.fromkeys(sorted(pages, key=_order))
    found: Sections = {}
    for section, names in SECTIONS.items():
        for name in names:
            for page in [page for page in left if page == name or (name.endswith("/") and page.startswith(name))]:
                found.setdefault(section, []).append(page)
                del left[page]
    found.setdefault(REST, []).extend(left)
    return found


def _order(page: str) -> tuple[str, bool, str]:
    """Return the position of a page: the index of a folder is its first page."""
    path = PurePosixPath(page)
    return str(path.parent), path.name != "README.md", page
