"""`make flags`: lists the feature flags, and changes one: `make flags FLAG=registration SET=off`.

`SET` is `on`, `off`, `default` (remove what is stored), a percentage (`25%`), an attribute with its values
(`domain=example.com,example.org`), or a definition in Powertools' schema as JSON. Each process reads flags once a
minute. `LOCAL=1` selects the running local stack.
"""

import argparse
import json
import os
import re
from typing import Any

from operations.command import explained, parse, parser
from operations.connection import connect, give_up

PERCENT = re.compile(r"(\d{1,3})%")
PAIR = re.compile(r"([a-z_]+)=(.+)")


def definition(text: str, attributes: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the definition that a value of `SET` stands for; None to remove it.

    Args:
        text: the value.
        attributes: those that the flag's rules may compare.

    Raises:
        ValueError: if it stands for none.
    """
    if text in {"on", "off", "default"}:
        return None if text == "default" else {"default": text == "on"}
    if (found := PERCENT.fullmatch(text)) and int(found[1]) <= 100:  # noqa: PLR2004 (percent)
        return _percentage(int(found[1]))
    if text.startswith("{"):
        return dict(json.loads(text))
    if (found := PAIR.fullmatch(text)) and found[1] in attributes:
        values = [value.strip() for value in found[2].split(",")]
        return _when(text, {"action": "IN", "key": found[1], "value": values})
    known = f", {' or '.join(f'{name}=…' for name in attributes)}" if attributes else ""
    raise ValueError(f"SET is {text!r}, but must be on, off, default, a percentage such as 25%{known}, or JSON")


def _percentage(percent: int) -> dict[str, Any]:
    if percent in {0, 100}:
        return {"default": percent > 0}
    within = {"BASE": 100, "START": 0, "END": percent - 1}
    return _when(f"{percent}%", {"action": "MODULO_RANGE", "key": "bucket", "value": within})


def _when(name: str, condition: dict[str, Any]) -> dict[str, Any]:
    return {"default": False, "rules": {name: {"when_match": True, "conditions": [condition]}}}


def run(name: str, text: str) -> str:
    """Change a flag if a name is given; return the list of all."""
    from lamina.errors import LaminaError
    from lamina.flags import service
    from lamina.flags.model import FLAGS

    if name:
        try:
            service.write(name, definition(text, FLAGS[name].attributes if name in FLAGS else ()))
        except (ValueError, LaminaError) as error:
            give_up(str(error))
    stored = service.read()
    return "\n".join(_line(flag.name, flag.meaning, flag.default, stored.get(flag.name)) for flag in FLAGS.values())


def _line(name: str, meaning: str, default: object, stored: dict[str, Any] | None) -> str:
    value = stored["default"] if stored else default
    rules = " unless " + ", ".join(stored["rules"]) if stored and stored.get("rules") else ""
    return f"{name:16}{'on' if value else 'off'}{rules}{'' if stored else ' (default)'}\n{'':16}{meaning}"


def main() -> None:
    """Read the command line, change a flag if one is named, and print all."""
    made = parser("flags", __doc__)
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.add_argument("--flag", default="", help="name of the flag to change")
    made.add_argument("--set", default="", help="its new value")
    made.add_argument("--local", action="store_true", help="the running local stack")
    given = parse(made)
    if given.flag and not given.set:
        give_up(f"SET is missing: make flags FLAG={given.flag} SET=off")
    if given.local:
        from local.seed.connection import connect as connect_locally
        from local.terminal import Stopped

        try:
            connect_locally(os.environ.get("PORT") or None)
        except Stopped as error:
            give_up(str(error))
        print(run(given.flag, given.set))
        return
    with explained(given.stack, given.region):
        connect(given.stack)
        print(run(given.flag, given.set))


if __name__ == "__main__":
    main()
