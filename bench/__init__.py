"""The benchmark: what a request costs here and in what else one would write, measured in one run.

`make bench` writes `docs/performance/`, `make bench-quick` guards in CI what can be told without wall time.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / ".aws-sam" / "bench"
"""Where contenders are built; can be deleted at any time."""
HOST = "127.0.0.1"
REGION = "us-east-1"
TABLE = "bench"
