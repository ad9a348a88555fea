"""One test as it runs: new files become frames, frames estimates."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.progress import say
from slipfield.kinds.slip.live.arrivals import Arrival, Arrivals, Mark
from slipfield.kinds.slip.live.enough import Enough
from slipfield.kinds.slip.live.frames import Frame, FrameReader, readings_at
from slipfield.kinds.slip.live.plan import Plan
from slipfield.kinds.slip.live.record import Row
from slipfield.kinds.slip.live.recursion import State
from slipfield.kinds.slip.measure.readers.frames import name_pattern
from slipfield.kinds.slip.measure.times import MOST_FRAMES

PATIENCE_S = 10.0
"""Seconds that a frame is waited for which is missing, empty or unreadable while later ones are
there. If it comes after all, the test begins again with it."""

UNUSUAL = {
    "strain": "strain maps: further from the model than in 99 % of its training; check --scale, "
    "--origin or --corner, and how the grain map lies",
    "load": "load: further from what the strain maps say than in 99 % of the training; check clock "
    "and unit of the load table, and the thickness",
}

NO_LOADS = (
    "{why}: no frame has a load, and strain maps alone tell little of the common scale of k1, k2 "
    "and k3. Put the table into {folder}, or name it with --load-table, and start again with "
    "another output"
)


@dataclass
class RunningTest:
    """Frames so far, and the recursion over them.

    Attributes
    ----------
    copy : folder of the copy of the load table's whole lines.
    percent : half-width of the intervals that is asked for, or None.
    tell : shows a sentence to the user.
    notes : what was left out, in sentences.
    no_loads : why the frames so far have no load; empty if they have.
    """

    plan: Plan
    reader: FrameReader
    arrivals: Arrivals
    copy: Path
    percent: float | None
    tell: Callable[[str], None] = say
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    no_loads: str = ""
    _marks: list[tuple[Arrival, Mark | None]] = field(default_factory=list)
    _frames: list[Frame] = field(default_factory=list)
    _waiting: dict[str, float] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

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
    def files(self) -> list[Path]:
        """Files of the frames that were read."""
        return [self.arrivals.folder / row.file for row in self.rows]

    def take(self, patient: bool = True, show: Callable[[Row], None] = lambda row: None) -> int:
        """Take in what has arrived; returns the number of new rows.

        A file that changed after it was read makes the test begin again from its files, and so
        does one that comes between others. One that is gone after it was read does not.

        Parameters
        ----------
        patient : wait for a frame that is missing or cannot be read yet; otherwise leave it out at
            once.
        show : is called with each new row.
        """
        try:
            there = self.arrivals.frames(self.files)
        except OSError as error:
            self._say(f"{self.arrivals.folder}: {error.strerror}; waiting for it")
            return 0
        for name, _, why in self._strange():
            self._say(f"{name} is left out: {why}")
        if not self.arrivals.table_path.exists():
            self._without_loads(f"{self.arrivals.table_path}: not there")
        before = len(self.rows)
        if self._changed(there):
            self._begin()
            before = 0
            self.tell("files changed: the test begins again from those that are there")
        readable = [each for each in there if not each.trouble]
        for arrival in there[len(self._marks) :]:
            if not readable or arrival.number > readable[-1].number:
                break
            if not self._take_one(arrival, patient, show):
                break
        return len(self.rows) - before

    def _take_one(self, arrival: Arrival, patient: bool, show: Callable[[Row], None]) -> bool:
        """Read one file, or leave it out; False: it is waited for."""
        name, expected = arrival.path.name, self._marks[-1][0].number + 1 if self._marks else 0
        missing = arrival.number - expected
        if missing and self._waits(f"{name} waits: a frame before it is missing", patient):
            return False
        began, mark = _clocks(), Mark.of(arrival.path)
        problem, frame = arrival.trouble, None
        if not problem:
            try:
                frame = self.reader.read(arrival.path, arrival.number)
            except SlipfieldError as error:
                problem = str(error)
        if problem and self._waits(f"{name} is waited for: {problem}", patient):
            return False
        read = _clocks() - began
        self._marks.append((arrival, mark))
        if missing:
            self._note(f"{missing} frame{'s' * (missing > 1)} before {name} missing")
        if frame is None:
            self._note(f"{name} was left out: {problem}")
        else:
            self._add(frame, arrival, began, read)
            show(self.rows[-1])
        return True

    def _waits(self, why: str, patient: bool) -> bool:
        """Whether to wait on for a reason, which is told."""
        if not patient:
            return False
        self._say(why)
        now = time.monotonic()
        return now - self._waiting.setdefault(why, now) < PATIENCE_S

    def _changed(self, there: list[Arrival]) -> bool:
        """Whether files are not those that were read, or left out."""
        known = [(each.number, each.path) for each, _ in self._marks]
        if [(each.number, each.path) for each in there[: len(known)]] != known:
            return True
        read = set(self.files)
        now = [(each.path, Mark.of(each.path), mark) for each, mark in self._marks]
        return any(new != old and (new or path not in read) for path, new, old in now)

    @property
    def lacks_load(self) -> bool:
        """Whether the load table has not come to the last frame yet, which is told.

        A table without an end of its last line has, once nobody writes it any more.
        """
        table = self.arrivals.table_path
        if not self.rows or not table.exists():
            return False
        copy, last = self.copy / table.name, [self.rows[-1].time]
        for form in (copy, *([table] if self.arrivals.settled(table) else [])):
            try:
                self.arrivals.load_table(copy)
                loads, _ = readings_at(form, last, self.reader.data, self.reader.recipe)
            except SlipfieldError:
                continue
            if np.isfinite(loads).all():
                return False
        self._say(f"{table.name} is waited for: it has no load at {last[0]:g} s, the last frame's")
        return True

    def close(self) -> None:
        """Note what of the folder does not count, as the test is over."""
        last = self._marks[-1][0].number if self._marks else -1
        for arrival in self.arrivals.frames(self.files):
            if arrival.number > last and arrival.trouble:
                self._note(f"{arrival.path.name} was left out: {arrival.trouble}")
        for name, others, why in self._strange():
            more = f" and {others} like it were" if others else " was"
            self.notes.append(f"{name}{more} left out: {why}")
        if self.no_loads and not self.arrivals.table_path.exists():
            self._note(NO_LOADS.format(why=self.no_loads, folder=self.arrivals.folder))

    def _strange(self) -> list[tuple[str, int, str]]:
        """Files that are no frames: name, number of others with such a name, and why."""
        alike: dict[tuple[str, str], list[str]] = {}
        for path, why in self.arrivals.strange.items():
            alike.setdefault((name_pattern(path), why), []).append(path.name)
        return [(names[0], len(names) - 1, why) for (_, why), names in alike.items()]

    def _note(self, sentence: str) -> None:
        self.notes.append(sentence)
        self._say(sentence)

    def _say(self, sentence: str) -> None:
        """Tell a sentence, once."""
        if sentence not in self._told:
            self._told.add(sentence)
            self.tell(sentence)

    def _add(self, frame: Frame, arrival: Arrival, began: np.ndarray, read: np.ndarray) -> None:
        """Take in one frame, and estimate if a group of frames is complete."""
        name, state, says = arrival.path.name, None, ""
        if frame.time > 0:
            self._frames.append(frame)
            if len(self._frames) % self.each == 0:
                try:
                    state = self._estimate()
                    says = self.enough.judge(state) if state else ""
                except SlipfieldError as error:
                    self._note(f"{name}: no estimate: {error}")
        spent = np.array([_clocks() - began, read])
        row = Row(arrival.number, name, frame.time, frame.elongation, state, spent, says)
        self.rows.append(row)

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
        state = self.recursion.state(loads.reshape(-1, self.each).mean(axis=1))
        for name, misfit in state.answer.unusual.items():
            if misfit > 1:
                self._say(UNUSUAL[name])
        return state

    def _readings(self, times: list[float]) -> np.ndarray:
        """Loads and elongations (2, frames); NaN if the table cannot be read now, which is told."""
        copy = self.copy / self.arrivals.table
        try:
            self.arrivals.load_table(copy)
            found = np.array(readings_at(copy, times, self.reader.data, self.reader.recipe))
        except SlipfieldError as error:
            self._without_loads(self.arrivals.own_name(str(error), copy))
            return np.full((2, len(times)), np.nan)
        if self.no_loads:
            self.no_loads = ""
            self.tell(f"{self.arrivals.table_path}: can be read now")
        return found

    def _without_loads(self, why: str) -> None:
        again = _without_numbers(why) == _without_numbers(self.no_loads)
        self.no_loads = why
        if not again:
            self._say(f"{why}: until it can be read the frames have no loads")

    def _run_time(self, frame: Frame, pull: float) -> float:
        """Time of the run that a frame is compared at, by its elongation or the table's (mm)."""
        if self.reader.recipe.load["use_displacement"] and not self.no_loads:
            if np.isfinite(pull):
                return self.plan.run_time(frame.time, pull)
            return min(frame.time, float(self.plan.time[-1]))
        return self.plan.run_time(frame.time, frame.elongation)


def _without_numbers(sentence: str) -> str:
    return re.sub(r"[0-9.]+", "#", sentence)


def _clocks() -> np.ndarray:
    """Seconds (2,) on the clock, and of a core by this process."""
    return np.array([time.perf_counter(), time.process_time()])
