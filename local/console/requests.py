"""The list of requests: newest first, searched and filtered, each with what followed from it."""

from collections import defaultdict
from typing import Any

from local.console.journal import Entry, Journal

PAGE = 100
SUMS = """
select trace, kind, count(*),
    sum(case when kind = 'segment' then coalesce(json_extract(content, '$.aws.consumed_capacity'), 0) end),
    sum(case when kind = 'segment' then json_extract(content, '$.name') = 'DynamoDB' end),
    sum(case when kind = 'segment' then json_extract(content, '$.name') like 'SES%' end),
    max(case when kind = 'invocation' and json_extract(content, '$.source.kind') = 'api'
        then json_extract(content, '$.function') end),
    sum(case when kind = 'invocation' then json_extract(content, '$.error') <> '' end),
    max(case when kind = 'segment' then json_extract(content, '$.annotations.ColdStart') end)
from entries where trace in ({marks}) and kind in ('segment', 'event', 'invocation') group by trace, kind
"""

type Json = dict[str, Any]


def listed(journal: Journal, query: dict[str, str]) -> Json:
    """Return a page of requests.

    Args:
        journal: the journal.
        query: `q` (in path, bodies, headers and correlation id), `method`, `status` (`4` for 400–499), `before` (Unix
            time).
    """
    where, parameters = _condition(query)
    found = journal.select(where, parameters, f"order by at desc limit {PAGE + 1}")
    page = found[:PAGE]
    sums = _sums(journal, page)
    return {"items": [summary(entry, sums.get(entry.trace, {})) for entry in page], "has_more": len(found) > PAGE}


def summary(entry: Entry, sums: Json) -> Json:
    """Return a request as a row of the list."""
    content = entry.content
    names = ("method", "path", "status", "ms", "client", "credential")
    return {
        "number": entry.number,
        "trace": entry.trace,
        "id": entry.correlation or entry.trace,
        "at": entry.at,
        **{name: content[name] for name in names},
        **sums,
    }


def _condition(query: dict[str, str]) -> tuple[str, dict[str, object]]:
    conditions, parameters = ["kind = 'request'"], dict[str, object]()
    for word_number, word in enumerate(query.get("q", "").split()):
        conditions.append(f"(content like :w{word_number} escape '!' or correlation like :w{word_number} escape '!')")
        escaped = word.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        parameters[f"w{word_number}"] = f"%{escaped}%"
    if method := query.get("method"):
        conditions.append("json_extract(content, '$.method') = :method")
        parameters["method"] = method
    if status := query.get("status"):
        conditions.append("json_extract(content, '$.status') / 100 = :status")
        parameters["status"] = int(status[:1])
    if before := query.get("before"):
        conditions.append("at < :before")
        parameters["before"] = float(before)
    return " and ".join(conditions), parameters


def _sums(journal: Journal, page: list[Entry]) -> dict[str, Json]:
    traces = sorted({entry.trace for entry in page})
    found: dict[str, Json] = defaultdict(lambda: {"calls": 0, "units": 0.0, "events": 0, "mails": 0, "errors": 0})
    for trace, kind, count, units, calls, mails, function, errors, cold in journal.rows(
        SUMS.format(marks=",".join("?" * len(traces))), traces
    ):
        sums = found[trace]
        if kind == "segment":
            sums |= {"calls": calls or 0, "units": units or 0.0, "mails": mails or 0, "cold": bool(cold)}
        elif kind == "event":
            sums["events"] = count
        else:
            sums |= {"function": function or "", "errors": errors or 0}
    return found
