"""Fixtures of all tests. The settings stand in the environment before anything imports `lamina`."""

import gc
import os
import subprocess
from collections.abc import Generator

import pytest
from hypothesis import settings

from tests.support import table

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "LAMINA_TABLE": "lamina",
    "LAMINA_PUBLIC_URL": "https://api.example.com/live",
    "LAMINA_ALLOWED_ORIGINS": "https://app.example.com",
    "LAMINA_SIGNING_KEYS": "alias/signing",
    "LAMINA_CURSOR_SECRET": "cursors",
    "LAMINA_SECRETS_KEY": "alias/secrets",
    "LAMINA_BUS": "lamina-events",
    "LAMINA_FILES": "lamina-files",
    "LAMINA_PUSH_EVENTS": "https://sqs.us-east-1.amazonaws.com/123456789012/push-events",
    "LAMINA_CLOSE_SOCKETS": "https://sqs.us-east-1.amazonaws.com/123456789012/close-sockets",
    "LAMINA_REALTIME_ENDPOINT": "https://sockets.example.com/live",
    "LAMINA_DELIVERIES": "https://sqs.us-east-1.amazonaws.com/123456789012/deliveries",
    "LAMINA_SAGA": "arn:aws:states:us-east-1:123456789012:stateMachine:orders",
    "LAMINA_PAYMENT_URL": "http://127.0.0.1:9",
    "LAMINA_PAYMENT_SECRET": "payments",
    "LAMINA_MEDIA_URL": "https://media.example.com",
    "LAMINA_MAIL_FROM": "no-reply@lamina.test",
    "LAMINA_AUTHORIZER_CACHE_SECONDS": "0",
}
os.environ.update(ENVIRONMENT | table.environment())

pytest_plugins = [
    "tests.support.calls",
    "tests.support.aws",
    "tests.support.log",
    "tests.support.people",
    "tests.support.stack",
]

# How long an example takes depends on who else is on the machine; a test that hangs is ended by its runner.
settings.register_profile("lamina", deadline=None)
settings.load_profile("lamina")


def pytest_collection_finish() -> None:
    """Let garbage be collected seldom, and what stays for good not be looked through: it took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what a command printed whose failure ended a test: its exception says no more than the exit code."""
    report = yield
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, subprocess.CalledProcessError | subprocess.TimeoutExpired):
        for name, printed in (("stdout", error.stdout), ("stderr", error.stderr)):
            text = printed.decode(errors="replace") if isinstance(printed, bytes) else printed
            if text:
                report.sections.append((f"{name} of the command", text))
    return report
