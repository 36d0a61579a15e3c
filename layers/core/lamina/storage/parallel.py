"""Reads that do not wait for each other: each costs a round trip, together they take as long as the slowest."""

from concurrent.futures import ThreadPoolExecutor

THREADS = 9
"""Enough for the widest request: two sharded lists and a counter."""

threads = ThreadPoolExecutor(THREADS, thread_name_prefix="read")
