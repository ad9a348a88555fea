"""The folder in which a test's files arrive: complete frames, and the load table so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.frames import numbered

SETTLED_S = 1.0
"""Seconds for which a file must not have changed to be complete, unless a later one is there."""

NEWLINES = {b"\xff\xfe": b"\n\x00", b"\xfe\xff": b"\x00\n"}
"""Ends of lines by the byte order mark of UTF-16."""


@dataclass(frozen=True)
class Mark:
    """Size and time of the last change (ns) of a file: another one means other content."""

    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> Mark | None:
        """Mark of a file, None if it is not there."""
        try:
            state = path.stat()
        except OSError:
            return None
        return cls(state.st_size, state.st_mtime_ns)


@dataclass
class Arrivals:
    """Frames and load table of one test.

    Attributes
    ----------
    folder : where they arrive.
    suffix : that of the frames' files.
    table : name of the load table, which is no frame.
    settled_s : seconds for which a file must not have changed; 0: all that is there is complete.
    clock : gives seconds; for tests.
    held : files that were there at the last look, behind a frame that is missing.
    incomplete : the first file that was empty or not yet still at the last look, and those behind.
    """

    folder: Path
    suffix: str
    table: str
    settled_s: float = SETTLED_S
    clock: Callable[[], float] = time.monotonic
    held: list[Path] = field(default_factory=list)
    incomplete: list[Path] = field(default_factory=list)
    _seen: dict[Path, tuple[Mark, float]] = field(default_factory=dict)

    def frames(self) -> list[Path]:
        """Complete files of frames, in the order of their numbers, up to the first that is missing.

        A file is complete once it has not changed for a second, or a later one is there that is
        not empty.

        Raises
        ------
        SlipfieldError
            If a name has no number.
        """
        files = [
            path
            for path in self.folder.iterdir()
            if path.suffix.lower() == self.suffix.lower()
            and path.name != self.table
            and not path.name.startswith((".", "~"))
        ]
        there = numbered(files, gaps=True) if files else []
        files = _without_gap(there)
        self.held = there[len(files) :]
        settled = [self._settled(path) for path in files]
        later = False
        for number in range(len(files) - 1, -1, -1):
            mark = Mark.of(files[number])
            filled = mark is not None and mark.size > 0
            settled[number] = filled and (settled[number] or later)
            later = later or filled
        complete = settled.index(False) if False in settled else len(files)
        self.incomplete = files[complete:]
        return files[:complete]

    def _settled(self, path: Path) -> bool:
        mark, now = Mark.of(path), self.clock()
        if mark is None:
            return False
        before = self._seen.get(path)
        if before is None or before[0] != mark:
            age = time.time() - mark.changed / 1e9
            self._seen[path] = (mark, now - min(max(age, 0.0), self.settled_s))
        return now - self._seen[path][1] > self.settled_s - 1e-9

    def load_table(self, copy: Path) -> Path | None:
        """Copy of the whole lines of the load table; None if it is not there or has none."""
        try:
            content = (self.folder / self.table).read_bytes()
        except OSError:
            return None
        newline = NEWLINES.get(content[:2], b"\n")
        end = content.rfind(newline)
        if end < 0:
            return None
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content[: end + len(newline)])
        return copy


def _without_gap(files: Sequence[Path]) -> list[Path]:
    """Files (in order) up to the first number that is missing: that frame is still to come."""
    for count in range(len(files), 2, -1):
        try:
            return numbered(files[:count])
        except SlipfieldError:
            continue
    return list(files[:2])
