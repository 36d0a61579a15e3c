"""The model of the deployed system: what must hold whatever was measured."""

import random
from dataclasses import replace
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scale.laws import Station, bottleneck, throughput
from bench.scale.model import Kind, first_break, path, poisson
from bench.scale.traffic import MIX, quotas

READ = Kind("read", 1.0, {"get": 0.02, "authorizer": 0.01}, reads=1, writes=1)


def test_nothing_breaks_under_a_load_that_every_quota_takes() -> None:
    assert first_break([READ], quotas(), target=1000, rise=60) is None


def test_the_table_breaks_at_the_rate_at_which_its_writes_are_spent() -> None:
    broken = first_break([READ], quotas(), target=10_000, rise=600)
    assert broken is not None
    assert broken.quota == "table_writes"
    assert broken.rate == pytest.approx(quotas().table_writes, rel=0.06)


def test_the_gateway_lets_its_rate_through_for_ever_and_its_burst_on_top_of_it_for_a_while() -> None:
    only = replace(quotas(), table_reads=10**9, table_writes=10**9, concurrency=10**9, scaling=10**9)
    assert first_break([READ], only, target=9_500, rise=100) is None
    broken = first_break([READ], only, target=40_000, rise=100)
    assert broken is not None
    assert broken.quota == "gateway_rate"
    assert broken.rate > only.gateway_rate


def test_a_steep_rise_breaks_what_a_slow_one_does_not() -> None:
    heavy = Kind("heavy", 1.0, {"get": 1.0})
    only = replace(quotas(), gateway_rate=10**9, gateway_burst=10**9, concurrency=10**9)
    steep = first_break([heavy], only, target=5000, rise=2)
    assert steep is not None
    assert steep.quota == "scaling"
    assert first_break([heavy], only, target=5000, rise=120) is None


def test_more_environments_are_needed_the_longer_a_request_lasts() -> None:
    slow = replace(READ, functions={"get": 2.0})
    only = replace(quotas(), table_writes=10**9, table_reads=10**9)
    broken = first_break([slow], only, target=5000, rise=600)
    assert broken is not None
    assert broken.quota == "concurrency"
    assert broken.rate == pytest.approx(only.concurrency / 2.0, rel=0.15)


def test_shards_share_what_a_list_writes() -> None:
    listed = Kind("listed", 1.0, {"post": 0.01}, list_writes=8)
    only = replace(quotas(), table_writes=10**9)
    few, many = (first_break([listed], replace(only, shards=shards), 4000, 400) for shards in (4, 8))
    assert few is not None
    assert many is not None
    assert few.quota == many.quota == "partition_writes"
    assert many.rate > few.rate * 1.7


@given(st.sampled_from([2_000, 20_000, 100_000]), st.sampled_from([5, 60]), st.integers(1, 50))
def test_the_same_seed_breaks_the_same_and_raising_what_breaks_leads_to_the_target(
    target: int, rise: int, seed: int
) -> None:
    found = path([READ], quotas(), target, rise, seed=seed)
    assert found == path([READ], quotas(), target, rise, seed=seed)
    if found:
        raised = {broken.quota for broken, _ in found}
        assert raised <= {"table_reads", "table_writes", "gateway_rate", "concurrency", "scaling"}


@pytest.mark.parametrize("mean", [0.5, 4, 80, 5000])
def test_arrivals_have_the_mean_and_the_variance_of_poisson_numbers(mean: float) -> None:
    chance = random.Random(5)  # noqa: S311 (nothing secret)
    drawn = [poisson(chance, mean) for _ in range(4000)]
    assert fmean(drawn) == pytest.approx(mean, rel=0.06)
    assert fmean((number - mean) ** 2 for number in drawn) == pytest.approx(mean, rel=0.15)


def test_the_shares_of_the_load_add_up() -> None:
    assert sum(MIX.values()) == pytest.approx(1)


def test_clients_add_up_until_a_station_is_full() -> None:
    stations = [Station("machine", 0.02, 2), Station("front", 0.004, 1)]
    assert throughput(1, 0.05, stations) == pytest.approx(20)
    assert throughput(100, 0.05, stations) == pytest.approx(100)
    assert bottleneck(stations).name == "machine"
