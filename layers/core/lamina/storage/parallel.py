"""Parallel reads: together they take as long as the slowest one."""

from concurrent.futures import ThreadPoolExecutor

THREADS = 9
"""Enough for the widest request: two sharded lists and a counter."""

threads = ThreadPoolExecutor(THREADS, thread_name_prefix="read")
