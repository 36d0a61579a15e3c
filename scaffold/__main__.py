"""`python -m scaffold book [books]`: write the skeleton of a resource, as `make resource NAME=book` does.

`scaffold/resource` is a complete resource named `thing`, laid out like the repository. It is copied under the new
name; `scaffold/parts` holds the lines that are added to existing files.
"""

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from docs.build import Refused, generator

ROOT = Path(__file__).resolve().parents[1]
RESOURCE, PARTS = ROOT / "scaffold" / "resource", ROOT / "scaffold" / "parts"
LAMINA = Path("layers/core/lamina")
NAME = re.compile(r"[a-z]+(_[a-z]+)*")
PROSE = re.compile(r'"""[\s\S]*?"""|(?<!f)"[A-Z][^"\n]*"|# .*')
"""Places where the name appears as words: docstrings, sentences, comments."""
GENERATED = ("openapi", "permissions", "events", "entities")
HEAVY = {"create": ["aws_lambda_powertools.utilities.idempotency", "boto3"], "list": ["boto3"]}
"""The heavy imports of the new functions, as in `bench/heavy_imports.json`."""


class Part(NamedTuple):
    """Lines to add to an existing file.

    Attributes:
        lines: the file of `scaffold/parts` that holds them.
        file: the existing file.
        before: pattern of the line before which they are inserted; empty for the end of the file.
    """

    lines: str
    file: str
    before: str


INSERTIONS = (
    Part("actions.txt", f"{LAMINA}/access/policy.py", r"\n\n@dataclass\(frozen=True\)\nclass Rule:"),
    Part("rules.txt", f"{LAMINA}/access/policy.py", r"}\n\nPERMISSIONS: "),
    Part("facts.txt", f"{LAMINA}/events/catalog.py", r"USER_CREATED = "),
    Part("events.txt", f"{LAMINA}/events/catalog.py", ""),
)


class Names(NamedTuple):
    """The names of a resource: `order_line` and `order_lines`."""

    one: str
    many: str

    def apply(self, text: str, *, python: bool = True) -> str:
        """Return a text of the template with the names of this resource."""
        text = text.replace("/v1/things", f"/v1/{self.many.replace('_', '-')}")
        if self.one[0] in "aeiou":
            text = re.sub(r"\b([Aa]) thing\b", r"\1n thing", text)
        for thing, name in (("things", self.many), ("thing", self.one)):
            text = text.replace(thing.upper(), name.upper()).replace(thing.title(), _camel(name)).replace(thing, name)
        return PROSE.sub(self._words, text) if python else text

    def _words(self, prose: re.Match[str]) -> str:
        text = prose[0]
        for name in self:
            text = re.sub(rf"\b{name}\b", name.replace("_", " "), text)
            text = re.sub(rf"\b{_camel(name)}\b(?=[, ])", name.replace("_", " ").capitalize(), text)
        return text


def _camel(name: str) -> str:
    return name.title().replace("_", "")


def plural(name: str) -> str:
    """Return the regular plural of an English word."""
    if re.search(r"[^aeiou]y$", name):
        return name[:-1] + "ies"
    return name + ("es" if re.search(r"(s|x|z|ch|sh)$", name) else "s")


def refusal(names: Names) -> str:
    """Return why this name cannot be used; `""` if it can."""
    if not NAME.fullmatch(names.one) or not NAME.fullmatch(names.many) or names.one == names.many:
        return (
            "NAME must be a singular noun in lower case, such as book or order_line; "
            "set PLURAL=… if its plural is irregular."
        )
    taken = [place for place in (f"functions/{names.many}", f"{LAMINA}/{names.many}") if (ROOT / place).exists()]
    if names.many in sys.stdlib_module_names or taken:
        return f"The name {names.many} is taken: see {taken[0] if taken else 'the standard library'}."
    marks = (f'discriminator="{names.one}"', f'key("{names.one.upper()}"', f'"{names.one}.created"')
    for path in (ROOT / LAMINA).glob("**/*.py"):
        if any(mark in path.read_text(encoding="utf-8") for mark in marks):
            return f"The name {names.one} is taken: see {path.relative_to(ROOT)}."
    return ""


def copied(names: Names) -> dict[Path, str]:
    """Return the files of the resource."""
    return {
        ROOT / names.apply(str(path.relative_to(RESOURCE)), python=False): names.apply(path.read_text(encoding="utf-8"))
        for path in sorted(RESOURCE.glob("**/*.py"))
    }


def extended(names: Names) -> dict[Path, str]:
    """Return the existing files, with the lines of the resource added."""
    files: dict[Path, str] = {}
    for part in INSERTIONS:
        lines = names.apply((PARTS / part.lines).read_text(encoding="utf-8"))
        path = ROOT / part.file
        text = files.get(path) or path.read_text(encoding="utf-8")
        files[path] = _insert(lines, text, part.before) if part.before else text + lines
    root = (ROOT / "template.yaml").read_text(encoding="utf-8")
    routed = _in_order(names, "paths.yaml", root, r'^          "?(/[^":]+)"?:$', r"(?m)^Outputs:$")
    nested = names.apply((PARTS / "nested.yaml").read_text(encoding="utf-8"), python=False)
    files[ROOT / "template.yaml"] = _insert(nested, routed, r"  # With this role, API Gateway invokes")
    files[ROOT / "stacks" / f"{names.many}.yaml"] = _stack(names, root)
    samples = (ROOT / "events" / "api.yaml").read_text(encoding="utf-8")
    files[ROOT / "events" / "api.yaml"] = _in_order(names, "samples.yaml", samples, r"^  (\w+/\w+):$", r"\Z")
    files[ROOT / "pyproject.toml"] = _in_layers(names)
    record = ROOT / "bench" / "heavy_imports.json"
    heavy = json.loads(record.read_text(encoding="utf-8"))
    heavy |= {f"{names.many}/{verb}": modules for verb, modules in HEAVY.items()}
    lines = ",\n".join(f"  {json.dumps(place)}: {json.dumps(modules)}" for place, modules in sorted(heavy.items()))
    return files | {record: f"{{\n{lines}\n}}\n"}


def _insert(lines: str, text: str, before: str) -> str:
    found = re.search(before, text)
    if not found:
        raise Refused(f"nothing matches {before!r} any more; update the pattern in scaffold/__main__.py")
    return text[: found.start()] + lines + text[found.start() :]


def _stack(names: Names, root: str) -> str:
    """Return the template of the endpoints: the parameters and settings of all such stacks, and its functions."""
    head, _, _ = (ROOT / "stacks" / "users.yaml").read_text(encoding="utf-8").partition("\nResources:\n")
    shared = {*_anchored(root, "release"), *_anchored(root, "endpoints")}
    own = [name for name in re.findall(r"^  (\w+): \{Type", head, re.MULTILINE) if name not in shared]
    head = re.sub(rf"^  ({'|'.join(own)}): .*\n", "", head, flags=re.MULTILINE)
    title = f"endpoints of {names.many.replace('_', ' ')}"
    functions = names.apply((PARTS / "stack.yaml").read_text(encoding="utf-8"), python=False)
    return f"{head.replace('endpoints of users', title)}\nResources:\n{functions}"


def _anchored(root: str, anchor: str) -> list[str]:
    """Return the names of the parameters that the root template passes by an anchor."""
    lines = root.partition(f"<<: &{anchor}\n")[2].splitlines()
    block = itertools.takewhile(lambda line: line.startswith(" " * 10), lines)
    return re.findall(r"^ {10}(\w+):", "\n".join(block), re.MULTILINE)


def _in_order(names: Names, lines: str, text: str, heading: str, end: str) -> str:
    """Return a file's text with lines before the first heading that is sorted after their own."""
    added = names.apply((PARTS / lines).read_text(encoding="utf-8"), python=False)
    own = re.findall(heading, added, re.MULTILINE)[0]
    later = next((found for found in re.finditer(heading, text, re.MULTILINE) if found[1] > own), None)
    return _insert(added, text, rf"(?m)^{re.escape(later[0])}$" if later else end)


def _in_layers(names: Names) -> str:
    """Return the project's settings with the package in the layer of the others."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.sub(r'^    "activities : .*(?=",$)', rf"\g<0> : {names.many}", text, count=1, flags=re.MULTILINE)


def write(names: Names) -> None:
    """Write the resource, and update all generated files."""
    new = copied(names)
    for path, text in (extended(names) | new).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    python = [str(path) for path in (*new, *(ROOT / part.file for part in INSERTIONS)) if path.suffix == ".py"]
    subprocess.run(["ruff", "check", "--quiet", "--select", "I", "--fix", *python], cwd=ROOT, check=True)
    subprocess.run(["ruff", "format", "--quiet", *python], cwd=ROOT, check=True)
    for name in GENERATED:
        for path, text in generator(name).files().items():
            path.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> None:
    """Write the skeleton of the named resource, or print why it cannot be written."""
    one, many = [*arguments, "", ""][:2]
    names = Names(one, many or plural(one))
    if reason := refusal(names):
        sys.exit(reason)
    write(names)
    print(f"functions/{names.many}, {LAMINA}/{names.many} and their tests are written; `git status` lists every file.")
    print("Next: `make check test-quick`; docs/tutorial.md continues from here.")


if __name__ == "__main__":
    main(sys.argv[1:])
