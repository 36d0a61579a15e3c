"""Hourly: count how many posts have each frequent term, which the ranking of a search needs."""

from lamina.events.schedule import schedule
from lamina.posts.search.statistics import refresh

handler = schedule("search statistics refreshed", refresh)
