"""Progress of long work: a bar with an ETA on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track as rich_track

Item = TypeVar("Item")


def track(items: Sequence[Item], text: str, quiet: bool = False) -> Iterable[Item]:
    """Iterate over ``items`` and show progress on stderr (not at all if ``quiet``)."""
    if quiet:
        return items
    if sys.stderr.isatty():
        return rich_track(items, text, console=Console(stderr=True))
    return _lines(items, text)


def _lines(items: Sequence[Item], text: str) -> Iterator[Item]:
    started = time.monotonic()
    for number, item in enumerate(items):
        yield item
        elapsed = time.monotonic() - started
        left = elapsed / (number + 1) * (len(items) - number - 1)
        print(
            f"{text}: {number + 1}/{len(items)}, {elapsed:.1f} s, {left:.0f} s left",
            file=sys.stderr,
            flush=True,
        )
