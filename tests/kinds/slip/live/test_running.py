"""A running test whose files are wrong for a while: frames stay in step with their loads."""

from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.live import running
from slipfield.kinds.slip.live.arrivals import Arrivals
from slipfield.kinds.slip.live.frames import Frame


class Counting:
    """A recursion that only keeps its frames, as many as loads are given."""

    wanted = np.array([1.0, 2.0])
    reached = np.array([True, False])
    unusual: ClassVar = {}

    def __init__(self):
        self.times = []

    def fresh(self):
        return Counting()

    def add(self, at, points):
        if self.times and at <= self.times[-1]:
            raise SlipfieldError("not beyond the last one")
        self.times.append(at)

    def state(self, load):
        assert load.shape == (len(self.times),)
        return SimpleNamespace(answer=SimpleNamespace(unusual=self.unusual), load=load)


class Reader:
    data = None
    recipe = SimpleNamespace(
        strain=SimpleNamespace(interval=None), load={"use_displacement": False}
    )

    def read(self, path, number):
        text = path.read_text()
        if not text.replace(".", "").isdigit():
            raise SlipfieldError("the file is truncated")
        return Frame(number + 1.0, float(text), np.zeros(3))


@pytest.fixture
def trial(tmp_path, monkeypatch):
    plan = SimpleNamespace(
        recursion=Counting(),
        run_time=lambda time, elongation: elongation,
        points=lambda strain: strain,
        complete=lambda reached: False,
        time=np.array([1.0, 9.0]),
    )
    arrivals = Arrivals(tmp_path, [tmp_path / "f1.csv"], "load.csv", settled_s=0.0)
    monkeypatch.setattr(running.Enough, "judge", lambda self, state: "")
    told = []
    found = running.RunningTest(plan, Reader(), arrivals, tmp_path / "work", None, told.append)
    found.told = told
    return found


def write(trial, *texts):
    """Write frames, from the first one, as far as they are not there with that text."""
    for number, text in enumerate(texts, start=1):
        path = trial.arrivals.folder / f"f{number}.csv"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def files(trial):
    return [row.file for row in trial.rows]


@pytest.fixture
def loads(trial, monkeypatch):
    """A load table that can be read."""
    (trial.arrivals.folder / "load.csv").write_text("time\n")
    monkeypatch.setattr(running, "readings_at", lambda table, times, *_: np.ones((2, len(times))))


def test_frames_go_on_while_the_load_table_cannot_be_read(trial, monkeypatch):
    table = trial.arrivals.folder / "load.csv"
    write(trial, "1")
    trial.take(False)
    assert trial.told == [f"{table}: not there: until it can be read the frames have no loads"]

    def broken(table, *_):
        raise SlipfieldError(f"{table}: line 4 is no number")

    table.write_text("time\n")
    write(trial, "1", "2")
    monkeypatch.setattr(running, "readings_at", broken)
    assert trial.take(False) == 1
    assert trial.recursion.times == [1.0, 2.0]
    assert trial.told[1:] == [
        f"{table}: line 4 is no number: until it can be read the frames have no loads"
    ]
    monkeypatch.setattr(running, "readings_at", lambda table, times, *_: np.ones((2, len(times))))
    write(trial, "1", "2", "3")
    trial.take(False)
    assert trial.recursion.times[-1] == 3.0 and (trial.rows[-1].state.load == 1).all()
    assert trial.told[2:] == [f"{table}: can be read now"]
    trial.close()
    assert trial.notes == []


def test_a_table_that_begins_late_is_told_once_and_left_to_the_end(trial, monkeypatch):
    def late(table, times, *_):
        raise SlipfieldError(f"{table}: covers 60 to 100 s, but the frames lie at 1 to {times[-1]}")

    (trial.arrivals.folder / "load.csv").write_text("time\n")
    monkeypatch.setattr(running, "readings_at", late)
    write(trial, "1", "2", "3")
    assert trial.take(False) == 3 and len(trial.told) == 1
    trial.close()
    assert trial.notes == []


def test_a_load_table_that_never_came_is_noted(trial):
    write(trial, "1", "2")
    trial.take(False)
    trial.close()
    (note,) = trial.notes
    assert "load.csv: not there: no frame has a load" in note and "--load-table" in note
    assert trial.told[-1] == note


def test_a_frame_that_is_not_beyond_the_last_one_does_not_shift_loads(trial, loads):
    write(trial, "1", "1", "2")
    assert trial.take(False) == 3
    assert trial.recursion.times == [1.0, 2.0]
    assert trial.notes == ["f2.csv: no estimate: not beyond the last one"] == trial.told


def test_what_was_left_out_is_forgotten_when_the_test_begins_again(trial, loads):
    write(trial, "1", "half", "3")
    trial.take(False)
    assert trial.notes == ["f2.csv was left out: the file is truncated"]
    write(trial, "1", "2.5", "3")
    trial.take(False)
    assert trial.notes == [] and trial.recursion.times == [1.0, 2.5, 3.0]
    assert trial.told[1:] == ["files changed: the test begins again from those that are there"]


def test_an_empty_frame_and_a_missing_one_are_waited_for_and_then_left_out(
    trial, loads, monkeypatch
):
    write(trial, "1", "", "3")
    (trial.arrivals.folder / "f6.csv").write_text("6")
    assert trial.take() == 1 and trial.told == ["f2.csv is waited for: is empty"]
    monkeypatch.setattr(running, "PATIENCE_S", 0.0)
    assert trial.take() == 2 and trial.recursion.times == [1.0, 3.0, 6.0]
    assert [row.time for row in trial.rows] == [1.0, 3.0, 6.0]
    assert trial.notes == ["f2.csv was left out: is empty", "2 frames before f6.csv missing"]
    write(trial, "1", "2", "3", "4", "5")
    trial.take()
    assert trial.recursion.times == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] and not trial.notes


def test_what_is_no_frame_is_told_at_once_and_ends_nothing(trial, loads):
    write(trial, "1", "2")
    trial.take(False)
    for number in (1, 2, 3):
        (trial.arrivals.folder / f"temperature_{number}.csv").write_text("20")
    assert trial.take(False) == 0
    unlike = "its name is not like that of f1.csv"
    assert trial.told == [f"temperature_1.csv is left out: {unlike}"]
    write(trial, "1", "2", "3")
    assert trial.take(False) == 1 and len(trial.told) == 1
    trial.close()
    assert trial.notes == [f"temperature_1.csv and 2 like it were left out: {unlike}"]


def test_a_frame_that_is_taken_away_after_it_was_read_stays(trial, loads):
    write(trial, "1", "2", "3")
    trial.take(False)
    (trial.arrivals.folder / "f2.csv").unlink()
    (trial.arrivals.folder / "f4.csv").write_text("4")
    assert trial.take() == 1 and trial.recursion.times == [1.0, 2.0, 3.0, 4.0]
    write(trial, "1", "2.5", "3", "4")
    trial.take()
    assert trial.recursion.times == [1.0, 2.5, 3.0, 4.0]


def test_a_folder_that_cannot_be_looked_into_is_waited_for(trial, loads):
    write(trial, "1", "2")
    trial.take(False)
    folder = trial.arrivals.folder
    folder.rename(folder.with_name("away"))
    assert trial.take() == 0 and "waiting for it" in trial.told[-1]
    folder.with_name("away").rename(folder)
    write(trial, "1", "2", "3")
    assert trial.take() == 1 and files(trial) == ["f1.csv", "f2.csv", "f3.csv"]


def test_loads_that_do_not_fit_are_told_while_the_test_runs(trial, loads, monkeypatch):
    monkeypatch.setattr(Counting, "unusual", {"strain": 0.4, "load": 3.0})
    write(trial, "1", "2")
    trial.take(False)
    (told,) = trial.told
    assert told.startswith("load: ") and "clock" in told


@pytest.mark.parametrize("settled_s", [0.0, 60.0])
def test_the_load_of_the_last_frame_is_waited_for(trial, monkeypatch, settled_s):
    """The last line of a table counts without its end if nobody writes the table any more."""
    table = trial.arrivals.folder / "load.csv"

    def up_to(path, times, *_):
        lines = path.read_text().split()
        return np.where(np.array(times) <= len(lines), 1.0, np.nan) * np.ones((2, 1))

    monkeypatch.setattr(running, "readings_at", up_to)
    write(trial, "1", "2", "3")
    trial.take(False)
    assert not trial.lacks_load
    trial.arrivals.settled_s = settled_s
    for text, lacks in (("1\n2\n", True), ("1\n2\n3", settled_s > 0), ("1\n2\n3\n", False)):
        table.write_text(text)
        assert trial.lacks_load == lacks
    assert trial.told.count("load.csv is waited for: it has no load at 3 s, the last frame's") == 1
