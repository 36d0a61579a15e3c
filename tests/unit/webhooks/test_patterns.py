"""Which events a pattern means."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.webhooks.subscriptions import PATTERN, wants

segment = st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True)
event_type = st.lists(segment, min_size=1, max_size=3).map(".".join)


@given(event_type)
def test_everything_matches_a_star_and_itself(name: str) -> None:
    assert wants(["*"], name)
    assert wants([name], name)


@given(st.lists(segment, min_size=2, max_size=4))
def test_a_pattern_matches_what_is_below_its_prefix(parts: list[str]) -> None:
    for depth in range(1, len(parts)):
        assert wants([".".join(parts[:depth]) + ".*"], ".".join(parts))


@given(event_type, event_type)
def test_a_type_matches_no_other_type(one: str, other: str) -> None:
    assert wants([one], other) == (one == other)


@given(event_type, segment)
def test_a_prefix_ends_at_a_dot(name: str, more: str) -> None:
    assert not wants([f"{name}.*"], name)
    assert not wants([f"{name}.*"], name + more)


def test_one_pattern_of_several_is_enough_and_none_is_not() -> None:
    assert wants(["order.*", "user.created"], "user.created")
    assert not wants(["order.*", "user.created"], "user.updated")
    assert not wants([], "user.updated")


@pytest.mark.parametrize(
    "bad", ["", "user", "*.created", "user*", "user.", ".user", "user.*.x", "**", "User.*", "a b", "user.*\n"]
)
def test_what_is_no_pattern_is_known(bad: str) -> None:
    assert bool(re.fullmatch(PATTERN, bad)) == (bad == "user")
