"""Trials evaluated by another kind: the cantilever, whose deflection has a closed form."""

import dataclasses

import pandas as pd
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import check_any_study
from slipfield.kinds.curves.kind import KIND
from slipfield.kinds.search.evaluate import check_evaluator, evaluate
from slipfield.kinds.search.rounds import comparison
from slipfield.kinds.search.stale import recorded, stale
from slipfield.kinds.search.trials import write_trials


def search(evaluator, objective="deflection_mm", **changes):
    content = {
        "name": "t",
        "kind": "search",
        "variables": [
            {"name": "length_mm", "units": "mm", "low": 200, "high": 900},
            {"name": "load_N", "units": "N", "low": 10, "high": 100},
        ],
        "objectives": [{"name": objective, "units": "mm", "goal": "minimise"}],
        "evaluator": evaluator,
        **changes,
    }
    return check_any_study(content, "test")[0]


def test_outputs_are_those_of_the_kind_and_failures_are_told():
    study = search({"kind": "beam", "study": {"beam": {"height_mm": 8.0}}})
    asked = pd.DataFrame({"trial": [0, 1], "length_mm": [300.0, 900.0], "load_N": [50.0, 100.0]})
    told = evaluate(study, asked)
    stiffness = 3 * 70_000 * 20 * 8.0**3 / 12
    assert told["deflection_mm"][0] == pytest.approx(50 * 300**3 / stiffness)
    assert told["status"].tolist() == ["ok", "failed"]
    assert "the beam fails" in told["reason"][1] and pd.isna(told["deflection_mm"][1])


@pytest.mark.parametrize(("scale", "status"), [("linear", "ok"), ("log", "failed")])
def test_a_trial_without_a_logarithm_has_failed(monkeypatch, scale, status):
    """The tip of a beam that nothing pulls stays where it is."""
    monkeypatch.setattr("slipfield.kinds.beam.beam.simulate", lambda *_: {"deflection_mm": 0.0})
    objective = {"name": "deflection_mm", "units": "mm", "goal": "minimise", "scale": scale}
    study = search({"kind": "beam"}, objectives=[objective])
    asked = pd.DataFrame({"trial": [0], "length_mm": [300.0], "load_N": [50.0]})
    told = evaluate(study, asked)
    assert told["status"].tolist() == [status]
    assert scale == "linear" or "deflection_mm is not above 0" in told["reason"][0]


@pytest.mark.parametrize(
    ("evaluator", "objective", "says"),
    [
        ({"kind": "beam"}, "weight_kg", "does not know 'weight_kg'; it has deflection_mm"),
        ({"kind": "beam", "study": {"beam": {"width": 3}}}, "deflection_mm", "evaluator.study"),
    ],
)
def test_wrong_evaluators_are_named_before_anything_runs(evaluator, objective, says):
    study = search(evaluator, objective)
    with pytest.raises(SlipfieldError, match=says):
        check_evaluator(study)


@pytest.mark.parametrize(
    ("evaluator", "says"),
    [
        ({"kind": "bridge"}, "evaluator: .*kind: given 'bridge'; expected slip, beam"),
        ({"kind": "search"}, "kind: given 'search'; expected slip, beam"),
        ({"kind": "beam", "output": "guess"}, "output: kind 'beam' has simulate, given 'guess'"),
        ({"kind": "slip", "output": "sheets"}, "output: kind 'slip' has .*sheet"),
    ],
)
def test_a_study_file_names_an_evaluator_that_exists(evaluator, says):
    with pytest.raises(SlipfieldError, match=says):
        search(evaluator)


def test_designs_that_do_not_learn_fill_the_bounds():
    study = search({"kind": "beam"}, comparison={"trials": 20})
    table = comparison(study, "latin_hypercube")
    strata = ((table["load_N"] - 10) / 90 * 20).astype(int)
    assert sorted(strata) == list(range(20)), "one trial in each twentieth"


def test_tables_of_another_study_are_found(tmp_path):
    study = search({"kind": "beam"}, comparison={"trials": 3})
    place = tmp_path / "comparison" / "random"
    write_trials(comparison(study, "random"), place / "asked.csv")
    assert list(stale(study, tmp_path)) == [place / "asked.csv"], "no word of what made it"
    with recorded(study, "comparison", place):
        write_trials(comparison(study, "random"), place / "asked.csv")
    assert stale(study, tmp_path) == {}
    assert stale(search({"kind": "beam"}, comparison={"trials": 4}), tmp_path) != {}
    longer = search({"kind": "beam"}, comparison={"trials": 3}, search={"rounds": 50})
    assert stale(longer, tmp_path) == {}, "more rounds leave earlier trials as they are"


def test_another_content_of_the_evaluators_table_is_found(tmp_path, monkeypatch):
    """Of a kind that reads a table, if one of those could be asked."""
    asked = dataclasses.replace(KIND, evaluations={"simulate": "none:none"})
    monkeypatch.setattr("slipfield.kinds.curves.kind.KIND", asked)
    table, place = tmp_path / "alloys.csv", tmp_path / "comparison/random"
    table.write_text("first\n")
    curves = {"kind": "curves", "study": {"table": {"file": str(table)}}}
    study = search(curves, comparison={"trials": 3})
    with recorded(study, "comparison", place):
        write_trials(comparison(study, "random"), place / "asked.csv")
    assert stale(study, tmp_path) == {}
    table.write_text("another\n")
    assert "evaluator_table" in stale(study, tmp_path)[place / "asked.csv"]
