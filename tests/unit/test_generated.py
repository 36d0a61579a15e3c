"""What is generated and committed is what the code would generate now."""

import pytest

from docs.build import generator


@pytest.mark.parametrize(
    "name", ["currencies", "openapi", "permissions", "events", "slo", "cost", "entities", "reference"]
)
def test_what_is_generated_is_in_step_with_the_code(name: str) -> None:
    for path, text in generator(name).files().items():
        assert path.read_text(encoding="utf-8") == text, f"`python -m docs.build {name}` writes it anew"
