"""One test as it runs: new files become frames, frames estimates."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.live.arrivals import Arrivals, Mark
from slipfield.kinds.slip.live.enough import Enough
from slipfield.kinds.slip.live.frames import Frame, FrameReader, readings_at
from slipfield.kinds.slip.live.plan import Plan
from slipfield.kinds.slip.live.record import Row
from slipfield.kinds.slip.live.recursion import State
from slipfield.kinds.slip.measure.times import MOST_FRAMES

PATIENCE_S = 10.0
"""Seconds after which a complete file that cannot be read is left out."""


@dataclass
class RunningTest:
    """Frames so far, and the recursion over them.

    Attributes
    ----------
    table : copy of the load table's whole lines.
    percent : half-width of the intervals that is asked for, or None.
    notes : what was left out, in sentences.
    """

    plan: Plan
    reader: FrameReader
    arrivals: Arrivals
    table: Path
    percent: float | None
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _marks: list[tuple[Path, Mark | None]] = field(default_factory=list)
    _frames: list[Frame] = field(default_factory=list)
    _waiting: dict[Path, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.recursion, self.enough = self.plan.recursion.fresh(), Enough(self.percent)
        self.reached = 0.0
        for part in (self.rows, self.notes, self._marks, self._frames, self._waiting):
            part.clear()

    @property
    def each(self) -> int:
        """Frames that are averaged to one, as a finished test of the planned length has them."""
        interval = self.reader.recipe.strain.interval
        if interval is None:
            return 1
        count = self.plan.time[-1] / interval
        return max(1, int(np.ceil(count / (MOST_FRAMES * len(self.recursion.wanted)) - 1e-9)))

    @property
    def ended(self) -> bool:
        """Whether the last frame lies at the end of the planned loading."""
        return self.plan.complete(self.reached)

    @property
    def whole(self) -> bool:
        """Whether no frame was left out."""
        return len(self.rows) == len(self._marks)

    def take(self, patient: bool = True, show: Callable[[Row], None] = lambda row: None) -> int:
        """Take in what has arrived; returns the number of new rows.

        A file that changed after it was read makes the test begin again from its files.

        Parameters
        ----------
        patient : wait for a file that cannot be read yet; otherwise leave it out at once.
        show : is called with each new row.
        """
        files, before = self.arrivals.frames(), len(self.rows)
        known = [path for path, _ in self._marks]
        if files[: len(known)] != known or any(Mark.of(p) != mark for p, mark in self._marks):
            self._begin()
            before = 0
        for path in files[len(self._marks) :]:
            began, mark = _clocks(), Mark.of(path)
            try:
                frame = self.reader.read(path, len(self._marks))
            except SlipfieldError as error:
                since = self._waiting.setdefault(path, time.monotonic())
                if patient and time.monotonic() - since < PATIENCE_S:
                    break
                self.notes.append(f"{path.name} was left out: {error}")
                self._marks.append((path, mark))
                continue
            read = _clocks() - began
            self._marks.append((path, mark))
            self._add(frame, path, began, read)
            show(self.rows[-1])
        return len(self.rows) - before

    def _add(self, frame: Frame, path: Path, began: np.ndarray, read: np.ndarray) -> None:
        """Take in one frame, and estimate if a group of frames is complete."""
        state, says = None, ""
        if frame.time > 0:
            self._frames.append(frame)
            if len(self._frames) % self.each == 0:
                try:
                    state = self._estimate()
                    says = self.enough.judge(state) if state else ""
                except SlipfieldError as error:
                    self.notes.append(f"{path.name}: no estimate: {error}")
        number, spent = len(self._marks) - 1, np.array([_clocks() - began, read])
        self.rows.append(Row(number, path.name, frame.time, frame.elongation, state, spent, says))

    def _estimate(self) -> State | None:
        """Estimate after the last group of frames; None before the first output of the model."""
        times = [frame.time for frame in self._frames]
        loads, pulls = self._readings(times)
        group = list(zip(self._frames, pulls, strict=True))[-self.each :]
        at = [self._run_time(frame, pull) for frame, pull in group]
        points = np.mean([self.plan.points(frame.strain) for frame, _ in group], axis=0)
        try:
            self.recursion.add(float(np.mean(at)), points)
        except SlipfieldError:
            del self._frames[-self.each :]  # the recursion has as many as loads are given
            raise
        self.reached = at[-1]
        if not self.recursion.reached.any():
            return None
        return self.recursion.state(loads.reshape(-1, self.each).mean(axis=1))

    def _readings(self, times: list[float]) -> np.ndarray:
        """Loads and elongations (2, frames); NaN, and a note, if the table cannot be read now."""
        try:
            copy = self.arrivals.load_table(self.table)
            return np.array(readings_at(copy, times, self.reader.data, self.reader.recipe))
        except SlipfieldError as error:
            if not any(str(error) in note for note in self.notes):
                self.notes.append(f"{self._marks[-1][0].name}: without loads: {error}")
            return np.full((2, len(times)), np.nan)

    def _run_time(self, frame: Frame, pull: float) -> float:
        """Time of the run that a frame is compared at, by its elongation or the table's (mm)."""
        if self.reader.recipe.load["use_displacement"]:
            if np.isfinite(pull):
                return self.plan.run_time(frame.time, pull)
            return min(frame.time, float(self.plan.time[-1]))
        return self.plan.run_time(frame.time, frame.elongation)


def _clocks() -> np.ndarray:
    """Seconds (2,) on the clock, and of a core by this process."""
    return np.array([time.perf_counter(), time.process_time()])
