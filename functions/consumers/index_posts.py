"""Event queue → table: update the search index to the posts of events."""

from lamina.events.consumer import consumer
from lamina.posts.indexing import follow

handler = consumer("post_search", follow)
