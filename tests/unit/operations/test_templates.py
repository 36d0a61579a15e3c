"""What is said of a template that is wrong: by file and line, and no longer than one reads."""

import re
import sys
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from local import sam
from local.sam import summary
from operations import build, templates

ROOT = Path(__file__).resolve().parents[3]
GOOD = """Parameters:
  Name: {Type: String}
Resources:
  Web:
    Type: AWS::Serverless::Function
    Properties:
      Events: &shared {Any: !Ref Name}
  Other:
    Type: AWS::Serverless::Function
    Properties: {<<: *shared}
"""


def fault(folder: Path, text: str, name: str = "template.yaml") -> str | None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return templates.fault(path, folder)


def test_the_templates_have_no_fault(tmp_path: Path) -> None:
    assert {templates.fault(path, ROOT) for path in templates.templates(ROOT)} == {None}
    assert fault(tmp_path, GOOD) is None


def test_a_template_is_read_as_sam_reads_it() -> None:
    for path in templates.templates(ROOT):
        assert templates.read_template(path) == yaml_parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("    Type: AWS", "    Tpye: AWS", "5: the resource Web has no 'Type'; is 'Tpye' meant?"),
        ("    Type: AWS", "    type: AWS", "5: the resource Web has no 'Type'; is 'type' meant?"),
        ("    Type: AWS::Serverless::Function\n", "", "4: the resource Web has no 'Type'"),
        ("Resources:\n", "Resources:\n  X:\n", "4: the resource X has no 'Type'"),
        ("Resources:\n", "Resources:\n  X: {\n", "6: did not find expected ',' or '}'"),
        ("Resources:\n", "Resources:\n\tX: 1\n", "4: found character that cannot start any token"),
        ("!Ref Name", "!Ref Name]", "7: did not find expected ',' or '}'"),
        ("*shared", "*shred", "10: found undefined alias"),
    ],
)
def test_the_first_fault_of_a_template_has_its_line(tmp_path: Path, was: str, becomes: str, said: str) -> None:
    text = GOOD.replace(was, becomes, 1)
    assert str(fault(tmp_path, text)).startswith(f"template.yaml:{said}")
    assert str(fault(tmp_path, text, "stacks/data.yaml")).startswith(f"stacks/data.yaml:{said}")


def test_a_template_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_bytes(b"\xff")
    assert "\n" not in str(templates.fault(tmp_path / "template.yaml", tmp_path))


def test_deploying_a_template_that_cannot_be_read_names_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "template.yaml").write_text("Resources: [", encoding="utf-8")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["-m"])
    with pytest.raises(SystemExit) as ended:
        build.main()
    assert str(ended.value.code).startswith("stopped: template.yaml:1: ")


NAMES = ", ".join(f"'Function{number}'" for number in range(500))
REFERENCE = f"template.yaml:184:1:184:10:E1020:'Web.Alias' is not one of [{NAMES}]"
CAUSE = "template.yaml:428:5:428:9:E3006:Resource type 'AWS::Serverless::Funktion' does not exist in 'us-east-1'"
OTHER = f"stacks/data.yaml:9:1:9:2:E3003:'Name' is a required property of {NAMES}"
WARNING = "template.yaml:2:1:2:2:W1100:This code is using yaml merge"
VAGUE = "template.yaml:1:1:1:2:E0001:Error transforming template"


def test_the_cause_is_reported_and_not_its_consequences() -> None:
    elsewhere = CAUSE.replace("us-east-1", "eu-central-1")
    other = REFERENCE.replace("184", "343")
    assert summary(f"{VAGUE}\n{WARNING}\n{REFERENCE}\n{REFERENCE}\n{other}\n{CAUSE}\n{elsewhere}") == (
        "template.yaml:428: Resource type 'AWS::Serverless::Funktion' does not exist in 'us-east-1'; "
        "2more; run `cfn-lint` to list them"
    )


def test_findings_are_reported_in_the_order_of_the_template() -> None:
    assert re.findall(r"\w+\.yaml:\d+", summary(f"{CAUSE}\n{OTHER}")) == ["template.yaml:428", "data.yaml:9"]


def test_a_wrong_reference_alone_is_reported() -> None:
    assert summary(REFERENCE).startswith("template.yaml:184: 'Web.Alias' is not one of [")


def test_only_a_few_short_findings_are_reported() -> None:
    assert len(summary("\n".join([OTHER, REFERENCE] * 200))) < 600
    assert len(sam._reason(f"Error: {NAMES}")) <= sam.LONGEST_REASON
    assert len(sam._reason(f"{NAMES}\n" * 20)) <= sam.LONGEST_REASON


def test_a_valid_template_has_no_findings() -> None:
    assert summary(f"{WARNING}\n{VAGUE}\n") == ""
