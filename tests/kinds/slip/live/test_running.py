"""A running test whose files are wrong for a while: frames stay in step with their loads."""

from types import SimpleNamespace

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


class Reader:
    data = None
    recipe = SimpleNamespace(
        strain=SimpleNamespace(interval=None), load={"use_displacement": False}
    )

    def read(self, path, number):
        text = path.read_text()
        if text == "half":
            raise SlipfieldError("the file is truncated")
        return Frame(number + 1.0, float(text), np.zeros(3))


@pytest.fixture
def trial(tmp_path):
    plan = SimpleNamespace(
        recursion=Counting(),
        run_time=lambda time, elongation: elongation,
        points=lambda strain: strain,
        complete=lambda reached: False,
        time=np.array([1.0, 9.0]),
    )
    arrivals = Arrivals(tmp_path, ".csv", "load.csv", settled_s=0.0)
    return running.RunningTest(plan, Reader(), arrivals, tmp_path / "work" / "load.csv", None)


def write(trial, *texts):
    for number, text in enumerate(texts, start=1):
        (trial.arrivals.folder / f"f{number}.csv").write_text(text)


def test_frames_go_on_while_the_load_table_cannot_be_read(trial, monkeypatch):
    def broken(*_):
        raise SlipfieldError("load.csv: line 4 is no number")

    write(trial, "1", "2")
    monkeypatch.setattr(running, "readings_at", broken)
    assert trial.take(False) == 2
    assert trial.recursion.times == [1.0, 2.0]
    assert trial.notes == ["f1.csv: without loads: load.csv: line 4 is no number"]
    monkeypatch.setattr(running, "readings_at", lambda table, times, *_: np.ones((2, len(times))))
    write(trial, "1", "2", "3")
    trial.take(False)
    assert trial.recursion.times[-1] == 3.0


def test_a_frame_that_is_not_beyond_the_last_one_does_not_shift_loads(trial):
    write(trial, "1", "1", "2")
    assert trial.take(False) == 3
    assert trial.recursion.times == [1.0, 2.0]
    assert trial.notes == ["f2.csv: no estimate: not beyond the last one"]


def test_what_was_left_out_is_forgotten_when_the_test_begins_again(trial):
    write(trial, "1", "half", "3")
    trial.take(False)
    assert len(trial.notes) == 1 and not trial.whole
    write(trial, "1", "2.5", "3")
    trial.take(False)
    assert trial.notes == [] and trial.whole


def test_frames_behind_an_empty_one_are_known(trial):
    write(trial, "1", "", "3")
    trial.take(False)
    assert [path.name for path in trial.arrivals.incomplete] == ["f2.csv", "f3.csv"]
