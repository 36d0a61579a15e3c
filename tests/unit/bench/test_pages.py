"""What the benchmark writes: tables, pictures, the guard of imports, the verdict on targets."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bench.build.template import read_template
from bench.chart import Bar, Line, bars, lines
from bench.imports import heavy, unwanted
from bench.page import _graphql, request_table, table, target_table
from bench.targets import TARGETS
from tests.support.templates import ROOT, functions


def contender(name: str, cold: float, memory: float = 50e6) -> dict[str, Any]:
    get = {"cold": {"value": cold}, "cpu": {"value": 0.002}, "memory": {"value": memory}}
    return {"name": name, "sizes": {"unzipped": 29e6}, "requests": {"GET": get, "POST": get}}


def verdicts(found: list[dict[str, Any]]) -> dict[str, str]:
    rows = [line.split("|") for line in target_table({"contenders": found}).splitlines()[2:]]
    return {row[1].strip(): row[-2].strip() for row in rows}


def test_a_target_is_met_at_its_bound_and_missed_above_it() -> None:
    target = next(target for target in TARGETS if (target.against, target.figure) == ("fastapi", "cold"))
    for cold, verdict in ((target.at_most, "met"), (target.at_most + 0.01, "**missed**")):
        found = verdicts([contender("lamina", cold), contender("fastapi", 1.0), contender("boto3", 0.5)])
        assert found[target.name] == verdict


def test_targets_against_peers_that_did_not_take_part_are_left_out() -> None:
    alone = [target for target in TARGETS if target.against in ("", "boto3")]
    assert len(verdicts([contender("lamina", 0.3), contender("boto3", 0.5)])) == len(alone)


def test_a_table_is_markdown_with_numbers_to_the_right() -> None:
    assert table(("a", "b"), [("x", "1")]) == "| a | b |\n| --- | ---: |\n| x | 1 |\n"


@pytest.mark.parametrize(
    "picture",
    [
        bars("Cold <&>", "ms", [Bar("ours", 3, 2, 4, own=True), Bar("theirs", 6, 5, 7)]),
        lines("Growth", "users", "ms", [Line("a & b", [(1000, 2.0), (1_000_000, 3.0)]), Line("flat", [(1000, 0.0)])]),
    ],
)
def test_a_picture_is_well_formed_and_stays_within_its_frame(picture: str) -> None:
    root = ET.fromstring(picture)  # noqa: S314 (our own picture)
    width = float(root.attrib["width"])
    for shape in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert 0 <= float(shape.attrib["x"]) <= width
        assert float(shape.attrib["x"]) + float(shape.attrib["width"]) <= width


def test_a_function_may_import_what_is_on_record_and_a_new_one_nothing_heavy() -> None:
    found = {"users/get": ["jinja2"], "auth/login": ["argon2"], "posts/get": ["boto3"]}
    record = {"users/get": [], "auth/login": ["argon2", "cryptography"]}
    assert [problem.split(" ")[0] for problem in unwanted(found, record)] == [
        "functions/users/get.py",
        "functions/posts/get.py",
    ]


def test_heavy_modules_are_distinguished_from_others_with_the_same_prefix() -> None:
    assert heavy(["boto3.session", "boto3", "jwt_tokens", "json"]) == ["boto3"]


def test_templates_are_read_with_their_short_forms() -> None:
    read = read_template(ROOT / "stacks" / "users.yaml")
    assert read["Globals"]["Function"]["Architectures"] == [{"Ref": "Architecture"}]
    named = {function.name for function in functions() if function.stack == ROOT / "stacks" / "users.yaml"}
    assert named <= read["Resources"].keys()


def test_only_our_graphql_is_in_its_table_with_ratios_to_the_get() -> None:
    figure = {"value": 0.002, "low": 0.001, "high": 0.003}
    request = {
        **dict.fromkeys(("cold", "init", "warm", "cpu"), figure),
        "warm_p95": 0.003,
        "warm_p99": 0.004,
        "ratios": {"cold": {"value": 1.5}, "cpu": {"value": 4.0}},
        "table": {"reads": 1.0, "writes": 0},
    }
    ours = {"name": "lamina", "title": "Lamina", "requests": {"GET": request, "GraphQL": request}}
    bare = {"name": "boto3", "title": "boto3", "requests": {"GET": request}}
    data = {"contenders": [ours, bare]}
    head, _, *rows = request_table(data, "GraphQL").splitlines()
    assert head.count("× GET") == 2
    assert [row.split("|")[1].strip() for row in rows] == ["Lamina"]
    assert request_table(data, "GraphQL") in _graphql(data)
    assert _graphql({"contenders": [bare, ours]}) == ""
