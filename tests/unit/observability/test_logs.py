"""What every log line holds, whoever writes it."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest

from lamina.observability.logs import about, logger
from tests.support.log import Log


def test_a_line_has_the_fields_that_tools_look_for(log: Log) -> None:
    logger.info("moved", extra={"count": 2})
    (line,) = log.lines
    assert (line["level"], line["message"], line["service"], line["count"]) == ("INFO", "moved", "lamina", 2)
    assert line["location"].startswith("test_a_line_has_the_fields_that_tools_look_for:")
    assert abs((datetime.fromisoformat(line["timestamp"]) - datetime.now(UTC)).total_seconds()) < 60


def test_keys_are_on_the_lines_of_a_block_and_then_as_before(log: Log) -> None:
    with about(correlation_id="c-1", event_id="e-1"):
        with about(event_id="e-2"):
            logger.info("inner")
        logger.info("outer")
    logger.info("after")
    inner, outer, after = log.lines
    assert (inner["correlation_id"], inner["event_id"]) == ("c-1", "e-2")
    assert (outer["correlation_id"], outer["event_id"]) == ("c-1", "e-1")
    assert not {"correlation_id", "event_id"} & set(after)


def test_keys_go_when_the_block_fails(log: Log) -> None:
    with pytest.raises(ValueError, match="x"), about(correlation_id="c-1"):
        raise ValueError("x")
    logger.info("after")
    assert "correlation_id" not in log.lines[0]


def test_threads_have_keys_of_their_own(log: Log) -> None:
    both = Barrier(2, timeout=10)

    def work(name: str) -> None:
        with about(correlation_id=name):
            both.wait()
            logger.info(name)
            both.wait()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(work, ["one", "two"]))
    assert sorted((line["message"], line["correlation_id"]) for line in log.lines) == [("one", "one"), ("two", "two")]


@pytest.mark.parametrize(("level", "expected"), [(None, "INFO"), ("DEBUG", "DEBUG"), ("WARN", "WARNING")])
def test_the_level_is_that_of_the_function(level: str | None, expected: str) -> None:
    program = (
        "import logging; from lamina.observability.logs import logger; print(logging.getLevelName(logger.log_level))"
    )
    variables = {"PYTHONPATH": os.pathsep.join(sys.path)} | ({"AWS_LAMBDA_LOG_LEVEL": level} if level else {})
    printed = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == expected


def test_a_line_is_written_once_in_lambda() -> None:
    # Lambda's runtime has a handler at the root before it imports the function.
    program = (
        "import logging, sys; logging.getLogger().addHandler(logging.StreamHandler(sys.stdout));"
        "from lamina.observability.logs import logger; logger.info('once')"
    )
    variables = {"PYTHONPATH": os.pathsep.join(sys.path), "AWS_LAMBDA_FUNCTION_NAME": "get"}
    printed = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=True)
    assert printed.stdout.count("once") == 1
