"""Event queue → table: update the search index and the latest posts of authors to the posts of events."""

from lamina.events.consumer import consumer
from lamina.posts.indexing import follow

handler = consumer("post_search", follow)
