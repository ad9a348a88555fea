"""The verb `point`: arguments that make no sense are one line, and no file is written."""

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.crystal.build import POINTS, kernel_library
from slipfield.kinds.slip.crystal.driver import run_point_file
from slipfield.kinds.slip.study import Study

GOOD = {"euler": (0.1, 0.2, 0.3), "size": 0.2, "k": (100.0, 30.0, 10.0), "max_step": None}
NAN, INFINITE = float("nan"), float("inf")
WRONG = [
    ("euler", (0.1, NAN, 0.3), "euler: given"),
    ("size", NAN, "size: given nan"),
    ("size", INFINITE, "size: given inf"),
    ("size", 0.0, "size: given 0.0"),
    ("k", (NAN, 30.0, 10.0), "parameters: given"),
    ("k", (100.0, INFINITE, 10.0), "parameters: given"),
    ("k", (100.0, 0.0, 0.0), "k2 or k3 above 0"),
    ("max_step", NAN, "max-step: given nan"),
    ("max_step", INFINITE, "max-step: given inf"),
    ("max_step", -1.0, "max-step: given -1.0"),
]


@pytest.mark.parametrize(("name", "value", "expected"), WRONG)
def test_wrong_arguments_are_one_line(tmp_path, name, value, expected):
    path = tmp_path / "path.csv"
    path.write_text("time,F11,F12,F21,F22\n0,1,0,0,1\n1,1,0,0,1.001\n")
    arguments = {**GOOD, name: value}
    with pytest.raises(SlipfieldError, match=expected):
        run_point_file(Study(name="point"), path=path, output=tmp_path / "out.csv", **arguments)
    assert list(tmp_path.iterdir()) == [path]


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SLIPFIELD_CACHE", str(tmp_path / "file"))
    with pytest.raises(SlipfieldError, match="set SLIPFIELD_CACHE to another folder"):
        kernel_library(POINTS, "fcc")
