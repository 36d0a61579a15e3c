"""`python -m local.sam_process …`: sam, which ends when the supervisor does.

The supervisor holds the other end of standard input; when it is gone, this process and those it started go too.
"""

import os
import runpy
import signal
import threading


def _end_with_the_supervisor() -> None:
    def wait() -> None:
        while os.read(0, 1024):  # not sys.stdin, whose lock would be in the way at the end
            pass
        os.killpg(os.getpgrp(), signal.SIGKILL)  # the supervisor gave us a group of our own

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    _end_with_the_supervisor()
    runpy.run_module("samcli", run_name="__main__", alter_sys=True)
