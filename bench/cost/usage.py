"""A month of a named usage: what its users do, and what that costs, from measurements and prices.

Nothing here is estimated but the usage itself: a call and everything that it causes were measured, and have a price.
"""

import re
from collections.abc import Mapping
from typing import Any

from bench import ROOT
from bench.cost.duration import milliseconds
from bench.cost.idle import GIGABYTE, MILLION, MONTH_SECONDS, lines, metric_filters
from tests.support.templates import evaluated, template

USAGE = {
    "auth/register": (0.1, "a tenth of the users are new"),
    "auth/verify_email": (0.1, "all of them verify their address"),
    "auth/login": (4, "a sign-in with the password every week"),
    "auth/refresh": (36, "40 visits of 15 minutes: every one that does not begin with a sign-in takes new tokens"),
    "users/get_me": (40, "one per visit"),
    "posts/list": (40, "one page of twenty per visit"),
    "posts/get_by_slug": (80, "two posts per visit"),
    "products/list": (20, "one page of twenty in every second visit"),
    "products/get": (20, "one product in every second visit"),
    "users/update_me": (0.2, "a change of the name by one in five"),
    "posts/create": (0.1, "one in ten publishes a post"),
    "orders/create": (1, "one order, which is confirmed"),
    "orders/get": (4, "its page, four times"),
    "users/list_orders": (1, "the list of one's orders"),
    "auth/forgot_password": (0.05, "one in twenty has forgotten the password"),
    "auth/reset_password": (0.05, "and sets a new one"),
}
"""Calls of a user in a month, by place, and why."""
IDLE = "idle: alarms, dashboard, polling of queues, schedules, keys, secrets"
USERS = (0, 10_000, 1_000_000)
AUTHORIZER = "gateway/authorizer"
SAMPLED = 0.05
"""Share of requests beyond the first one of each second that X-Ray records (X-Ray's default sampling rule)."""
SQS_REQUESTS = 3
"""Requests of a message: it is sent, received and deleted."""
LOG_MONTHS = 3
"""The default of `LogDays`, in months."""
ECC = ("kms:Sign", "kms:Verify")
SUMS = ("reads", "writes", "stored", "logged")

type Data = Mapping[str, Any]


def month(users: int, data: Data, prices: Data) -> dict[str, float]:
    """Return the dollars of a month, by purpose.

    Args:
        users: their number.
        data: the measurements.
        prices: of one day.
    """
    each = of_user(data, prices)
    calls = users * sum(number for number, _ in USAGE.values())
    watched = prices["cloudwatch"]["custom_metric_month"] * (len(metrics(data)) + metric_filters())
    return {
        **{purpose: users * dollars for purpose, dollars in each.items()},
        "X-Ray traces": traces(calls) / MILLION * prices["xray"]["million_traces"],
        "CloudWatch metrics": watched if users else 0.0,
        IDLE: sum(line.dollars for line in lines(data["schedules"], prices, data["overhead_ms"])),
    }


def of_user(data: Data, prices: Data) -> dict[str, float]:
    """Return the dollars of a user in a month, by purpose, for what is billed by use."""
    found: dict[str, float] = {}
    for place, (number, _) in USAGE.items():
        for purpose, dollars in of_call(place, data, prices).items():
            found[purpose] = found.get(purpose, 0.0) + number * dollars
    return found


def of_call(place: str, data: Data, prices: Data) -> dict[str, float]:
    """Return the dollars of one call and of everything that it causes, by purpose."""
    endpoint, caused = data["endpoints"][place], data["causes"][place]
    figures = [endpoint, *caused["functions"].values()]
    figures += [data["endpoints"][AUTHORIZER]] if endpoint["authorized"] else []
    table, logs = prices["dynamodb_on_demand"], prices["cloudwatch"]
    reads, writes, stored, logged = (sum(each[name] for each in figures) for name in SUMS)
    signed, encrypted = _key_calls(figures)
    mails = sum(_calls(figures, "sesv2:SendEmail").values())
    by_the_million = {
        "API Gateway": prices["api_gateway_rest"]["million_requests"],
        "DynamoDB requests": reads * table["million_read_request_units"]
        + writes * table["million_write_request_units"],
        "KMS": signed * prices["kms"]["million_ecc_requests"] + encrypted * prices["kms"]["million_requests"],
        "EventBridge": caused["events"] * prices["eventbridge"]["million_events"],
        "SQS": caused["messages"] * SQS_REQUESTS * prices["sqs"]["million_requests"],
        "Step Functions": caused["transitions"] * prices["step_functions"]["million_transitions"],
        "SES": mails * prices["ses"]["million_mails"],
    }
    by_the_gigabyte = {
        "DynamoDB storage, after a year": stored * (table["gigabyte_month"] + table["gigabyte_month_of_recovery"]),
        "CloudWatch Logs": (logged + access_log_bytes())
        * (logs["gigabyte_of_logs"] + LOG_MONTHS * logs["gigabyte_month_of_stored_logs"]),
        "Data transfer": endpoint["answered"] * prices["data_transfer"]["gigabyte_out"],
    }
    return {
        "Lambda": sum(_lambda(each, prices, data["overhead_ms"]) for each in figures),
        **{purpose: dollars / MILLION for purpose, dollars in by_the_million.items()},
        **{purpose: dollars / GIGABYTE for purpose, dollars in by_the_gigabyte.items()},
    }


def metrics(data: Data) -> set[str]:
    """Return the metrics in log lines of all functions of the usage; each is billed once, not for each line."""
    figures = [data["endpoints"][place] for place in (*USAGE, AUTHORIZER)]
    figures += [each for place in USAGE for each in data["causes"][place]["functions"].values()]
    return {metric for figure in figures for metric in figure["metrics"]}


def traces(calls: float) -> float:
    """Return how many of a month's calls X-Ray records: one a second, and a share of the rest.

    Calls are taken to be spread evenly; at peaks, fewer are recorded.
    """
    return min(calls, MONTH_SECONDS) + SAMPLED * max(0.0, calls - MONTH_SECONDS)


def access_log_bytes() -> int:
    """Return the bytes of a line of the access log: those of its format, whose names are longer than most values."""
    api = template(ROOT / "template.yaml")["Resources"]["Api"]["Properties"]
    written: str = evaluated(api["AccessLogSetting"], ROOT / "template.yaml", {"OnAws": "true"})["Format"]
    return len(re.sub(r"\s+", " ", written).encode())


def _lambda(figure: Data, prices: Data, overhead_ms: float) -> float:
    runs = figure["runs"]
    seconds = milliseconds(figure, overhead_ms * runs) / 1000
    lambda_ = prices["lambda_arm64"]
    return float(
        runs * lambda_["million_requests"] / MILLION + seconds * figure["memory"] / 1024 * lambda_["gb_second"]
    )


def _calls(figures: list[Data], service: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for figure in figures:
        for call, number in figure["calls"].items():
            if call.startswith(service):
                found[call] = found.get(call, 0) + number
    return found


def _key_calls(figures: list[Data]) -> tuple[int, int]:
    """Return the number of calls with elliptic-curve keys, and with symmetric ones."""
    found = _calls(figures, "kms:")
    signed = sum(found.get(call, 0) for call in ECC)
    return signed, sum(found.values()) - signed
