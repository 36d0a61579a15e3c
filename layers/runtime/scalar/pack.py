"""Pack the browser bundle of Scalar for the page at GET /docs: `python3 pack.py standalone.js folder`.

The bundle is 4.9 MB, and Lambda returns at most 6 MB of JSON. Compressed and as base64, it is a third of that. The
content security policy names it by its hash, which is computed here once and not at each cold start.
"""

import gzip
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path


def main(bundle: Path, folder: Path) -> None:
    """Write `scalar.txt`, the compressed bundle, and `scalar.sha256`, its source for a content security policy."""
    content = bundle.read_bytes()
    # The page reads it as text: bytes that are not UTF-8 would give another hash there.
    content.decode("utf-8")
    packed = gzip.compress(content, compresslevel=9, mtime=0)
    (folder / "scalar.txt").write_text(b64encode(packed).decode(), encoding="ascii")
    digest = b64encode(sha256(content).digest()).decode()
    (folder / "scalar.sha256").write_text(f"'sha256-{digest}'", encoding="ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
