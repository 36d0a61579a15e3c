"""`make open`: a page of the running local stack in the browser: PAGE=console, docs, graphql, mail or example."""

import os
import sys
import webbrowser

from local.seed.connection import find
from local.terminal import Stopped, complain, say

PAGES = {
    "console": "/_local",
    "docs": "/docs",
    "graphql": "/graphql",
    "mail": "/_local/mail",
    "example": "/_local/example/",
}


def main() -> int:
    """Return the exit code: 0 if the address was printed, 1 if no stack runs or the page is unknown."""
    try:
        address = _address(os.environ.get("PAGE") or "console")
    except Stopped as error:
        complain(f"stopped: {error}")
        return 1
    say(address)
    webbrowser.open(address)
    return 0


def _address(page: str) -> str:
    if page not in PAGES:
        raise Stopped(f"unknown page {page!r}: {', '.join(PAGES)}")
    url, _ = find(os.environ.get("PORT") or None)
    return url + PAGES[page]


if __name__ == "__main__":
    sys.exit(main())
