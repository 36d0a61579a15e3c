"""The cost page: measurements of each endpoint, at the prices of one day."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import ROOT
from bench.cost import idle, usage
from bench.cost.duration import OTHER_MS, WAITS_MS, milliseconds
from bench.page import table

FILE = ROOT / "docs" / "cost.json"
TARGET = ROOT / "docs" / "cost.md"
README = ROOT / "README.md"
PRICES = ROOT / "docs" / "prices.json"
PAGE = Path(__file__).parents[1] / "pages" / "cost.md"

PURPOSES = {"Lambda": "lambda", "table": "table", "KMS": "keys", "API Gateway": "gateway"}
"""Columns of the table of endpoints, and the cost in each."""


def costs(figure: Mapping[str, Any], prices: Mapping[str, Any], overhead_ms: float) -> dict[str, float]:
    """Return the dollars per million calls, by purpose."""
    lambda_, dynamodb = prices["lambda_arm64"], prices["dynamodb_on_demand"]
    seconds = milliseconds(figure, overhead_ms) / 1000 * idle.MILLION
    calls = figure["calls"]
    signed = sum(calls.get(operation, 0) for operation in usage.ECC)
    decrypts = sum(number for call, number in calls.items() if call.startswith("kms:")) - signed
    return {
        "lambda": lambda_["million_requests"] + seconds * figure["memory"] / 1024 * lambda_["gb_second"],
        "table": figure["reads"] * dynamodb["million_read_request_units"]
        + figure["writes"] * dynamodb["million_write_request_units"],
        "keys": signed * prices["kms"]["million_ecc_requests"] + decrypts * prices["kms"]["million_requests"],
        "gateway": prices["api_gateway_rest"]["million_requests"] * bool(figure["routes"]),
    }


def files() -> dict[Path, str]:
    """Return the page, from the last measurement and the current templates, and the README with its total."""
    data, prices = (json.loads(source.read_text(encoding="utf-8")) for source in (FILE, PRICES))
    month = sum(line.dollars for line in idle.lines(data["schedules"], prices, data["overhead_ms"]))
    readme = re.sub(r"About \$\d+ a month", f"About ${month:.0f} a month", README.read_text(encoding="utf-8"))
    return {TARGET: render(data, prices), README: readme}


def render(data: Mapping[str, Any], prices: Mapping[str, Any]) -> str:
    """Return the page, from measurements and prices."""
    endpoints, overhead = data["endpoints"], data["overhead_ms"]
    head = ("endpoint", "memory", "duration", "table units", *(f"{name}, $" for name in PURPOSES), "sum, $")
    rows = [
        _row(place, figure, prices, overhead)
        for place, figure in sorted(endpoints.items(), key=lambda each: each[1]["routes"] or [""])
        if place != usage.AUTHORIZER
    ]
    checked = endpoints[usage.AUTHORIZER]
    month = idle.lines(data["schedules"], prices, overhead)
    return PAGE.read_text(encoding="utf-8").format(
        measured=data["measured"],
        checked=prices["checked"],
        region=prices["region"],
        overhead=overhead,
        dynamodb=WAITS_MS["dynamodb"],
        kms=WAITS_MS["kms"],
        other=OTHER_MS,
        authorizer=f"${sum(costs(checked, prices, overhead).values()):.2f}",
        authorizer_ms=milliseconds(checked, overhead),
        table=table(head, rows),
        idle=table(
            ("what", "number", "dollars a month"),
            [[each.what, f"{each.number}", f"{each.dollars:.2f}"] for each in month],
        ),
        idle_total=f"${sum(each.dollars for each in month):.2f}",
        usage=_usage(data, prices),
        calls=f"{sum(number for number, _ in usage.USAGE.values()):g}",
        months=_months(data, prices),
        metrics=len(usage.metrics(data)),
        filters=idle.metric_filters(),
        access_log=usage.access_log_bytes(),
        log_months=usage.LOG_MONTHS,
        requests=usage.SQS_REQUESTS,
        sampled=usage.SAMPLED,
        pollers=idle.POLLERS,
        run_log=idle.RUN_LOG_BYTES,
    )


def _usage(data: Mapping[str, Any], prices: Mapping[str, Any]) -> str:
    """Return the table of what a user does in a month, with what a million of each call costs."""
    head = ("call", "times a month", "meaning", "events", "messages", "a million calls and all they cause, $")
    rows = []
    for place, (number, meaning) in usage.USAGE.items():
        endpoint, caused = data["endpoints"][place], data["causes"][place]
        dollars = sum(usage.of_call(place, data, prices).values()) * idle.MILLION
        counted = (f"{caused[name]}" for name in ("events", "messages"))
        rows.append([endpoint["routes"][0], f"{number:g}", meaning, *counted, f"{dollars:.2f}"])
    return table(head, rows, texts=(0, 2))


def _months(data: Mapping[str, Any], prices: Mapping[str, Any]) -> str:
    """Return the table of months by the number of users."""
    months = [usage.month(users, data, prices) for users in usage.USERS]
    rows = [[purpose, *(f"{month[purpose]:,.2f}" for month in months)] for purpose in months[-1]]
    totals = [sum(month.values()) for month in months]
    each = ("–" if not users else f"{total / users:.4f}" for users, total in zip(usage.USERS, totals, strict=True))
    rows += [["**sum**", *(f"**{total:,.2f}**" for total in totals)], ["per user", *each]]
    return table(("dollars a month", *(f"{users:,} users" for users in usage.USERS)), rows)


def _row(place: str, figure: Mapping[str, Any], prices: Mapping[str, Any], overhead: float) -> list[str]:
    dollars = costs(figure, prices, overhead)
    amounts = ((figure["reads"], "R"), (figure["writes"], "W"))
    return [
        ", ".join(figure["routes"]) or place,
        f"{figure['memory']} MB",
        f"{milliseconds(figure, overhead):.0f} ms",
        " + ".join(f"{amount:g} {unit}" for amount, unit in amounts if amount) or "–",
        *(f"{dollars[name]:.2f}" for name in PURPOSES.values()),
        f"**{sum(dollars.values()):.2f}**",
    ]
