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
    return Arrivals(tmp_path, [tmp_path / "f1.csv"], "load.csv", clock=Clock())


def names(arrivals, read=()):
    """Names of the frames that are complete."""
    return [each.path.name for each in arrivals.frames(read) if not each.trouble]


def troubles(arrivals, read=()):
    return {each.path.name: each.trouble for each in arrivals.frames(read) if each.trouble}


def numbers(arrivals):
    return {each.path.name: each.number for each in arrivals.frames()}


def strange(arrivals):
    arrivals.frames()
    return {path.name: why for path, why in arrivals.strange.items()}


def write(folder, name, text="x\n", age=0.0):
    (folder / name).write_text(text)
    if age:
        changed = (folder / name).stat().st_mtime - age
        os.utime(folder / name, (changed, changed))


def test_a_file_counts_once_it_is_still_or_a_later_one_is_there(arrivals, tmp_path):
    write(tmp_path, "f1.csv")
    write(tmp_path, "load.csv")
    write(tmp_path, "notes.txt")
    assert troubles(arrivals) == {"f1.csv": "is still being written"}
    write(tmp_path, "f2.csv")
    assert names(arrivals) == ["f1.csv"]
    arrivals.clock.now += SETTLED_S + 0.1
    assert names(arrivals) == ["f1.csv", "f2.csv"]
    write(tmp_path, "f2.csv", "x\ny\n")
    assert names(arrivals) == ["f1.csv"]
    assert strange(arrivals) == {}


def test_an_empty_file_and_one_that_is_gone_keep_their_places(arrivals, tmp_path):
    for name, text in (("f1.csv", "x\n"), ("f2.csv", ""), ("f3.csv", "x\n"), ("f4.csv", "x\n")):
        write(tmp_path, name, text, age=60)
    (tmp_path / "f3.csv").unlink()
    read = [tmp_path / "f3.csv"]
    assert troubles(arrivals, read) == {"f2.csv": "is empty", "f3.csv": "is not there any more"}
    assert [each.number for each in arrivals.frames(read)] == [0, 1, 2, 3]


def test_order_is_by_number_and_missing_ones_keep_their_places(arrivals, tmp_path):
    for number in (10, 1, 2, 3, 5):
        write(tmp_path, f"f{number}.csv", age=100 - number)
    assert numbers(arrivals) == {"f1.csv": 0, "f2.csv": 1, "f3.csv": 2, "f5.csv": 4, "f10.csv": 9}


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ((1, 11, 21, 31), (0, 1, 2, 3)),  # every tenth image
        ((1, 3), (0, 1)),
        ((1, 3, 4), (0, 2, 3)),
        ((1, 1.5, 2, 3), (0, 1, 2, 4)),  # seconds
    ],
)
def test_places_count_in_the_step_of_the_numbers(arrivals, tmp_path, there, expected):
    for number in there:
        write(tmp_path, f"f{number}.csv")
    assert tuple(numbers(arrivals).values()) == expected


def test_what_is_no_frame_is_named_and_does_not_count(arrivals, tmp_path):
    for number in (1, 2, 3, 4):
        write(tmp_path, f"f{number}.csv", age=50)
    (tmp_path / "f5.csv").mkdir()
    for name in ("camera_log.csv", "temperature_001.csv", "f3 (1).csv", "f02.csv", "f0.csv"):
        write(tmp_path, name)
    write(tmp_path, "f3.3.csv")
    assert list(numbers(arrivals)) == ["f1.csv", "f2.csv", "f3.csv", "f4.csv"]
    unlike = "its name is not like that of f1.csv"
    assert strange(arrivals) == {
        "camera_log.csv": unlike,
        "temperature_001.csv": unlike,
        "f3 (1).csv": unlike,
        "f5.csv": "it is a folder",
        "f02.csv": "it has the number of f2.csv",
        "f0.csv": "its number is below that of f1.csv",
        "f3.3.csv": "its number does not fit into those of the other frames",
    }


def test_a_file_that_confuses_the_order_of_the_others_is_left_out(tmp_path):
    arrivals = Arrivals(tmp_path, [tmp_path / "s1_f1.csv"], "load.csv")
    for place, name in enumerate(("s1_f1.csv", "s2_f2.csv", "s3_f3.csv", "s4_f0.csv")):
        write(tmp_path, name, age=50 - place)
    assert list(numbers(arrivals)) == ["s1_f1.csv", "s2_f2.csv", "s3_f3.csv"]
    assert "in two ways" in strange(arrivals)["s4_f0.csv"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_whole_lines_of_the_table_count(arrivals, tmp_path, encoding, end):
    whole = end.join(["time_s,load_N", "0,0", "5,120", ""])
    (tmp_path / "load.csv").write_bytes((whole + "10,22").encode(encoding))
    copy = arrivals.load_table(tmp_path / "work" / "copy.csv")
    assert copy.read_bytes().decode(encoding) == whole


def test_a_table_that_is_not_there_or_has_no_line_yet_is_said(arrivals, tmp_path):
    with pytest.raises(SlipfieldError, match=r"load.csv: not there"):
        arrivals.load_table(tmp_path / "copy.csv")
    write(tmp_path, "load.csv", "time")
    with pytest.raises(SlipfieldError, match=r"load.csv: holds no whole line"):
        arrivals.load_table(tmp_path / "copy.csv")
    (tmp_path / "load.csv").unlink()
    (tmp_path / "load.csv").mkdir()
    with pytest.raises(SlipfieldError, match=r"load.csv: cannot be read: Is a directory"):
        arrivals.load_table(tmp_path / "copy.csv")
