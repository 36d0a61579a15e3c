"""Templates of CloudFormation as dictionaries."""

from pathlib import Path
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, each read as `{name: value}`."""


def _short(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, object]:
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {suffix: loader.construct_mapping(node, deep=True)}
    assert isinstance(node, yaml.ScalarNode)  # noqa: S101 (YAML has no fourth kind)
    return {suffix: loader.construct_scalar(node)}


_Loader.add_multi_constructor("!", _short)


def read_template(path: Path) -> Any:  # noqa: ANN401 (YAML)
    """Read a template."""
    return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 (a SafeLoader)
