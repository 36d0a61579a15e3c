"""What is said of code that is made live."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from local.reload import Reload
from local.settings import read_settings


def test_a_layer_that_has_not_changed_is_made_live_at_a_start_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "layers" / "core" / "code.py"
    source.parent.mkdir(parents=True)
    settings = read_settings({"LAMINA_ROOT": str(tmp_path)})
    nothing: Any = None

    def said(text: str, *, start: bool) -> str:
        source.write_text(text, encoding="utf-8")
        reload = Reload(settings, nothing, nothing)
        asyncio.run(reload.catch_up(nothing) if start else reload.layer(source.parent, nothing))
        return capsys.readouterr().out

    assert said("first", start=False).startswith("reloaded layers/core in ")
    assert said("first", start=True) == ""
    assert said("second", start=True).startswith("reloaded layers/core in ")
    assert said("second", start=True) == ""
