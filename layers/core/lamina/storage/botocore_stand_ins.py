"""Imports PynamoDB without botocore's client, which takes a tenth of a cold start and which the transport replaces.

PynamoDB takes classes of that client at import, for annotations and as base classes of what it annotates with. During
that import they are `object`. A version of PynamoDB that takes more fails at once, with the name that is missing here.
"""

import importlib
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import botocore
from botocore.exceptions import ClientError


def _get_session(*arguments: Any) -> Any:  # noqa: ANN401 (as botocore has it)
    return importlib.import_module("botocore.session").get_session(*arguments)


TAKEN: Mapping[str, Mapping[str, Any]] = {
    "client": {"BaseClient": object, "ClientError": ClientError},
    "config": {},
    "credentials": {"Credentials": object},
    "endpoint": {"Endpoint": object},
    "hooks": {"HierarchicalEmitter": object},
    "model": {},
    "session": {"Session": object, "get_session": _get_session},
    "signers": {"RequestSigner": object},
}
"""The modules of botocore's client, with what PynamoDB takes from them at import."""


def import_pynamodb() -> None:
    """Import PynamoDB's connection with stand-ins for the modules that are not imported yet; remove them afterwards."""
    absent = [name for name in TAKEN if f"botocore.{name}" not in sys.modules]
    for name in absent:
        stand_in = ModuleType(f"botocore.{name}")
        vars(stand_in).update(TAKEN[name])
        sys.modules[stand_in.__name__] = stand_in
        setattr(botocore, name, stand_in)
    try:
        importlib.import_module("pynamodb.connection.base")
    finally:
        for name in absent:
            del sys.modules[f"botocore.{name}"]
            delattr(botocore, name)
