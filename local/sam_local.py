"""`make sam-local ARGS="invoke SendMailFunction -e events/consumers/send_mail.json"`: SAM's own `sam local`.

It runs functions in Lambda's containers, on the data of the stack that `make run` serves; `PORT` says which. The
default of ARGS is `start-api`, which serves at SAM_PORT. It needs Docker.

Containers reach the local AWS by a name of its own, at Docker's bridge address, one port of which is forwarded to it.
"""

import asyncio
import contextlib
import errno
import ipaddress
import json
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import docker
import docker.errors

from local.account import CONTAINERS_NAME, Account
from local.caller import told_to_stop
from local.flat_template import build_layers, flatten
from local.sam import private_home
from local.seed.connection import find
from local.settings import HOST, REGION, ROOT
from local.stack import client
from local.terminal import Stopped, complain, say, step

FOLDER = ROOT / ".aws-sam" / "sam-local"
DEFAULT_PORT = "3001"
SESSION_SECONDS = 36 * 60 * 60
"""The longest that STS allows."""
CHUNK = 64 * 1024


def main() -> int:
    """Return sam's exit code, or 1 if there is no stack or no Docker."""
    arguments = sys.argv[1:] or ["start-api"]
    try:
        url, described = find(os.environ.get("PORT") or None)
        bridge = bridge_address()
        account = Account.of(described)
        template = write_template(described["resources"], account)
        say(f"sam local {' '.join(arguments)}, on the data of {url}")
        if arguments[0] == "start-api":
            say(f"  without the WebSocket API, which SAM CLI does not serve: {url} does")
        return asyncio.run(_run(arguments, template, account, bridge))
    except Stopped as error:
        complain(f"stopped: {error}")
        return 1


def bridge_address() -> str:
    """Return the address of the machine that runs Docker, on Docker's bridge.

    Raises:
        Stopped: if Docker does not respond.
    """
    try:
        with contextlib.closing(docker.from_env()) as engine:
            networks: list[dict[str, str]] = engine.networks.get("bridge").attrs["IPAM"]["Config"]
    except docker.errors.DockerException as error:
        raise Stopped(
            f"sam local needs Docker, which does not respond ({error}): start it, "
            "or use `make invoke`, which needs no Docker"
        ) from error
    # The gateway is not listed until a container has run.
    return networks[0].get("Gateway") or str(next(ipaddress.ip_network(networks[0]["Subnet"]).hosts()))


def write_template(resources: dict[str, str], account: Account) -> Path:
    """Write the flat template of a running stack, given its physical ids by logical path; return the file."""
    sources = ROOT / "template.yaml"
    with step("layers"):
        layers = build_layers(sources, FOLDER / "layers")
    template = flatten(sources, resources, account, layers, f"http://{CONTAINERS_NAME}:{_port(account)}")
    # A folder of its own: sam looks for samconfig.toml beside it. A file for each stack: several may run.
    path = FOLDER / f"template-{_port(account)}.json"
    path.write_text(json.dumps(template, indent=2), encoding="utf-8")
    return path


async def _run(arguments: Sequence[str], template: Path, account: Account, bridge: str) -> int:
    """Run sam to its end, while containers reach the local AWS; pass on to it the signals that mean to end it."""
    server = await _forward(bridge, _port(account))
    process = await asyncio.create_subprocess_exec(
        *_command(arguments, template, bridge if server else "host-gateway"),
        cwd=ROOT,
        env=_environment(account),
        process_group=0,  # else a terminal would interrupt it a second time, in the middle of removing containers
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _pass_on, process, number)
    interrupted = asyncio.create_task(_pass_on_from_make(process))
    try:
        return await process.wait()
    finally:
        interrupted.cancel()
        if server is not None:
            server.close()


def _command(arguments: Sequence[str], template: Path, address: str) -> list[str]:
    given = [*arguments, "--template-file", str(template), "--layer-cache-basedir", str(FOLDER / "layer-cache")]
    given += ["--add-host", f"{CONTAINERS_NAME}:{address}"]
    if arguments[0].startswith("start-"):
        given += [] if "--warm-containers" in arguments else ["--warm-containers", "LAZY"]
        given += [] if {"--port", "-p"} & {*arguments} else ["--port", os.environ.get("SAM_PORT") or DEFAULT_PORT]
    return [sys.executable, "-m", "samcli", "local", *given]


def _environment(account: Account) -> dict[str, str]:
    """Return sam's environment: it would have a variable of the shell go before a function's own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAMINA_"))}
    private_home(FOLDER / "home")
    # The run's own credentials are shown to no function.
    session = client("sts", account).get_session_token(DurationSeconds=SESSION_SECONDS)["Credentials"]
    return {
        **inherited,
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(FOLDER / "home"),
    }


def _pass_on(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


async def _pass_on_from_make(process: asyncio.subprocess.Process) -> None:
    await told_to_stop()
    _pass_on(process, signal.SIGINT)


async def _forward(address: str, port: int) -> asyncio.Server | None:
    """Forward a port of an address to the same port of 127.0.0.1.

    Returns:
        None where the address is not this machine's: Docker Desktop runs in a machine of its own and leads
        `host-gateway` to 127.0.0.1 here.
    """
    try:
        # Several `sam local` may share a stack, and end in any order.
        return await asyncio.start_server(partial(_connect, port), address, port, reuse_port=True)
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return None
        raise Stopped(f"port {port} of Docker's bridge address {address} cannot be bound: {error.strerror}") from error


async def _connect(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer), contextlib.suppress(OSError):
        upstream_reader, upstream = await asyncio.open_connection(HOST, port)
        with contextlib.closing(upstream):
            await asyncio.gather(_copy(reader, upstream), _copy(upstream_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
    writer.close()


def _port(account: Account) -> int:
    port = urlsplit(account.endpoint).port
    assert port is not None  # noqa: S101  ours always has one
    return port


if __name__ == "__main__":
    sys.exit(main())
