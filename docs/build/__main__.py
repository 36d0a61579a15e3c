"""`python -m docs.build [name …]`: write the generated files, and say which have changed."""

import sys

from docs.build import GENERATORS, ROOT, Refused, generator


def main(names: list[str]) -> None:
    """Write the files of these generators, or of all."""
    if unknown := set(names) - GENERATORS.keys():
        sys.exit(f"docs.build knows no {', '.join(sorted(unknown))}; it has {', '.join(GENERATORS)}")
    for name in names or GENERATORS:
        made = generator(name)
        try:
            files = made.files()
        except Refused as refusal:
            sys.exit(f"{name}: {refusal}")
        for path, text in files.items():
            changed = not path.exists() or path.read_text(encoding="utf-8") != text
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(ROOT)}: {'written' if changed else 'as it was'}")


main(sys.argv[1:])
