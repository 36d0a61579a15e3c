"""The cache: its hit ratio, what it saves of a read, and its client compared with redis-py."""
