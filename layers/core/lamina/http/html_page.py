"""HTML pages that contain all of their scripts and styles.

The content security policy (CSP level 3) lists each script by hash, so that no other script runs, and the page loads
nothing from other hosts. Styles are listed likewise, unless a page's scripts write styles of their own.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from lamina.http.conditional import entity_tag

HTML = "text/html; charset=utf-8"
MAX_AGE_SECONDS = 300
ANY_STYLE = ("'unsafe-inline'",)
"""For scripts that write styles. The rest of the policy keeps a style from loading anything from anywhere."""


def inlined(text: str) -> str:
    """Escape a script or style so that it cannot close the element that contains it."""
    return re.sub(r"</(?=script|style)", r"<\\/", text, flags=re.IGNORECASE)


def page(
    *, body: str, styles: Sequence[str], scripts: Sequence[str], attributes: str = "", title: str = "Lamina"
) -> str:
    """Return a page.

    Args:
        body: its elements, before the scripts run.
        styles: its styles, escaped by `inlined`.
        scripts: its scripts, escaped likewise, in the order in which they run.
        attributes: further attributes of the root element.
        title: its title.
    """
    return f"""<!doctype html>
<html lang="en"{attributes}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
{"".join(f"<style>{style}</style>" for style in styles)}
</head>
<body>
{body}
{"".join(f"<script>{script}</script>\n" for script in scripts)}</body>
</html>
"""


def headers(
    content: str, *, scripts: Sequence[str], styles: Sequence[str], connect: Sequence[str], further: str = ""
) -> dict[str, str | list[str]]:
    """Return the headers of a page: its policy, and how long it may be cached.

    Args:
        content: the page.
        scripts: the sources of its scripts, as `source` returns them.
        styles: the sources of its styles, or `ANY_STYLE`.
        connect: where its scripts may connect to, besides its own origin.
        further: further directives of the policy.
    """
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(scripts)}",
            f"style-src {' '.join(styles)}",
            "img-src data:",
            *filter(None, [further]),
            f"connect-src 'self' {' '.join(connect)}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
    return {
        "ETag": entity_tag(sha256((content + policy).encode()).hexdigest()[:32]),
        "Cache-Control": f"public, max-age={MAX_AGE_SECONDS}",
        "Content-Security-Policy": policy,
    }


def source(content: str) -> str:
    """Return the CSP source (a hash) for an inline script or style."""
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"
