"""A real browser, headless: Chromium, where the machine has one."""

import asyncio
import base64
import json
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import aiohttp

from tests.local.ministack import eventually

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--headless=new",
    "--no-sandbox",  # root has no other way, and what is shown here is ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SECONDS = 60.0
NARROW = 500
"""Pixels: below, the browser is one of a telephone, whose scroll bars take no room."""
KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, "")}
LOADED = "document.readyState === 'complete' && document.body && location.href"


def dumped(url: str, profile: Path, *arguments: str) -> str:
    """The document of a page, once it is loaded; `profile` is an empty folder."""
    assert CHROMIUM
    command = [CHROMIUM, *QUIET, f"--user-data-dir={profile}", *arguments, "--dump-dom", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout


class Site:
    """A web site of the test's own: one page, which reports what its script found by POSTing JSON to `/found`."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.found: Queue[Any] = Queue()
        self.port = 0

    @contextmanager
    def served(self) -> Iterator[None]:
        """Serve it on a free port of 127.0.0.1."""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = site.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self) -> None:
                site.found.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.port = server.server_port
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()


class Browser:
    """A running browser, told what to do by the Chrome DevTools Protocol."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def pages(self) -> dict[str, str]:
        """The address of each page that is open, and where it is told what to do."""
        with urllib.request.urlopen(f"{self._url}/json/list", timeout=SECONDS) as answer:  # noqa: S310 (http, and ours)
            return {one["url"]: one["webSocketDebuggerUrl"] for one in json.load(answer) if one["type"] == "page"}

    def opened(self, beginning: str) -> str:
        """Wait for a page whose address begins so, and that is loaded; the address."""

        def loaded() -> list[str]:
            found = [url for url in self.pages() if url.startswith(beginning)]
            return [url for url in found if self.run(url, LOADED) == url]

        eventually(lambda: bool(loaded()), f"{beginning} is open", SECONDS)
        return loaded()[0]

    def shows(self, url: str, seconds: float) -> bool:
        """Return whether a page of this address is open within some seconds."""
        deadline = time.monotonic() + seconds
        while url not in (pages := self.pages()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return url in pages

    def run(self, page: str, script: str) -> Any:
        """What a script comes to on a page: a value, or what its promise is fulfilled with."""
        asked = {"expression": script, "awaitPromise": True, "returnByValue": True, "userGesture": True}
        came = asyncio.run(self._tell(page, ("Runtime.evaluate", asked)))
        assert "exceptionDetails" not in came, came["exceptionDetails"]
        return came["result"].get("value")

    def click(self, page: str, x: float, y: float) -> None:
        """Click at a place of a page, whatever frame is there."""
        button = {"x": x, "y": y, "button": "left", "clickCount": 1}
        events = [("Input.dispatchMouseEvent", {**button, "type": kind}) for kind in ("mousePressed", "mouseReleased")]
        asyncio.run(self._tell(page, *events))

    def press(self, page: str, key: str) -> None:
        """Press a key, wherever the focus is: `Tab`, `Enter` or `Escape`."""
        code, text = KEYS[key]
        named = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        down = {**named, "type": "keyDown", "text": text} if text else {**named, "type": "rawKeyDown"}
        presses = [("Input.dispatchKeyEvent", down), ("Input.dispatchKeyEvent", {**named, "type": "keyUp"})]
        asyncio.run(self._tell(page, *presses))

    def write(self, page: str, text: str) -> None:
        """Type a text, wherever the focus is."""
        asyncio.run(self._tell(page, ("Input.insertText", {"text": text})))

    def shot(self, page: str, file: Path, width: int, *, dark: bool) -> None:
        """Take a screenshot of a whole page, of a width, light or dark."""
        scheme = {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]}
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < NARROW}
        taken = asyncio.run(
            self._tell(
                page,
                ("Page.bringToFront", {}),  # what is behind another page is not drawn
                ("Emulation.setEmulatedMedia", scheme),
                ("Emulation.setDeviceMetricsOverride", size),
                ("Page.captureScreenshot", {"captureBeyondViewport": True}),
            )
        )
        file.write_bytes(base64.b64decode(taken["data"]))

    def _place(self, page: str) -> str:
        """Where a page is told what to do. The part after # may change, and while it loads it has no address."""

        def found() -> list[str]:
            return [where for url, where in self.pages().items() if url == page or url.startswith(f"{page}#")]

        eventually(lambda: bool(found()), f"{page} is open", SECONDS)
        return found()[0]

    async def _tell(self, page: str, *commands: tuple[str, dict[str, Any]]) -> Any:
        answer: Any = None
        async with aiohttp.ClientSession() as session, session.ws_connect(self._place(page), max_msg_size=0) as socket:
            for number, (method, parameters) in enumerate(commands):
                await socket.send_json({"id": number, "method": method, "params": parameters})
                answer = await socket.receive_json(timeout=SECONDS)
        return answer["result"]


@contextmanager
def showing(url: str, profile: Path, *arguments: str) -> Iterator[Browser]:
    """Meanwhile, the browser shows a page and runs its scripts."""
    assert CHROMIUM
    command = [CHROMIUM, *QUIET, f"--user-data-dir={profile}", "--remote-debugging-port=0", *arguments, url]
    port = profile / "DevToolsActivePort"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            eventually(lambda: port.is_file() and bool(port.read_text(encoding="ascii")), "the browser runs", SECONDS)
            yield Browser(int(port.read_text(encoding="ascii").split()[0]))
        finally:
            browser.terminate()
