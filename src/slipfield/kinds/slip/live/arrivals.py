"""The folder in which a test's files arrive: frames in their order, and the load table so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import multimode

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.frames import frame_numbers, name_pattern

SETTLED_S = 1.0
"""Seconds for which a file must not have changed to be complete, unless a later one is there."""

ENDS = {b"\xff\xfe": (b"\n\x00", b"\r\x00"), b"\xfe\xff": (b"\x00\n", b"\x00\r")}
"""Ends of lines by the byte order mark of UTF-16."""

EVEN = 1e-6
"""Distance of a number from the series of the others, in steps of it, that is rounding."""


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


@dataclass(frozen=True)
class Arrival:
    """A file of a frame: its number in the test, from 0, and why it cannot be read yet, if so."""

    number: int
    path: Path
    trouble: str = ""


@dataclass
class Arrivals:
    """Frames and load table of one test.

    Attributes
    ----------
    folder : where they arrive.
    first : files of the first frames; the others have names like theirs, and higher numbers.
    table : name of the load table, which is no frame.
    settled_s : seconds for which a file must not have changed; 0: all that is there is complete.
    clock : gives seconds; for tests.
    strange : files that were no frames at the last look, and why.
    """

    folder: Path
    first: Sequence[Path]
    table: str
    settled_s: float = SETTLED_S
    clock: Callable[[], float] = time.monotonic
    strange: dict[Path, str] = field(default_factory=dict)
    _seen: dict[Path, tuple[Mark, float]] = field(default_factory=dict)

    def frames(self, read: Collection[Path] = ()) -> list[Arrival]:
        """Files of frames in the order of their numbers.

        A file is complete once it has not changed for a second, or a later one is there that is
        not empty. What is no frame is put into ``strange``.

        Parameters
        ----------
        read : files that were frames before, and are in their places even if they are gone.

        Raises
        ------
        OSError
            If the folder cannot be looked into.
        """
        files, numbers = self._series(self._named(read), read)
        troubles, later = [], False
        for path in reversed(files):
            mark = Mark.of(path)
            still = self.settled(path) or later
            if mark is None:
                troubles.append("is not there any more")
            elif not mark.size:
                troubles.append("is empty")
            else:
                troubles.append("" if still else "is still being written")
                later = True
        return [Arrival(*each) for each in zip(numbers, files, reversed(troubles), strict=True)]

    def _named(self, read: Collection[Path]) -> list[Path]:
        """Files that have names of frames."""
        self.strange = {}
        suffix, patterns = self.first[0].suffix.lower(), set(map(name_pattern, self.first))
        like = f"its name is not like that of {self.first[0].name}"
        found = []
        for path in sorted({*self.folder.iterdir(), *self.first, *read}):
            if path.suffix.lower() != suffix or path.name == self.table or path.name[0] in ".~":
                continue
            if path.is_dir():
                self.strange[path] = "it is a folder"
            elif name_pattern(path) not in patterns:
                self.strange[path] = like
            else:
                found.append(path)
        return found

    def _series(self, files: list[Path], read: Collection[Path]) -> tuple[list[Path], list[int]]:
        """Files in order, and their places from 0 (the first one imported) by their numbers."""
        known = {*self.first, *read}
        files = sorted(files, key=lambda path: (path not in known, _age(path)))  # the newest last
        numbers: dict[Path, float] = {}
        while files:
            try:
                numbers = dict(zip(files, frame_numbers(files).tolist(), strict=True))
                break
            except SlipfieldError as error:
                if files[-1] in known:
                    raise
                self.strange[files.pop()] = str(error)
        start = numbers[self.first[0]]
        owners: dict[float, Path] = {}
        for path, number in numbers.items():
            owner = owners.setdefault(number, path)
            if owner != path:
                self.strange[path] = f"it has the number of {owner.name}"
            elif number < start:
                self.strange[path] = f"its number is below that of {self.first[0].name}"
        places = _places({n: path for n, path in owners.items() if n >= start})
        for path, place in places.items():
            if place is None:
                self.strange[path] = "its number does not fit into those of the other frames"
        order = {path: place for path, place in places.items() if place is not None}
        return list(order), list(order.values())

    def settled(self, path: Path) -> bool:
        """Whether a file has been there, and has not changed, for ``settled_s``."""
        mark, now = Mark.of(path), self.clock()
        if mark is None:
            return False
        before = self._seen.get(path)
        if before is None or before[0] != mark:
            age = time.time() - mark.changed / 1e9
            self._seen[path] = (mark, now - min(max(age, 0.0), self.settled_s))
        return now - self._seen[path][1] > self.settled_s - 1e-9

    @property
    def table_path(self) -> Path:
        """The load table."""
        return self.folder / self.table

    def load_table(self, copy: Path) -> Path:
        """Copy of the whole lines of the load table.

        Raises
        ------
        SlipfieldError
            If it is not there, cannot be read, or has none.
        """
        try:
            content = self.table_path.read_bytes()
        except FileNotFoundError:
            raise SlipfieldError(f"{self.table_path}: not there") from None
        except OSError as error:
            raise SlipfieldError(f"{self.table_path}: cannot be read: {error.strerror}") from error
        end = _end_of_lines(content)
        if not end:
            raise SlipfieldError(f"{self.table_path}: holds no whole line")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content[:end])
        return copy

    def own_name(self, message: str, copy: Path) -> str:
        """Message about a copy of the load table, by the name that its user knows."""
        return message.replace(str(copy), str(self.table_path))


def _age(path: Path) -> float:
    """Time of the last change, s; 0 of a file that is gone."""
    mark = Mark.of(path)
    return 0.0 if mark is None else mark.changed / 1e9


def _places(owners: dict[float, Path]) -> dict[Path, int | None]:
    """Places from 0 of files by their numbers, in order; None: not a whole number of steps.

    The step is that which most neighbours have, the smaller one if in doubt: numbers may count
    frames, images of which every tenth was correlated, or seconds.
    """
    numbers = np.array(sorted(owners))
    steps = np.diff(numbers)
    step = min(multimode(np.round(steps, 9).tolist())) if len(steps) else 1.0
    places = (numbers - numbers[0]) / step
    whole = np.rint(places)
    fits = np.abs(places - whole) <= EVEN * np.maximum(whole, 1)
    return {
        owners[number]: int(place) if fit else None
        for number, place, fit in zip(numbers.tolist(), whole, fits, strict=True)
    }


def _end_of_lines(content: bytes) -> int:
    """Length of the whole lines of a text; they end with a line feed, or a carriage return."""
    ends = [content.rfind(end) + len(end) for end in ENDS.get(content[:2], (b"\n", b"\r"))]
    return max(end if end > 1 else 0 for end in ends)
