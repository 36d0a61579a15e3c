"""The benchmark page: targets, tables, and how to read them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.build.contenders import OURS
from bench.chart import Bar, bars
from bench.requests import Work
from bench.targets import MB, TARGETS, Target

UNITS = {"reads": "R", "writes": "W"}
GRAPHQL = Work.GRAPHQL.value
PICTURES = (
    ("cold", "GET /v1/users/{id}: cold start to first answer", 1000, "ms"),
    ("cpu", "GET /v1/users/{id}: CPU of a warm call", 1000, "ms"),
    ("memory", "Memory after 1,000 GETs", 1 / MB, "MB"),
)
"""Figure, title, factor and unit of each picture."""

PAGE = Path(__file__).parent / "pages" / "performance.md"


def show(data: Mapping[str, Any]) -> None:
    """Print the tables."""
    print("\n".join([target_table(data), *(request_table(data, work) for work in Work)]))


def write(data: Mapping[str, Any], folder: Path) -> None:
    """Write the page and its pictures."""
    (folder / "README.md").write_text(render(data), encoding="utf-8")
    for figure, title, factor, unit in PICTURES:
        (folder / f"{figure}.svg").write_text(_picture(data, figure, title, factor, unit), encoding="utf-8")


def render(data: Mapping[str, Any]) -> str:
    """Write the page."""
    machine = data["machine"]
    return PAGE.read_text(encoding="utf-8").format(
        measured=data["measured"],
        cores=machine["cores"],
        processor=machine["processor"],
        kernel=machine["kernel"],
        load=machine["load before"],
        cold=data["plan"]["cold"],
        warm=data["plan"]["warm"],
        targets=target_table(data),
        get=request_table(data, "GET"),
        post=request_table(data, "POST"),
        graphql=_graphql(data),
        sizes=size_table(data),
    )


def _graphql(data: Mapping[str, Any]) -> str:
    """Return the section of GraphQL; nothing for results of before it was measured."""
    if GRAPHQL not in data["contenders"][0]["requests"]:
        return ""
    return f"## POST /graphql\n\nThe same user as of the GET, by a query.\n\n{request_table(data, GRAPHQL)}\n"


def target_table(data: Mapping[str, Any]) -> str:
    """Return the table of targets, and whether each was met."""
    found = {contender["name"]: contender for contender in data["contenders"]}
    known = [target for target in TARGETS if target.against in ("", *found)]
    return table(("figure", "at most", "measured", ""), (_target(target, found) for target in known))


def _target(target: Target, found: Mapping[str, Any]) -> Sequence[str]:
    measured = target.measured(found)
    digits = 2 if target.unit == "×" else 1
    verdict = "met" if measured <= target.at_most else "**missed**"
    return target.name, f"{target.at_most:g} {target.unit}", f"{measured:.{digits}f} {target.unit}", verdict


def request_table(data: Mapping[str, Any], request: str) -> str:
    """Return the table of a request: its figures by contender."""
    against = "× GET" if request == GRAPHQL else "× bare"
    head = ("", "cold", against, "init", "warm p50", "p95", "p99", "CPU a call", against, "memory", "table")
    served = (contender for contender in data["contenders"] if request in contender["requests"])
    return table(head, (_row(contender, request) for contender in served))


def size_table(data: Mapping[str, Any]) -> str:
    """Return the table of package sizes."""
    rows = (
        (each["title"], *(f"{each['sizes'][n] / MB:.1f} MB" for n in ("zipped", "unzipped"))) for each in _all(data)
    )
    return table(("", "zipped", "unzipped"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], texts: Collection[int] = (0,)) -> str:
    """Return a Markdown table; columns of numbers are aligned to the right."""
    lines = [head, ["---" if column in texts else "---:" for column in range(len(head))], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _all(data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    contenders: Sequence[Mapping[str, Any]] = data["contenders"]
    return contenders


def _row(contender: Mapping[str, Any], request: str) -> Sequence[str]:
    figures = contender["requests"][request]
    memory = f"{figures['memory']['value'] / MB:.1f} MB" if "memory" in figures else "–"
    used = figures["table"]
    units = " + ".join(f"{used[name]:g} {unit}" for name, unit in UNITS.items() if used[name])
    return (
        contender["title"],
        _spread(figures["cold"], 0),
        f"{figures['ratios']['cold']['value']:.2f}",
        _spread(figures["init"], 0),
        _spread(figures["warm"], 2),
        f"{figures['warm_p95'] * 1000:.2f} ms",
        f"{figures['warm_p99'] * 1000:.2f} ms",
        _spread(figures["cpu"], 2),
        f"{figures['ratios']['cpu']['value']:.2f}",
        memory,
        units,
    )


def _spread(figure: Mapping[str, float], digits: int) -> str:
    """Return seconds as milliseconds, with half of their 95 % interval."""
    half = (figure["high"] - figure["low"]) / 2 * 1000
    return f"{figure['value'] * 1000:.{digits}f} ± {half:.{digits}f} ms"


def _picture(data: Mapping[str, Any], figure: str, title: str, factor: float, unit: str) -> str:
    found = [(each, each["requests"]["GET"][figure]) for each in _all(data)]
    shown = [
        Bar(each["title"], value["value"] * factor, value["low"] * factor, value["high"] * factor, each["name"] == OURS)
        for each, value in found
    ]
    return bars(title, unit, shown)
