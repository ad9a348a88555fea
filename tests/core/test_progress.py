"""Progress away from a terminal: plain lines, few of them, and the last one always."""

from slipfield.core import progress as room
from slipfield.core.progress import progress, track


def test_prints_the_end_and_little_else(capsys):
    assert list(track([3, 1, 2], "count")) == [3, 1, 2]
    assert capsys.readouterr().err == "count: 3/3\n"
    assert list(track([3, 1, 2], "count", quiet=True)) == [3, 1, 2]
    assert capsys.readouterr().err == ""


def test_estimates_the_rest_from_the_rounds_it_saw(capsys, monkeypatch):
    clock = iter([0.0, 10.0, 20.0, 21.0])
    monkeypatch.setattr(room.time, "monotonic", lambda: next(clock))
    with progress("train", 10) as advance:
        advance("loss 1", count=7)
        advance("loss 2", count=8)
        advance("loss 3", count=9)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["train: 7/10, loss 1, 30 s left", "train: 8/10, loss 2, 20 s left"]


def test_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(room.sys.stderr, "isatty", lambda: True)
    assert list(track(range(5), "work")) == list(range(5))
    assert "work" in capsys.readouterr().err
