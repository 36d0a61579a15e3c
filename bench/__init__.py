"""The benchmark: the cost of a request to Lamina and to its peers, measured in one run.

`make bench` writes `docs/performance/`; `make bench-quick` checks in CI what needs no wall time.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / ".aws-sam" / "bench"
"""Folder of built contenders; it can be deleted at any time."""
HOST = "127.0.0.1"
REGION = "us-east-1"
TABLE = "bench"
