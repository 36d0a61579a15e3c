"""Terminates TLS in front of a port: `python -m bench.tls <port> <upstream port> <folder with server.pem>`.

It is a separate process, so that its CPU time does not count for any contender.
"""

import asyncio
import contextlib
import ssl
import sys
from functools import partial
from pathlib import Path

from bench import HOST
from bench.authority import CERTIFICATE

CHUNK = 65536


async def main() -> None:
    """Serve until the process is ended."""
    port, upstream, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / CERTIFICATE)
    server = await asyncio.start_server(partial(_serve, upstream), HOST, port, ssl=context)
    await server.serve_forever()


async def _serve(upstream: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Relay one connection, both ways, until either side closes."""
    onward_reader, onward_writer = await asyncio.open_connection(HOST, upstream)
    ways = (_relay(reader, onward_writer), _relay(onward_reader, writer))
    await asyncio.wait([asyncio.create_task(way) for way in ways], return_when=asyncio.FIRST_COMPLETED)
    for end in (writer, onward_writer):
        end.close()


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()


if __name__ == "__main__":
    asyncio.run(main())
