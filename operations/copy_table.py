"""`make copy-table FROM=table`: copies the items that the stack's table does not have from another table.

For the way back from a restored or imported table. It never replaces an item, so it can be stopped and run again.
`PREFIX=USER#…` copies only items whose partition key begins so. It also copies what was deleted since. Events of the
outbox are not copied: the stack would publish them again.
"""

import argparse
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from operations.command import explained, parse, parser
from operations.connection import connect, give_up
from operations.migrations.rewriting import REFUSED, RawItem, consumed
from operations.migrations.running import SEGMENTS, UNITS_PER_SECOND
from operations.migrations.throttle import Throttle

UNCOPIED = {"event", "migration", "migration_segment"}
"""Kinds of items that belong to the table that they are in."""


def main() -> None:
    """Read the command line, and copy."""
    options = parser("copy-table", __doc__)
    options.add_argument("source", nargs="?", default="", help="the table to copy from")
    options.add_argument("--prefix", default="", help="only items whose partition key begins so")
    options.add_argument("--rate", type=float, default=UNITS_PER_SECOND, help="capacity units a second; 0: no limit")
    given = parse(options)
    if not given.source:
        give_up("FROM is missing: make copy-table FROM=table")
    with explained(given.stack, given.region):
        connect(given.stack)
        print(copy(given))


def copy(given: argparse.Namespace) -> str:
    """Copy into the table of the connected stack; return what was done."""
    config = Config(max_pool_connections=SEGMENTS + 2, retries={"mode": "standard", "total_max_attempts": 8})
    client, throttle = boto3.client("dynamodb", config=config), Throttle(given.rate, threading.Event())

    def copy_segment(number: int) -> Counter[str]:
        done: Counter[str] = Counter()
        for item in _items(client, given, number, throttle):
            done[_copy(client, item, throttle)] += 1
        return done

    with ThreadPoolExecutor(SEGMENTS) as threads:
        done = sum(threads.map(copy_segment, range(SEGMENTS)), Counter[str]())
    return f"{done['copied']:,} items copied; {done['there']:,} existed already, {done['left out']:,} were left out"


def _items(client: Any, given: argparse.Namespace, number: int, throttle: Throttle) -> Iterator[RawItem]:  # noqa: ANN401
    asked: dict[str, Any] = {"TableName": given.source, "Segment": number, "TotalSegments": SEGMENTS}
    if given.prefix:
        asked |= {
            "FilterExpression": "begins_with(pk, :prefix)",
            "ExpressionAttributeValues": {":prefix": {"S": given.prefix}},
        }
    for page in client.get_paginator("scan").paginate(**asked, ReturnConsumedCapacity="TOTAL"):
        throttle.spend(consumed(page))
        yield from page["Items"]


def _copy(client: Any, item: RawItem, throttle: Throttle) -> str:  # noqa: ANN401
    """Copy an item, unless it exists, has expired, or belongs to its table; return what was done."""
    has_expired = float(item.get("expires_at", {}).get("N", "inf")) < time.time()
    if has_expired or item.get("kind", {}).get("S") in UNCOPIED:
        return "left out"
    written = {"ConditionExpression": "attribute_not_exists(pk)", "ReturnConsumedCapacity": "TOTAL"}
    try:
        response = client.put_item(TableName=os.environ["LAMINA_TABLE"], Item=item, **written)
    except ClientError as error:
        if error.response["Error"]["Code"] != REFUSED:
            raise
        throttle.spend(1)
        return "there"
    throttle.spend(consumed(response))
    return "copied"


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # It has nothing to store, and its threads need not be waited for.
    main()
