"""Errors of the forward run's process: only a run without equilibrium may shorten a step."""

import sys

import numpy as np
import pytest

from slipfield.core.errors import NoEquilibrium, SlipfieldError
from slipfield.kinds.slip.inversion.forward import COMMAND, Solver
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.study import check_study

STUDY = check_study(
    {"name": "small", "specimen": {"cells_x": 8, "cells_y": 8, "grains": 12}}, "test"
)
LAW = "from slipfield.core.errors import {0}; from slipfield import cli; cli.app = lambda **_: (_ for _ in ()).throw({0}({1!r})); cli.main()"  # noqa: E501


def failing(tmp_path, monkeypatch, kind, text):
    """Solver whose command ends as the command line does on an error."""
    script = tmp_path / "fails.py"
    script.write_text(LAW.format(kind, text))
    monkeypatch.setenv(COMMAND, f"{sys.executable} {script}")
    return Solver.prepare(STUDY, make_microstructure(STUDY, 0), tmp_path / "work")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (NoEquilibrium, "the reference run at k = 1, 1, 1 failed: minimum step reached"),
        (SlipfieldError, "work/run.nc: cannot be written: No space left on device"),
    ],
)
def test_the_kind_of_an_error_survives_the_process(tmp_path, monkeypatch, kind, text):
    solver = failing(tmp_path, monkeypatch, kind.__name__, text)
    with pytest.raises(SlipfieldError) as caught:
        solver.run(np.array([90.0, 33.0, 17.0]))
    assert type(caught.value) is kind
    assert str(caught.value) == f"forward run: {text}"


GOES_ON = """
import sys
for line in ("reference: 3/20, 8 s left", "", "a remark", "reference: 20/20"):
    print(line, file=sys.stderr)
sys.exit({0})
"""


@pytest.mark.parametrize("status", [0, 9])
def test_what_a_long_run_says_of_its_progress_is_passed_on(tmp_path, monkeypatch, status):
    """And is no reason for a failure."""
    script, said = tmp_path / "goes_on.py", []
    script.write_text(GOES_ON.format(status))
    monkeypatch.setenv(COMMAND, f"{sys.executable} {script}")
    grains = make_microstructure(STUDY, 0)
    parent = Solver.prepare(STUDY, grains, tmp_path / "work", report=said.append)
    solver = Solver.prepare(STUDY, grains, tmp_path / "work" / "finer", parent)
    with pytest.raises(SlipfieldError, match="^forward run: a remark$"):
        solver.run(np.array([90.0, 33.0, 17.0]))
    assert said == ["forward run 1, 8 x 8 elements", "forward run 1: output 3/20, 8 s left"]
