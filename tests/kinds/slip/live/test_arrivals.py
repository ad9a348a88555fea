"""Which files of a folder count: half-written ones, missing numbers, tables that grow."""

import os

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.live.arrivals import SETTLED_S, Arrivals


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def arrivals(tmp_path):
    return Arrivals(tmp_path, ".csv", "load.csv", clock=Clock())


def names(arrivals):
    return [path.name for path in arrivals.frames()]


def write(folder, name, text="x\n"):
    (folder / name).write_text(text)


def test_a_file_counts_once_it_is_still_or_a_later_one_is_there(arrivals, tmp_path):
    write(tmp_path, "frame_001.csv")
    write(tmp_path, "load.csv")
    write(tmp_path, "notes.txt")
    assert names(arrivals) == []
    write(tmp_path, "frame_002.csv")
    assert names(arrivals) == ["frame_001.csv"]
    arrivals.clock.now += SETTLED_S + 0.1
    assert names(arrivals) == ["frame_001.csv", "frame_002.csv"]
    write(tmp_path, "frame_002.csv", "x\ny\n")
    assert names(arrivals) == ["frame_001.csv"]


def test_an_empty_file_is_no_frame_and_holds_up_later_ones(arrivals, tmp_path):
    for name, text in (("f1.csv", "x\n"), ("f2.csv", ""), ("f3.csv", "x\n")):
        write(tmp_path, name, text)
    arrivals.clock.now += 60
    assert names(arrivals) == ["f1.csv"]


def test_a_missing_number_is_waited_for_and_order_is_by_number(arrivals, tmp_path):
    for number in (1, 2, 3, 5, 10):
        write(tmp_path, f"f{number}.csv")
        os.utime(tmp_path / f"f{number}.csv", (1e9, 1e9))
    assert names(arrivals) == ["f1.csv", "f2.csv", "f3.csv"]
    assert [path.name for path in arrivals.held] == ["f5.csv", "f10.csv"]
    write(tmp_path, "f4.csv")
    assert names(arrivals) == ["f1.csv", "f2.csv", "f3.csv", "f4.csv", "f5.csv"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_whole_lines_of_the_table_count(arrivals, tmp_path, encoding):
    text = "time_s,load_N\n0,0\n5,120\n10,22"
    (tmp_path / "load.csv").write_bytes(text.encode(encoding))
    copy = arrivals.load_table(tmp_path / "work" / "copy.csv")
    assert copy.read_bytes().decode(encoding) == "time_s,load_N\n0,0\n5,120\n"


def test_no_table_yet_and_names_without_a_number(arrivals, tmp_path):
    assert arrivals.load_table(tmp_path / "copy.csv") is None
    write(tmp_path, "load.csv", "time")
    assert arrivals.load_table(tmp_path / "copy.csv") is None
    write(tmp_path, "frame.csv")
    write(tmp_path, "frame_2.csv")
    with pytest.raises(SlipfieldError, match="number the frames"):
        arrivals.frames()
