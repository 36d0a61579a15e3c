"""Evaluates flags, and changes them.

Each process reads the item once a minute. If it cannot be read, the last known flags apply; without any, the defaults.
Powertools' utility is imported only where flags are stored: it costs 30 ms.
"""

import hashlib
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from lamina.errors import Conflict, Invalid
from lamina.flags.items import FLAGS_KEY, FlagsItem
from lamina.flags.model import BUCKET, BUCKETS, FLAGS, Flag, Flags
from lamina.observability.logs import log_unavailable, logger
from lamina.storage import transactions
from lamina.storage.transactions import ConditionFailed

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.feature_flags import FeatureFlags

READ_SECONDS = 60
"""How long a change takes at most to reach every process."""

_known: Flags = {}
_read_at: float | None = None


def is_enabled(flag: Flag, subject: str = "", **attributes: str) -> bool:
    """Return whether a flag is on for a subject.

    Args:
        flag: the flag.
        subject: whom percentages keep on one side, such as a user's id.
        attributes: what the flag's rules may compare.
    """
    stored = _current()
    if flag.name not in stored:
        return flag.default
    context: dict[str, Any] = {**attributes, **({BUCKET: bucket(flag, subject)} if subject else {})}
    return bool(_powertools(stored).evaluate(name=flag.name, context=context, default=flag.default))


def bucket(flag: Flag, subject: str) -> int:
    """Return the bucket of a subject, 0 to 99; those of different flags are independent."""
    digest = hashlib.sha256(f"{flag.name}:{subject}".encode()).digest()
    return int.from_bytes(digest[:8]) % BUCKETS


def read() -> Flags:
    """Return what is stored, by one consistent read."""
    item = _stored()
    return item.flags if item else {}


def write(name: str, definition: dict[str, Any] | None) -> Flags:
    """Store the definition of a flag in Powertools' schema, or remove it: None.

    Returns:
        All stored flags.

    Raises:
        Invalid: if no flag has this name, or the definition does not match the schema.
        Conflict: if flags are changed concurrently.
    """
    if name not in FLAGS:
        raise Invalid(f"There is no flag {name!r}: choose one of {', '.join(FLAGS)}.")
    item = _stored() or FlagsItem(*FLAGS_KEY, flags={})
    flags: Flags = {other: each for other, each in item.flags.items() if other != name}
    if definition is not None:
        flags[name] = definition
        _validate({name: definition})
    item.flags = flags
    try:
        transactions.write(put=[item])
    except ConditionFailed:
        raise Conflict from None
    return flags


def forget() -> None:
    """Read the flags again at the next evaluation."""
    global _read_at  # noqa: PLW0603 (what this process knows of the flags)
    _read_at = None


def _current() -> Flags:
    global _known, _read_at  # noqa: PLW0603 (as above)
    now = time.monotonic()
    if _read_at is None or now - _read_at > READ_SECONDS:
        _read_at = now  # also if it fails: requests must not wait for a table that does not respond, each again
        try:
            item = FlagsItem.get(*FLAGS_KEY)
            _known = item.flags
        except FlagsItem.DoesNotExist:
            _known = {}
        except (BotoCoreError, ClientError, PynamoDBException) as error:
            log_unavailable(error)
    return _known


def _stored() -> FlagsItem | None:
    try:
        return FlagsItem.get(*FLAGS_KEY, consistent_read=True)
    except FlagsItem.DoesNotExist:
        return None


class _Table:
    """What Powertools reads flags from: `StoreProvider` without its import."""

    def __init__(self, flags: Flags) -> None:
        self.flags = flags

    @property
    def get_raw_configuration(self) -> Flags:
        """Return the flags, as Powertools asks for them by this name too."""
        return self.flags

    def get_configuration(self) -> Flags:
        """Return the flags."""
        return self.flags


def _powertools(flags: Flags) -> "FeatureFlags":
    _import_without_app_config()
    from aws_lambda_powertools.utilities.feature_flags import FeatureFlags

    return FeatureFlags(store=_Table(flags), logger=logger)  # type: ignore[arg-type]  # it has its methods


def _validate(flags: Flags) -> None:
    _import_without_app_config()
    from aws_lambda_powertools.utilities.feature_flags import SchemaValidator
    from aws_lambda_powertools.utilities.feature_flags.exceptions import SchemaValidationError

    try:
        SchemaValidator(schema=flags, logger=logger).validate()
    except (SchemaValidationError, TypeError, AttributeError) as error:
        raise Invalid(f"The definition does not match Powertools' schema: {error}") from None


def _import_without_app_config() -> None:
    """Import the utility without its store for AppConfig, which imports every provider of parameters."""
    package = "aws_lambda_powertools.utilities.feature_flags"
    if package in sys.modules:
        return
    sys.modules[f"{package}.appconfig"] = SimpleNamespace(AppConfigExtensionStore=None, AppConfigStore=None)  # type: ignore[assignment]  # what is imported of it
    try:
        __import__(package)
    finally:
        del sys.modules[f"{package}.appconfig"]
