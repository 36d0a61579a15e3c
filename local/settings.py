"""The settings of the local stack, read from the environment once."""

import contextlib
import fcntl
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STACK_NAME = "lamina"
REGION = "us-east-1"
HOST = "127.0.0.1"
MAIL_FROM = "no-reply@lamina.test"
DEFAULT_PORT = 3000
DEBUG_PORT = 5678
"""As debugpy and `.vscode/launch.json` have it."""
HIGHEST_PORT = 65535


class ConfigurationError(Exception):
    """A setting is invalid; the message is one line for the user."""


@dataclass(frozen=True)
class State:
    """The folder that everything of one stack lives in.

    `keeps` is false for LAMINA_STATE=memory: the folder is then a temporary one that is removed at the end.
    """

    folder: Path
    keeps: bool

    @property
    def aws(self) -> Path:
        """The saved state of the local AWS."""
        return self.folder / "aws"

    @property
    def objects(self) -> Path:
        """The contents of S3 objects."""
        return self.folder / "s3"

    @property
    def temporary(self) -> Path:
        """TMPDIR of the local AWS; emptied at start and stop."""
        return self.folder / "tmp"

    @property
    def layers(self) -> Path:
        """Lambda layers, each unpacked once and shared by every function process."""
        return self.folder / "layers"

    @property
    def sam(self) -> Path:
        """The output of `sam build`."""
        return self.folder / "sam"

    @property
    def credentials(self) -> Path:
        """The credentials of the run, as AWS's own tools read them."""
        return self.folder / "aws-credentials"

    @property
    def log(self) -> Path:
        """The log of the local AWS."""
        return self.folder / "aws.log"


@dataclass(frozen=True)
class Settings:
    """A local stack: `root` is the checkout, `port` the front's."""

    root: Path
    port: int
    state: State
    further_origins: str = ""
    cache_url: str = ""
    debug_port: int = DEBUG_PORT
    otlp_url: str = ""

    @property
    def url(self) -> str:
        """The stable address of the API."""
        return f"http://{HOST}:{self.port}"

    @property
    def origins(self) -> str:
        """The allowed origins, separated by commas: the stack's own, and ALLOWED_ORIGINS."""
        return ",".join(filter(None, (self.url, f"http://localhost:{self.port}", self.further_origins)))

    @property
    def parameters(self) -> dict[str, str]:
        """The template parameters of a local deployment."""
        return {
            "Architecture": architecture(),
            "PublicUrl": self.url,
            "AllowedOrigins": self.origins,
            "OnAws": "false",
            "MailFrom": MAIL_FROM,
            # A hundred times what the template says: here one person plays all the clients.
            "AnonymousLimit": "10000",
            "CallerLimit": "100000",
            "AuthorizerCacheSeconds": "0",
            "WebhookTargets": "local",
            "PaymentUrl": f"{self.url}/_local/payments",
            **({"CacheUrl": self.cache_url} if self.cache_url else {}),
            **({"OtlpUrl": self.otlp_url} if self.otlp_url else {}),
        }


def architecture() -> str:
    """Return the machine's architecture in Lambda's words: `arm64` or `x86_64`."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def read_settings(environment: Mapping[str, str] = os.environ, root: Path = ROOT) -> Settings:
    """Return settings from the variables that the Makefile lists and, for tests, LAMINA_ROOT.

    Raises ConfigurationError with a line for the user.
    """
    if sys.version_info[:2] != (3, 13):
        found = ".".join(map(str, sys.version_info[:3]))
        raise ConfigurationError(f"Python 3.13 is required, as on Lambda, but this is {found}: run `make run`")
    root = Path(environment.get("LAMINA_ROOT") or root).resolve()
    port, debug_port = _port(environment, "PORT", DEFAULT_PORT), _port(environment, "DEBUG_PORT", DEBUG_PORT)
    origins = _origins(environment.get("ALLOWED_ORIGINS") or "")
    cache, otlp = environment.get("CACHE_URL") or "", environment.get("OTLP_URL") or ""
    return Settings(root, port, _state(environment, root), origins, cache, debug_port, otlp)


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) <= HIGHEST_PORT:
        raise ConfigurationError(f"{name} is {text!r}: it must be a number from 1 to {HIGHEST_PORT}")
    return int(text)


def _origins(text: str) -> str:
    origins = [origin.strip() for origin in text.split(",") if origin.strip()]
    for origin in origins:
        if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d+)?", origin):
            raise ConfigurationError(
                f"ALLOWED_ORIGINS has {origin!r}, which is not an origin such as http://localhost:5173"
            )
    return ",".join(origins)


def _forget_the_dead() -> None:
    """Remove the temporary folders of stacks that were killed before they could do it."""
    for lock in Path(tempfile.gettempdir()).glob("lamina-*/lock"):
        with contextlib.suppress(OSError), lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # OSError: it lives
            shutil.rmtree(lock.parent, ignore_errors=True)


def _state(environment: Mapping[str, str], root: Path) -> State:
    wanted = environment.get("LAMINA_STATE") or ".local"
    if wanted == "memory":
        _forget_the_dead()
        return State(Path(tempfile.mkdtemp(prefix="lamina-")), keeps=False)
    folder = (root / wanted).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"LAMINA_STATE is {wanted!r}, which cannot be a folder: {error.strerror}") from error
    return State(folder, keeps=True)
