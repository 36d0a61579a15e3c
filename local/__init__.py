"""The laptop stack: a local AWS, the real template deployed into it, and a front at one stable address.

`python -m local` is what `make run` starts. Nothing in here is ever deployed.
"""
