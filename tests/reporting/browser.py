"""A browser without a window, spoken to in its own protocol over two pipes: no package needed."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-extensions", "--hide-scrollbars", "--remote-debugging-pipe"),
)
PATIENCE = 60  # seconds
SCHEMES_OF_PAGES = ("file:", "data:")


def found() -> str | None:
    """The browser there is, if any."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@dataclass
class Seen:
    """What a page did: messages on its console, errors, addresses it asked for."""

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def elsewhere(self) -> list[str]:
        """Requests that are not of the page itself."""
        return [url for url in self.requests if not url.startswith(SCHEMES_OF_PAGES)]


class Browser:
    """One browser; `page` opens a page in it."""

    def __init__(self, program: str, home: Path) -> None:
        to_read, self._write = _pipe()
        self._read, to_write = _pipe()
        # The browser reads commands from 3 and writes to 4.
        line = f'exec "$@" 3<&{to_read} 4>&{to_write} {to_read}<&- {to_write}>&-'
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", line, "browser", program, *FLAGS, f"--user-data-dir={home}"],
            pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._number = 0
        self._rest = b""
        self._events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **params: object) -> Any:
        """Ask for something and return the answer; what happens meanwhile is kept."""
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._number:
                assert "error" not in told, (method, told["error"])
                return told["result"]
            self._events.append(told)

    def events(self, session: str) -> list[dict[str, Any]]:
        """What has happened on a page since this was asked last."""
        told = [event for event in self._events if event.get("sessionId") == session]
        self._events = [event for event in self._events if event.get("sessionId") != session]
        return told

    def wait_for_load(self, loader: str) -> None:
        """Wait until a page is loaded; loader: what the browser calls this loading of it."""
        wanted = {"loaderId": loader, "name": "load"}
        while not any(wanted.items() <= event["params"].items() for event in self._events):
            self._events.append(self._next())

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select([self._read], [], [], PATIENCE)
            assert ready, "the browser says nothing"
            piece = os.read(self._read, 1 << 20)
            assert piece, "the browser is gone"
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        return told

    def close(self) -> None:
        """End it."""
        try:
            self.call("Browser.close")
        except (AssertionError, OSError):
            self.process.kill()
        self.process.wait(PATIENCE)
        os.close(self._write)
        os.close(self._read)

    @contextmanager
    def page(
        self,
        path: Path,
        *,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        printed: bool = False,
        scripts: bool = True,
    ) -> Iterator[Page]:
        """Open a file as a page."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            page.call(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        media = "print" if printed else ""
        page.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        page.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        size = {"width": width, "height": height, "deviceScaleFactor": 1}
        page.call("Emulation.setDeviceMetricsOverride", **size, mobile=width < 600)
        page.call("Page.setLifecycleEventsEnabled", enabled=True)
        self.events(session)
        loader = page.call("Page.navigate", url=path.as_uri())["loaderId"]
        self.wait_for_load(loader)
        try:
            yield page
        finally:
            self.call("Target.closeTarget", targetId=target)


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are none of the numbers that the browser wants for its own."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return high[0], high[1]


@dataclass
class Page:
    """A page that is open."""

    browser: Browser
    session: str
    seen: Seen = field(default_factory=Seen)

    def call(self, method: str, **params: object) -> Any:
        return self.browser.call(method, self.session, **params)

    def value(self, expression: str) -> Any:
        """The value of an expression of JavaScript, evaluated from outside of the page."""
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def happened(self) -> Seen:
        """What the page did so far."""
        for event in self.browser.events(self.session):
            params = event.get("params", {})
            match event.get("method"):
                case "Network.requestWillBeSent":
                    self.seen.requests.append(params["request"]["url"])
                case "Log.entryAdded":
                    self.seen.console.append(params["entry"]["text"])
                case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                    self.seen.console.append(json.dumps(params))
                case "Audits.issueAdded":
                    self.seen.console.append(json.dumps(params["issue"]))
        return self.seen

    def press(self, key: str, code: int) -> None:
        """Press a key."""
        told: Mapping[str, object] = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        text = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **told, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **told)

    def tree(self) -> Sequence[Mapping[str, Any]]:
        """What assistive technology is told."""
        nodes: list[Mapping[str, Any]] = self.call("Accessibility.getFullAXTree")["nodes"]
        return nodes

    def picture(self, path: Path, clip: Mapping[str, float] | None = None) -> None:
        """Take a picture of the page, for eyes."""
        more = {} if clip is None else {"clip": {**clip, "scale": 1}, "captureBeyondViewport": True}
        data = self.call("Page.captureScreenshot", format="png", **more)["data"]
        path.write_bytes(base64.b64decode(data))
