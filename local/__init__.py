"""The local stack: a local AWS, the real template deployed into it, and a front at one stable address.

`make run` starts `python -m local`. Nothing in this package is deployed.
"""
