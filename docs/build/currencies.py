"""`lamina/currencies.py`: the currencies of ISO 4217 that have a minor unit, from the package `iso4217`.

The package holds the table that SIX publishes for ISO. It parses XML and creates an enumeration when it is imported,
which takes as long as the rest of an endpoint's imports: functions import the generated module instead.
"""

from itertools import groupby
from pathlib import Path
from textwrap import fill

from iso4217 import Currency, __published__

from docs.build import ROOT

MODULE = '''\
"""The currencies of ISO 4217 that have a minor unit, as of {published}.

Made by `make docs` from the package `iso4217`; do not edit.
"""

_BY_DIGITS = {{
{lines}
}}

DIGITS = {{code: digits for digits, codes in _BY_DIGITS.items() for code in codes.split()}}
"""The number of decimal digits of the minor unit, by the code of the currency."""
'''


def files() -> dict[Path, str]:
    """Return the module."""
    money = sorted((each.exponent, each.code) for each in Currency if each.exponent is not None)
    groups = {digits: " ".join(code for _, code in found) for digits, found in groupby(money, lambda each: each[0])}
    lines = "\n".join(f"    {digits}: {_text(codes)}," for digits, codes in groups.items())
    return {
        ROOT / "layers" / "core" / "lamina" / "currencies.py": MODULE.format(published=__published__, lines=lines),
    }


def _text(codes: str) -> str:
    lines = fill(codes, 108, drop_whitespace=False).splitlines()
    if len(lines) == 1:
        return f'"{codes}"'
    return "\n".join(["(", *(f'        "{line}"' for line in lines), "    )"])
