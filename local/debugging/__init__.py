"""Debuggers of functions: `breakpoint()` waits for one, which attaches to a port of 127.0.0.1.

`function.py` runs in the process of a function, `relay.py` in that of `make run`, `prompt.py` is `make debug`.
"""
