"""The peers: built as their documentation teaches, and once more with our packaging.

Each is shipped as `sam build` ships a Python function: the packages beside the code, as installed, without bytecode.
Chalice has a packager of its own, which does the same and adds two files of Chalice itself.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import BUILT, ROOT, TABLE
from bench.build.installer import install
from bench.build.packages import Package, fresh
from bench.progress import step
from layers.runtime.build import slim

PEERS = ROOT / "bench" / "peers"
WORK = PEERS / "work"
SHIPPED_BY_CHALICE = ("__init__.py", "app.py")
"""Files of Chalice that `chalice package` includes (`chalice/deploy/packager.py`)."""


@dataclass(frozen=True)
class Peer:
    """A peer of Lamina.

    Attributes:
        name: its folder.
        title: what it is.
        parts: the files of `bench/peers/work` that it uses.
        handler: module and function.
    """

    name: str
    title: str
    parts: tuple[str, ...]
    handler: str = "app.handler"


ALWAYS = ("users_table.py", "answers.py")
ALL = (
    Peer("boto3", "bare boto3 handler", (*ALWAYS, "checks.py", "lines.py")),
    Peer("powertools", "Powertools resolver", (*ALWAYS, "models.py")),
    Peer("fastapi", "FastAPI + Mangum", (*ALWAYS, "models.py", "lines.py")),
    Peer("chalice", "Chalice", (*ALWAYS, "checks.py", "lines.py"), "app.app"),
)


def as_shipped(peer: Peer) -> Package:
    """Build a peer as its documentation teaches."""
    return _build(peer, "as shipped", lambda _: None)


def tuned(peer: Peer) -> Package:
    """Build a peer with our packaging: slim, and with bytecode."""
    return _build(peer, "tuned", slim)


def _build(peer: Peer, variant: str, finish: Callable[[Path], None]) -> Package:
    with step(f"building {peer.title}, {variant}"):
        target = BUILT / "peers" / f"{peer.name} {variant}"
        install(PEERS / peer.name / "requirements.txt", target)
        if peer.name == "chalice":
            _add_chalice(target)
        for part in peer.parts:
            shutil.copy(WORK / part, target)
        shutil.copy(PEERS / peer.name / "app.py", target)
        finish(target)
    return Package(target, peer.handler, environment={"TABLE_NAME": TABLE})


def _add_chalice(target: Path) -> None:
    packager = install(PEERS / "chalice" / "packager.txt", BUILT / "chalice", "--no-deps")
    folder = fresh(target / "chalice")
    for name in SHIPPED_BY_CHALICE:
        shutil.copy(packager / "chalice" / name, folder)
