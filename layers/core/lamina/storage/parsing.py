"""How botocore reads the table's answers: as they came, where it would only copy them.

Botocore walks every attribute of every item through its description of the ten types that a value may have: a tenth of
what a read costs, and most of what a list does. Text, numbers, booleans and null need none of that.
"""

from typing import Any

from botocore.model import StructureShape
from botocore.parsers import JSONParser, ResponseParser, ResponseParserFactory

AS_IT_CAME = frozenset({"S", "N", "BOOL", "NULL"})
"""Types whose value in JSON is what botocore gives (API_AttributeValue); bytes are decoded, the rest may hold some."""


class _Parser(JSONParser):
    def _handle_structure(self, shape: StructureShape, value: Any) -> Any:  # noqa: ANN401 (the signature is botocore's)
        if shape.name == "AttributeValue" and value and AS_IT_CAME.issuperset(value):
            return value
        return super()._handle_structure(shape, value)  # type: ignore[misc]  # its stubs leave out what is private


class Parsers(ResponseParserFactory):
    """The component of a botocore session that makes the parsers of its clients."""

    def create_parser(self, protocol_name: str) -> ResponseParser:
        """Make the parser of a protocol."""
        return _Parser() if protocol_name == "json" else super().create_parser(protocol_name)
