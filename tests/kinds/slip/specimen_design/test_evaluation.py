"""What a search is told of sheets, on a closed formula in the place of the solver."""

import numpy as np
import pandas as pd
import pytest

from slipfield.core.kind import check_any_study
from slipfield.kinds.search.evaluate import check_evaluator, evaluate
from slipfield.kinds.search.study import load_study
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


def search():
    content = {
        "name": "s",
        "kind": "search",
        "variables": [
            {"name": "surface_grain_mm", "low": 0.15, "high": 0.5},
            {"name": "columnar", "low": 0, "high": 1, "values": "whole"},
        ],
        "objectives": [
            {"name": "worst_error_ln_k", "goal": "minimise"},
            {"name": "load_N", "goal": "maximise"},
        ],
        "evaluator": {"kind": "slip", "output": "sheet", "study": SHEET},
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


def test_a_fresh_specimen_is_inverted_about_as_well_as_promised():
    study = check_study({"name": "sheet", **SHEET}, "test")
    designs = {"finer": {"surface_grain_mm": 0.2}}
    specimens = specimen_rows(study, designs, 1)
    assert specimens["reason"].tolist() == [""] and specimens["converged"].tolist() == ["True"]
    whole = design_rows(study, designs, specimens)
    ratio = whole["median_worst_error_ln_k"] / whole["promised_worst_error_ln_k"]
    assert ratio.between(0.05, 6).all(), ratio.tolist()
    assert np.isfinite(whole[[f"promised_{n}" for n in OUTPUTS[:4]]].to_numpy()).all()
