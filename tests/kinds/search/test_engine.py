"""Models and what they ask for: against told values, a known optimum, and itself."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from slipfield.core.kind import check_any_study
from slipfield.kinds.search import engine
from slipfield.kinds.search.rounds import ask
from slipfield.kinds.search.space import to_unit
from slipfield.kinds.search.trials import read_nothing

pytestmark = pytest.mark.slow
LEAST = 0.397887
"""Least value of Branin's function."""


def branin_study(**search):
    content = {
        "name": "branin",
        "kind": "search",
        "variables": [{"name": "x", "low": -5, "high": 10}, {"name": "y", "low": 0, "high": 15}],
        "objectives": [{"name": "f", "goal": "minimise", "noise_std": 0}],
        "search": search,
    }
    return check_any_study(content, "test")[0]


def branin(table):
    x, y = table["x"].to_numpy(), table["y"].to_numpy()
    valley = y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6
    return valley**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10


def told_after(study, trials, fails=lambda asked: asked["trial"] < 0):
    table = read_nothing(study)
    while len(table) < trials:
        asked = ask(study, table)
        asked["f"], asked["status"] = branin(asked), "ok"
        asked.loc[fails(asked), ["f", "status"]] = np.nan, "failed"
        table = asked if table.empty else pd.concat([table, asked], ignore_index=True)
    return table


def test_branin_is_minimised():
    told = told_after(branin_study(seed=1), 30)
    assert told["f"].min() < 1.01 * LEAST
    assert told["f"][:6].min() > 2 * LEAST, "the even start alone does not find it"


def test_whole_variables_are_whole_while_it_chooses():
    """No design of a fine grid of whole x promises more; rounded afterwards, some do."""
    content = branin_study(seed=3).model_dump(mode="json")
    content["variables"][0]["values"] = "whole"
    content["variables"].append({"name": "flag", "low": 0, "high": 1, "values": "whole"})
    study = check_any_study(content, "test")[0]
    told = ask(study, read_nothing(study), 11)
    told = told.assign(f=branin(told) + 10 * told["flag"] * (told["x"] - 3) ** 2 / 9, status="ok")
    asked = ask(study, told, 1)
    assert (asked[["x", "flag"]] % 1 == 0).all(axis=None)
    grid = np.meshgrid(np.arange(-5, 11), np.linspace(0, 15, 61), [0, 1])
    others = pd.DataFrame(dict(zip("x y flag".split(), map(np.ravel, grid), strict=True)))
    learnt = engine.Surrogate.learn(study, told)
    promised, best = (learnt.acquired(each, 3).max() for each in (asked, others))
    assert promised > best - 1e-3


def test_nothing_is_compiled_for_several_objectives(tmp_path, monkeypatch):
    """BoTorch would compile a kernel, and wait for ever for one that was killed in doing so."""
    monkeypatch.setenv("TORCH_EXTENSIONS_DIR", str(tmp_path))
    content = branin_study(initial=4).model_dump(mode="json")
    content["objectives"].append({"name": "x_squared", "goal": "maximise"})
    study = check_any_study(content, "test")[0]
    told = ask(study, read_nothing(study))
    told = told.assign(f=branin(told), x_squared=told["x"] ** 2, status="ok")
    assert len(ask(study, told)) == 1
    assert not list(tmp_path.iterdir()), (
        "BoTorch compiles again: it no longer heeds logei._load_attempted, which "
        "slipfield/kinds/search/engine.py sets; find out what its new version heeds"
    )


def asked_in(unit, several):
    """What is asked for after eight trials if all outputs are told in ``unit``."""
    content = branin_study().model_dump(mode="json")
    content["constraints"] = [{"name": "sum", "high": 8 * unit}]
    if several:
        content["objectives"].append({"name": "x_squared", "goal": "minimise"})
    study = check_any_study(content, "test")[0]
    told = ask(study, read_nothing(study), 8)
    squared, total = told["x"] ** 2 * unit, (told["x"] + told["y"]) * unit
    told = told.assign(f=branin(told) * unit, sum=total, status="ok")
    told = told.assign(x_squared=squared) if several else told
    return ask(study, told)[["x", "y"]].to_numpy()


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_units_do_not_decide_what_is_asked_for(unit, several):
    assert np.allclose(asked_in(unit, several), asked_in(1.0, several), atol=0.02)


def test_a_trials_own_noise_counts_and_the_studys_where_it_has_none():
    study = branin_study()
    told = ask(study, read_nothing(study)).assign(status="ok", f=1.0, f_std=[3.0] + [np.nan] * 5)
    assert engine._std(told, study.objectives[0]).tolist() == [3.0] + [0.0] * 5


def test_first_trials_that_were_not_told_are_asked_for_again():
    study = branin_study(initial=6)
    asked = ask(study, read_nothing(study))
    told = asked.assign(f=branin(asked), status="ok").iloc[[0, 2, 5]]
    pd.testing.assert_frame_equal(
        ask(study, told).reset_index(drop=True), asked.iloc[[1, 3, 4]].reset_index(drop=True)
    )


def test_the_same_told_trials_ask_for_the_same():
    """Whatever was asked for before, and however many threads there are."""
    import torch

    study = branin_study(batch=2, seed=5)
    told = told_after(study, 8)
    first = ask(study, told)
    torch.manual_seed(99)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        pd.testing.assert_frame_equal(first, ask(study, told))
    finally:
        torch.set_num_threads(threads)


def in_log_and_linear(**more):
    """Branin's function on a scale of logarithms, and its logarithm itself; told trials of both."""
    content = branin_study(seed=2).model_dump(mode="json")
    content["objectives"] = [{"name": "f", "goal": "minimise", **more}]
    linear = check_any_study(content, "test")[0]
    content["objectives"][0]["scale"] = "log"
    log = check_any_study(content, "test")[0]
    told = told_after(linear, 8).assign(f_std=np.linspace(0.5, 3.0, 8))
    values, std = told["f"], told["f_std"]
    return log, told, linear, told.assign(f=np.log(values), f_std=std / values)


def test_a_scale_of_logarithms_asks_for_what_the_logarithm_would():
    log, told, linear, told_of_logarithm = in_log_and_linear()
    wanted = ask(linear, told_of_logarithm)[["x", "y"]]
    pd.testing.assert_frame_equal(ask(log, told)[["x", "y"]], wanted)
    as_they_are = ask(linear, told)[["x", "y"]]
    assert np.abs(as_they_are - wanted).to_numpy().max() > 0.01


def test_hypervolumes_are_of_the_values_where_the_model_is_of_logarithms():
    import torch

    from slipfield.kinds.search.engine import Surrogate

    log, told, _, _ = in_log_and_linear()
    content = log.model_dump(mode="json")
    content["objectives"].append({"name": "load_N", "goal": "maximise"})
    study = check_any_study(content, "test")[0]
    surrogate = Surrogate.learn(study, told.assign(load_N=900.0 + told["x"]))
    samples = torch.tensor([[np.log(20.0), 900.0]], requires_grad=True)
    values = surrogate.acquisition(0).objective(samples)
    np.testing.assert_allclose(values.detach().numpy(), [[-20.0, 900.0]])
    values.sum().backward()
    np.testing.assert_allclose(samples.grad.numpy(), [[-20.0, 1.0]])


def test_models_pass_through_exact_trials_and_doubt_between_them():
    from slipfield.kinds.search.engine import Surrogate

    study = branin_study()
    told = told_after(study, 6)
    surrogate = Surrogate.learn(study, told)
    mean, deviation = surrogate.predict(told)
    spread = told["f"].std()
    np.testing.assert_allclose(mean[:, 0], told["f"], atol=0.01 * spread)
    far = pd.DataFrame({"x": [-5.0], "y": [15.0]})
    assert surrogate.predict(far)[1][0, 0] > 5 * deviation.max()


def test_a_failed_trial_is_not_asked_for_again():
    study = branin_study(seed=1)
    told = told_after(study, 6)
    wanted = ask(study, told)
    failed = wanted.assign(status="failed")
    again = ask(study, pd.concat([told, failed], ignore_index=True))
    distance = np.hypot(*(again[["x", "y"]].to_numpy() - wanted[["x", "y"]].to_numpy())[0] / 15)
    assert distance > 0.01


def test_where_trials_fail_is_learnt():
    """All of them fail in a third of the box, in which one of Branin's three minima lies."""
    told = told_after(branin_study(seed=1), 16, lambda asked: asked["x"] > 5)
    failed = told["status"] == "failed"
    assert failed[:6].any(), "the start has shown it"
    assert failed[6:].sum() <= 2
    assert told["f"].min() < 3 * LEAST, "the search goes on beside it"


def furnace_asked(count):
    """What is asked for after six hot trials whose grains are 3 times the bound and more."""
    content = {
        "name": "furnace",
        "kind": "search",
        "variables": [
            {"name": "temperature_C", "units": "C", "low": 600, "high": 900},
            {"name": "time_min", "units": "min", "low": 5, "high": 240, "scale": "log"},
        ],
        "objectives": [{"name": "hardness_HV", "units": "HV", "goal": "maximise"}],
        "constraints": [{"name": "grain_um", "units": "um", "high": 20}],
        "search": {"batch": count},
    }
    study = check_any_study(content, "test")[0]
    told = read_nothing(study)
    hot = pd.DataFrame(
        {"temperature_C": [850, 880, 800, 900, 830, 870], "time_min": [60, 120, 200, 30, 90, 240]}
    )
    told = hot.assign(trial=range(6), round=0, status="ok").reindex(columns=told.columns)
    return study, told.assign(**furnace(told))


def furnace(table):
    hot = (table["temperature_C"] - 600) / 300
    grain = 60 * hot + 5 * np.log(table["time_min"]) - 10
    return {"grain_um": grain, "hardness_HV": 150 + 2 * grain}


def test_as_long_as_no_trial_keeps_the_constraints_the_least_violation_is_looked_for():
    study, told = furnace_asked(3)
    assert told["grain_um"].min() > 50
    asked = ask(study, told)
    apart = pdist(to_unit(study.variables, asked))
    assert apart.min() > 0.05, "three trials, not one point three times"
    for _ in range(4):
        told = pd.concat([told, asked.assign(status="ok", **furnace(asked))], ignore_index=True)
        asked = ask(study, told)
    good = told[told["grain_um"] < 20]
    assert good.index.min() < 12, "after six trials of the search"
    assert good["hardness_HV"].max() > 188, "at most 190 where the grains are small enough"
