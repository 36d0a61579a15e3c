"""`make debug`: the prompt of Python's debugger, in a function that has stopped at `breakpoint()`."""

import contextlib
import os
import socket
import sys

from local.debugging.relay import PDB
from local.seed.connection import find
from local.settings import HOST
from local.terminal import Stopped, complain

PROMPTS = (b"(Pdb) ", b"(com) ", b"...   ")
"""How what the debugger prints ends when it waits for a line."""


def main() -> int:
    """Return the exit code: 0 once the function runs on, 1 if none is stopped."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  lines can be edited and repeated, where Python has it
    try:
        _debug()
    except Stopped as error:
        complain(f"stopped: {error}")
        return 1
    return 0


def _debug() -> None:
    _, stack = find(os.environ.get("PORT") or None)
    try:
        with socket.create_connection((HOST, stack["debugger"] or 0)) as connection:
            connection.sendall(PDB)
            _talk(connection)
    except ConnectionError as error:
        raise Stopped("no function waits at `breakpoint()`: call it, then try again") from error


def _talk(connection: socket.socket) -> None:
    """Show what is printed and send what is typed, until either side ends; then the function runs on."""
    line: str | None = None
    while printed := _printed(connection):
        text, newline, prompt = printed.rpartition("\n")
        sys.stdout.write(text + newline)
        if not prompt:
            return
        try:
            line = input(prompt)
        except (EOFError, KeyboardInterrupt):
            print()
            return
        connection.sendall(f"{line}\n".encode())
    if line is None:
        raise ConnectionResetError


def _printed(connection: socket.socket) -> str:
    """Return what the debugger prints, up to its next prompt or to the end."""
    printed = b""
    while not printed.endswith(PROMPTS) and (part := connection.recv(64 * 1024)):
        printed += part
    return printed.decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
