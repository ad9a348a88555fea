"""A real headless Chromium that opens pages and says what a reader would see (DevTools pipe)."""

import base64
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome-headless-shell")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
NARROW = 400
SMALLEST_PIXELS = 11
LOOK = """(() => {
  const shown = document.documentElement, text = document.body.cloneNode(true);
  for (const part of text.querySelectorAll('pre')) part.remove();
  const letters = [...document.querySelectorAll('body *')].filter(
    part => [...part.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  return JSON.stringify({
    text: text.textContent,
    pictures: document.images.length,
    missing: [...document.images].filter(one => !one.naturalWidth).map(one => one.alt),
    wider: shown.scrollWidth - shown.clientWidth,
    sticking_out: [...document.querySelectorAll('body *')].filter(
      part => !part.closest('.scroll, pre')
        && part.getBoundingClientRect().right > shown.clientWidth + 1
    ).map(part => part.tagName + ' ' + part.textContent.trim().slice(0, 40)),
    smallest: Math.min(...letters.map(part => parseFloat(getComputedStyle(part).fontSize))),
  });
})()"""


def program() -> str | None:
    """Chromium of this machine, if it has one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One process of Chromium; to be used in a ``with`` statement."""

    def __init__(self, start: str, profile: Path) -> None:
        here, self._to = os.pipe()
        self._answers, there = os.pipe()
        pipes = f'exec "$@" 3<&{here} 4>&{there}'
        options = [*OPTIONS, f"--user-data-dir={profile}", "--remote-debugging-pipe"]
        self._process = subprocess.Popen(
            ["bash", "-c", pipes, "browser", start, *options, "about:blank"],
            pass_fds=(here, there),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(here)
        os.close(there)
        self._session: str | None = None
        self._read, self._calls, self._events = os.fdopen(self._answers, "rb"), 0, []

    def __enter__(self) -> "Browser":
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        return self

    def __exit__(self, *_) -> None:
        self._session = None
        self._call("Browser.close")
        self._process.wait(timeout=30)
        os.close(self._to)
        self._read.close()

    def look(self, page: Path, width: int = NARROW) -> dict:
        """What the page shows at that width, and the ``errors`` of its parts."""
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", **size)
        self._events.clear()
        answer = self._call("Page.navigate", url=page.resolve().as_uri())
        assert "errorText" not in answer, answer
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._events.append(self._message())
        seen = json.loads(self._call("Runtime.evaluate", expression=LOOK)["result"]["value"])
        return {**seen, "errors": [line for line in map(_complaint, self._events) if line]}

    def printed(self) -> bytes:
        """PDF of the page that was looked at last."""
        return base64.b64decode(self._call("Page.printToPDF", preferCSSPageSize=True)["data"])

    def _call(self, method: str, **parameters) -> dict:
        self._calls += 1
        content = {"id": self._calls, "method": method, "params": parameters}
        if self._session:
            content["sessionId"] = self._session
        os.write(self._to, json.dumps(content).encode() + b"\0")
        while (answer := self._message()).get("id") != self._calls:
            self._events.append(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _message(self) -> dict:
        letters = bytearray()
        while (letter := self._read.read(1)) != b"\0":
            assert letter, f"the browser ended with status {self._process.poll()}"
            letters += letter
        return json.loads(letters)


EXPONENT = re.compile(r"\b\d(?:\.\d+)?e[+-]\d+ ?%|\b\d(?:\.\d+)?e[+]\d+\b|\bnan\b")
"""What no reader wants to meet: 1e+02 %, 1.5e+03, nan."""


def check_readable(browser: Browser, page: Path) -> None:
    """Refuse a page that complains, lacks a picture, or cannot be read on a narrow screen."""
    seen = browser.look(page)
    assert seen["errors"] == [] and seen["missing"] == []
    assert seen["pictures"] == page.read_text().count("<img ")
    assert seen["wider"] <= 0 and seen["sticking_out"] == []
    assert seen["smallest"] >= SMALLEST_PIXELS
    assert EXPONENT.findall(seen["text"]) == []
    assert browser.printed().startswith(b"%PDF")


def _complaint(event: dict) -> str:
    """What an event of DevTools complains about, or ""."""
    method, told = event.get("method", ""), event.get("params", {})
    if method == "Runtime.exceptionThrown":
        return told["exceptionDetails"]["text"]
    if method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
        return str([each.get("value") for each in told["args"]])
    if method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
        return told["entry"]["text"]
    if method == "Network.loadingFailed":
        return told["errorText"]
    return ""
