"""A Chromium without a network, driven over its own pipe (the DevTools protocol)."""

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "disable-dev-shm-usage",
    "hide-scrollbars",
    "remote-debugging-pipe",
)
SECONDS = 60


def browser_path() -> str:
    """Return the Chromium on PATH; skip with words without one, or fail where CI requires it."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        if os.environ.get("REQUIRE_CHROMIUM") == "1":
            pytest.fail("REQUIRE_CHROMIUM=1 is set, and no Chromium is on PATH")
        pytest.skip("no Chromium on PATH: the page was not tried in a browser")
    return found


class Tab:
    """One tab: what it was asked, what its console said and what it tried to fetch."""

    def __init__(self, write: int, read: int) -> None:
        self.write, self.read = write, read
        self.number = 0
        self.rest = b""
        self.session: str | None = None
        self.console: list[str] = []
        self.requests: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: object) -> dict[str, Any]:
        self.number += 1
        message: dict[str, object] = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + SECONDS
        while (answer := self._next(deadline)).get("id") != self.number:
            self._note(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.read], [], [], max(0, deadline - time.monotonic()))
            assert ready, "the browser does not answer"
            self.rest += os.read(self.read, 1 << 20)
        message, _, self.rest = self.rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Runtime.consoleAPICalled":
                self.console.append(str([each.get("value") for each in params["args"]]))
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                self.console.append(details.get("exception", details).get("description", ""))
            case "Log.entryAdded":
                self.console.append(params["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])

    def open(self, url: str) -> None:
        """Open the page anew, also where only what is behind # differs, and wait for its charts."""
        for address in ("about:blank", url):
            self.requests.clear()
            self.ask("Page.navigate", url=address)
            deadline = time.monotonic() + SECONDS
            while self.run("[location.href, document.readyState]") != [address, "complete"]:
                assert time.monotonic() < deadline, f"{address} does not load"
                time.sleep(0.02)
        self.settle()

    def settle(self) -> None:
        self.run("new Promise((done) => setTimeout(done, 100))")

    def run(self, script: str) -> Any:  # noqa: ANN401  # whatever the script returns
        answer = self.ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str, code: int, *, text: str = "") -> None:
        event = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        down = {**event, "text": text} if text else event
        self.ask("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **down)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **event)

    def size(self, width: int, height: int = 900) -> None:
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def scheme(self, scheme: str, media: str = "") -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media=media, features=features)

    def picture(self, out: Path, *, whole: bool = True) -> None:
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=whole)
        out.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def tab_of(profile: Path) -> Iterator[Tab]:
    """Start a browser of its own and give its tab; it ends with the block."""
    path = browser_path()
    ours, theirs = os.pipe(), os.pipe()

    def hand_over() -> None:
        # The protocol is spoken on descriptors 3 and 4; both ends are moved out of the way first.
        read, write = os.dup(ours[0]), os.dup(theirs[1])
        os.dup2(read, 3)
        os.dup2(write, 4)

    process = subprocess.Popen(
        [path, *(f"--{option}" for option in OPTIONS), f"--user-data-dir={profile}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=False,
        preexec_fn=hand_over,  # noqa: PLW1509  # nothing else runs in the child
    )
    os.close(ours[0])
    os.close(theirs[1])
    try:
        yield Tab(ours[1], theirs[0])
    finally:
        os.close(ours[1])
        os.close(theirs[0])
        process.terminate()
        process.wait(timeout=SECONDS)
