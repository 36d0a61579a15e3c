"""Configuration of the AWS clients that we create."""

from botocore.config import Config

from lamina.observability import aws_calls

NAME = "lamina"
"""The user agent. Otherwise botocore composes a description of the machine twice per request: 10% of the cost of a
read."""
CALLS = Config(
    user_agent=NAME, connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}
)
"""Seconds to connect and to answer, and tries: all of them fit into the 10 seconds of a request's function, so that it
can still say 503. Botocore's own 60 seconds would not."""

aws_calls.observe()
