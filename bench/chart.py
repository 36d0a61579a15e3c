"""Bar and line charts as SVG, readable on light and dark pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log10

WIDTH = 760
LABELS = 210
VALUES = 130
BAR = 18
GAP = 8
HEAD = 42
NO_DECIMALS_FROM = 100
STYLE = (
    "<style>text{font:13px system-ui,sans-serif;fill:#444}.head{font-weight:600;font-size:15px}.own{fill:#0a7d5a}"
    ".other{fill:#9aa5b1}.spread{stroke:#333;stroke-width:1.5}.axis{stroke:#bbb}.line{fill:none;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#ccc}.spread{stroke:#ddd}.axis{stroke:#555}}</style>"
)
COLOURS = ("#0a7d5a", "#b4560f", "#3a5fcd", "#8b3fa0", "#777")


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        label: left of it.
        value: its length.
        low: start of the spread.
        high: end of the spread.
        own: whether it is ours.
    """

    label: str
    value: float
    low: float
    high: float
    own: bool = False


@dataclass(frozen=True)
class Line:
    """One line of points `(x, y)`."""

    label: str
    points: Sequence[tuple[float, float]]


def bars(title: str, unit: str, shown: Sequence[Bar]) -> str:
    """Draw bars with their spread, one below the other."""
    scale = (WIDTH - LABELS - VALUES) / max(bar.high for bar in shown)
    parts = [_text(0, 20, title, "head")]
    for number, bar in enumerate(shown):
        top, middle = HEAD + number * (BAR + GAP), HEAD + number * (BAR + GAP) + BAR / 2
        low, high = LABELS + bar.low * scale, LABELS + bar.high * scale
        kind = "own" if bar.own else "other"
        parts += [
            _text(LABELS - 8, middle + 4, bar.label, anchor="end"),
            f'<rect class="{kind}" x="{LABELS}" y="{top}" width="{bar.value * scale:.1f}" height="{BAR}" rx="2"/>',
            f'<path class="spread" d="M{low:.1f} {middle}H{high:.1f}"/>',
            _text(high + 8, middle + 4, f"{_figure(bar.value)} {unit}"),
        ]
    return _svg(HEAD + len(shown) * (BAR + GAP), parts)


def lines(title: str, x_name: str, y_name: str, shown: Sequence[Line], height: int = 320) -> str:
    """Draw lines over a logarithmic x axis and a y axis from 0, with a legend on the right."""
    xs = [x for line in shown for x, _ in line.points]
    top = max(y for line in shown for _, y in line.points) * 1.1 or 1.0
    left, right, bottom = 60, WIDTH - 250, height - 40
    first, last = log10(min(xs)), log10(max(xs))

    def place(x: float, y: float) -> str:
        across = (log10(x) - first) / ((last - first) or 1)
        return f"{left + across * (right - left):.1f} {bottom - y / top * (bottom - HEAD):.1f}"

    parts = [_text(0, 20, title, "head"), f'<path class="axis" d="M{left} {HEAD}V{bottom}H{right}" fill="none"/>']
    parts += [_text(left - 6, HEAD + 10, _figure(top), anchor="end"), _text(left - 6, bottom, "0", anchor="end")]
    parts += [_text(left, bottom + 34, f"{x_name} across, {y_name} upwards")]
    for x in sorted(set(xs)):
        parts.append(_text(float(place(x, 0).split()[0]), bottom + 16, f"{x:,.0f}", anchor="middle"))
    for number, line in enumerate(shown):
        colour = COLOURS[number % len(COLOURS)]
        path = "L".join(place(x, y) for x, y in line.points)
        parts.append(f'<path class="line" stroke="{colour}" d="M{path}"/>')
        parts.append(f'<rect x="{right + 24}" y="{HEAD + number * 22}" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(right + 42, HEAD + number * 22 + 11, line.label))
    return _svg(height, parts)


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    shape = f' class="{kind}"' if kind else ""
    return f'<text{shape} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(height: float, parts: Sequence[str]) -> str:
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 4:.0f}" width="{WIDTH}">'
    return "\n".join((opening, STYLE, *parts, "</svg>")) + "\n"


def _figure(value: float) -> str:
    """Return a number with three significant digits, or all digits before the decimal point."""
    return f"{value:,.0f}" if value >= NO_DECIMALS_FROM else f"{value:.3g}"
