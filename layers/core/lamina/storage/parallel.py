"""Parallel reads: together they take as long as the slowest one."""

from concurrent.futures import ThreadPoolExecutor

THREADS = 9
"""Enough for two sharded lists and a counter; the rare lists that are merged from more take a second round."""

threads = ThreadPoolExecutor(THREADS, thread_name_prefix="read")
