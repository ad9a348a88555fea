"""Progress with an estimate of the time left: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

SECONDS_BETWEEN_LINES = 5.0
Item = TypeVar("Item")


class Advance(Protocol):
    """Reports that one more round is done."""

    def __call__(self, note: str = "", count: int | None = None) -> None:
        """Show a short note; ``count`` says how many rounds are done if some were skipped."""


@contextmanager
def progress(title: str, total: int) -> Iterator[Advance]:
    """Show how far a loop of ``total`` rounds is; the block calls what it gets after each."""
    if sys.stderr.isatty():
        with _bar(title, total) as advance:
            yield advance
    else:
        yield _Lines(title, total)


def say(text: str) -> None:
    """Show a line about long work, beside its progress and not among the results."""
    print(text, file=sys.stderr, flush=True)


def track(items: Sequence[Item], title: str, quiet: bool = False) -> Iterator[Item]:
    """Go through ``items`` and show how far it is, unless ``quiet``."""
    if quiet:
        yield from items
        return
    with progress(title, len(items)) as advance:
        for item in items:
            yield item
            advance()


@contextmanager
def _bar(title: str, total: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeLeft()
    with Progress(*columns, TextColumn("{task.fields[note]}"), console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total, note="")

        def advance(note: str = "", count: int | None = None) -> None:
            bar.update(task, advance=None if count else 1, completed=count, note=note)

        yield advance


class _Lines:
    """Prints a line at the end, and at most one every few seconds before it."""

    def __init__(self, title: str, total: int) -> None:
        self.title, self.total = title, total
        self.rounds = self.count = 0
        self.start = self.last = time.monotonic()

    def __call__(self, note: str = "", count: int | None = None) -> None:
        self.rounds += 1
        self.count = self.count + 1 if count is None else count
        now = time.monotonic()
        if self.count < self.total and now - self.last < SECONDS_BETWEEN_LINES:
            return
        self.last = now
        left = (now - self.start) / self.rounds * (self.total - self.count)
        rest = f"{left:.0f} s left" if self.count < self.total else ""
        parts = f"{self.title}: {self.count}/{self.total}", note, rest
        say(", ".join(part for part in parts if part))
