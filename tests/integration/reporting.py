"""`python -m tests.integration.reporting JOB`: runs a report in a process of its own, and says what it took.

The process imports what the function imports, and nothing of the tests, so that its memory is the function's.
"""

import json
import sys
import time
from pathlib import Path


def main() -> None:
    """Run one job; prints the peak of the process's memory in MB, and the seconds."""
    import functions.consumers.run_report  # noqa: F401 (for what its process holds)
    from lamina.reports.service import follow

    began = time.monotonic()
    follow({"type": "job.requested", "subject": sys.argv[1], "data": {"job_type": "report"}})
    print(json.dumps({"megabytes": peak(), "seconds": round(time.monotonic() - began, 1)}))


def peak() -> float:
    """The most memory that this process has had resident, in MB of 10^6 bytes (proc(5), `VmHWM`)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main()
