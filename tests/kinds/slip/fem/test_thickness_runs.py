"""The thickness study in miniature: it resumes, and thicker sheets are stronger."""

import json

from slipfield.kinds.slip.study import Study
from slipfield.kinds.slip.thickness import runs as thickness_runs
from slipfield.kinds.slip.thickness.runs import run_study, runs_of
from slipfield.kinds.slip.thickness.table import table_of


def miniature(ratios=(0.1, 1.0)):
    return Study(
        name="mini",
        specimen={"cells_x": 8, "cells_y": 8, "grains": 12},
        loading={"outputs": 3},
        crossval={"folds": 2},
        sampling={"samples": 2},
        thickness={"ratios": ratios, "refined_ratios": (0.1,), "subsurfaces": 1},
    )


def test_runs_of_a_study():
    found = runs_of(miniature())
    assert len(found) == 2 * 2 + 2
    assert sum(run.refined for run in found) == 2
    assert len({run.name for run in found}) == len(found)


def test_thick_is_stronger_and_a_second_start_repeats_nothing(tmp_path, monkeypatch):
    first = run_study(miniature(), tmp_path)
    rows = {(row["grains"], row["ratio"]): row for row in table_of(first)}
    for kind in ("columns", "grains"):
        assert rows[kind, 1.0]["ln_m"] > rows[kind, 0.1]["ln_m"]
        assert rows[kind, 1.0]["correlation"] < rows[kind, 0.1]["correlation"]
        assert rows[kind, 1.0]["rest"] < 0.01
    (tmp_path / "map0-columns-0.1-0.json").unlink()
    made = []
    result = thickness_runs.MapRuns.result
    monkeypatch.setattr(
        thickness_runs.MapRuns,
        "result",
        lambda self, run: made.append(run.name) or result(self, run),
    )
    second = run_study(miniature(), tmp_path)
    assert made == ["map0-columns-0.1-0"]
    timeless = [[{**run, "cpu_seconds": 0} for run in one] for one in (first, second)]
    assert json.loads(json.dumps(timeless[0])) == json.loads(json.dumps(timeless[1]))
