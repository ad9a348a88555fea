"""What a search is told of sheets, on a closed formula in the place of the solver."""

import sys

import numpy as np
import pandas as pd
import pytest

from slipfield.core.errors import EXIT_STATUS, NoEquilibrium, SlipfieldError
from slipfield.core.kind import check_any_study
from slipfield.kinds.search.bench import bench
from slipfield.kinds.search.evaluate import check_evaluator, evaluate
from slipfield.kinds.search.study import load_study
from slipfield.kinds.slip.inversion.forward import COMMAND
from slipfield.kinds.slip.specimen_design import evaluation as sheets
from slipfield.kinds.slip.specimen_design.evaluation import OUTPUTS
from slipfield.kinds.slip.specimen_design.table import design_rows, specimen_rows
from slipfield.kinds.slip.study import check_study
from tests.docs.test_overview import REPOSITORY
from tests.kinds.slip.inversion.conftest import formula_solver

__all__ = ["formula_solver"]
pytestmark = pytest.mark.slow
SHEET = {
    "specimen": {"cells_x": 12, "cells_y": 12, "grains": 60, "microstructures": 2},
    "loading": {"outputs": 4},
    "noise": {"strain_std": 5e-4, "load_relative_std": 0.005},
}


def search(**more):
    content = {
        "name": "s",
        "kind": "search",
        "variables": [
            {"name": "surface_grain_mm", "low": 0.15, "high": 0.5},
            {"name": "columnar", "low": 0, "high": 1, "values": "whole"},
        ],
        "objectives": [
            {"name": "worst_error_ln_k", "goal": "minimise", "reference": 1},
            {"name": "load_N", "goal": "maximise", "reference": 0},
        ],
        "evaluator": {"kind": "slip", "output": "sheet", "study": SHEET},
        **more,
    }
    return check_any_study(content, "test")[0]


def test_trials_are_means_over_fresh_grain_maps_with_their_scatter():
    asked = pd.DataFrame({"trial": [0, 1], "surface_grain_mm": [0.2, 0.2], "columnar": [1, 1]})
    told = evaluate(search(), asked)
    assert told["status"].tolist() == ["ok", "ok"], told["reason"].tolist()
    assert (told["worst_error_ln_k"] > 0).all() and (told["worst_error_ln_k_std"] > 0).all()
    first, other = told["load_N"]
    assert first != other, "other grains"
    assert first == pytest.approx(other, rel=0.2), "of the same sizes"


@pytest.mark.parametrize("name", ["search-specimen", "search-property"])
def test_shipped_searches_ask_for_what_there_is(name):
    check_evaluator(load_study(REPOSITORY / f"config/{name}.yaml"))


def test_a_fresh_specimen_is_inverted_about_as_well_as_promised(tmp_path):
    study = check_study({"name": "sheet", **SHEET}, "test")
    designs = {"finer": {"surface_grain_mm": 0.2}}
    path = tmp_path / "specimens.csv"
    promised = design_rows(study, designs, specimen_rows(study, designs, 0, path))
    specimens = specimen_rows(study, designs, 1, path)
    assert specimens["reason"].tolist() == [""] and specimens["converged"].tolist() == [True]
    pd.testing.assert_frame_equal(specimen_rows(study, designs, 1, path), specimens)
    whole = design_rows(study, designs, specimens)
    name = "promised_worst_error_ln_k"
    assert whole[name].tolist() == promised[name].tolist() and promised["specimens"].tolist() == [0]
    ratio = whole["median_worst_error_ln_k"] / whole["promised_worst_error_ln_k"]
    assert ratio.between(0.05, 6).all(), ratio.tolist()
    assert np.isfinite(whole[[f"promised_{n}" for n in OUTPUTS[:4]]].to_numpy()).all()


def staircase(told):
    """Area between the trials, of least error and most load, and the corner of error 1, load 0."""
    area, top = 0.0, 0.0
    for error, load in sorted(zip(told["worst_error_ln_k"], told["load_N"], strict=True)):
        area += max(load - top, 0) * (1 - error)
        top = max(top, load)
    return area


def test_a_search_and_a_latin_hypercube_are_compared_by_hypervolume(tmp_path):
    study = search(search={"initial": 4}, execution={"trials_per_job": 4})
    (row,) = bench(study, tmp_path, range(3, 4), 4, 4).rows.to_dict("records")
    ours, other = (
        pd.read_csv(tmp_path / f"{name}-3.csv") for name in ("search", "latin_hypercube")
    )
    assert row["hypervolume_search"] == pytest.approx(staircase(ours))
    assert row["hypervolume_latin_hypercube"] == pytest.approx(staircase(other))
    assert row["ratio"] == pytest.approx(staircase(ours) / staircase(other))


def test_a_neck_that_cuts_a_grain_fails_its_own_trial_only():
    cut = {
        "surface_height_fraction": 0.04316596,
        "columnar_height_fraction": 0.16597726,
        "surface_grain_mm": 0.08363262,
        "core_grain_mm": 0.15828252,
        "columnar": 1,
        "neck_depth_mm": 0.11623,
    }
    study = check_study({"name": "sheet", **SHEET}, "test")
    refused, told = sheets.evaluate(study, [(cut, 181), ({"surface_grain_mm": 0.3}, 0)])
    assert isinstance(refused, SlipfieldError) and "cuts one of the 243 grains" in str(refused)
    assert told["load_N"] > 0


ENDS_AT_SHEET_1 = """
import sys
from tests.kinds.slip.inversion.formula_runs import main

last = next((n for n, word in enumerate(sys.argv) if word.endswith("/1-0/run.nc")), None)
del sys.argv[len(sys.argv) if last is None else last - 5 :]
if "--output" in sys.argv:
    main()
if last is not None:
    print("slipfield: error: REASON", file=sys.stderr)
    sys.exit(STATUS)
"""


def ends(folder, status, reason):
    """Command of a solver that ends at the second sheet."""
    script = folder / "solver.py"
    script.write_text(ENDS_AT_SHEET_1.replace("STATUS", str(status)).replace("REASON", reason))
    return f"{sys.executable} {script}"


def test_a_design_that_fails_leaves_those_beside_it(tmp_path, monkeypatch):
    monkeypatch.setenv(COMMAND, ends(tmp_path, EXIT_STATUS[NoEquilibrium], "no equilibrium"))
    study = search()
    asked = pd.DataFrame({"trial": range(4), "surface_grain_mm": 0.3, "columnar": [1, 0, 1, 0]})
    told = evaluate(study, asked)
    assert told["status"].tolist() == ["ok", "failed", "ok", "ok"], told["reason"].tolist()
    assert told["reason"][1] == "forward run: no equilibrium"
    monkeypatch.undo()
    pd.testing.assert_frame_equal(
        evaluate(study, asked.iloc[2:]), told.iloc[2:].reset_index(drop=True)
    )


def test_a_full_disk_is_no_failed_design(tmp_path, monkeypatch):
    reason = "run.nc: no space left on device"
    monkeypatch.setenv(COMMAND, ends(tmp_path, EXIT_STATUS[SlipfieldError], reason))
    asked = pd.DataFrame({"trial": range(2), "surface_grain_mm": 0.3, "columnar": [1, 0]})
    with pytest.raises(SlipfieldError, match=f"forward run: {reason}"):
        evaluate(search(), asked)
