"""A cache that may fail: in the process by default, shared in Valkey or Redis where `LAMINA_CACHE_URL` is set.

`@cached` makes a function answer from the cache. See `docs/caching.md` for how to use it, and for what must not be
cached.
"""

from lamina.cache.caching import Cached, cached
from lamina.cache.codecs import JSON, Codec
from lamina.cache.values import HOUR, UNVERSIONED_SECONDS, Values, invalidate

__all__ = ["HOUR", "JSON", "UNVERSIONED_SECONDS", "Cached", "Codec", "Values", "cached", "invalidate"]
