"""Steps: accuracy of the defaults, cut-backs, failure as data, loading paths."""

import logging

import numpy as np
import pytest

from slipfield.kinds.slip.fem import stepping
from slipfield.kinds.slip.fem.stepping import StepFailure, Stepper, extrapolated_change
from slipfield.kinds.slip.verification.convergence import ALLOWED, FINE, errors, simulate
from slipfield.kinds.slip.verification.specimens import grain_map, make_study, problem_of


def test_default_settings_keep_the_strain_within_the_promised_error():
    study, fine = make_study(16, 40), make_study(16, 40, solver=FINE)
    micro, k = grain_map(study), study.sampling.centre
    total, worst, _, load = errors(simulate(study, micro, k), simulate(fine, micro, k))
    assert total < ALLOWED
    assert worst < ALLOWED
    assert load < ALLOWED


@pytest.mark.parametrize("n", [10.0, 50.0])
@pytest.mark.parametrize(
    "path",
    [
        [[0, 0], [40, 0.04], [50, 0.036], [100, 0.07]],
        [[0, 0], [40, 0.04], [100, -0.02]],
        [[0, 0], [30, 0.03], [100, 0.03]],
    ],
    ids=["unloading", "reversal", "hold"],
)
def test_paths_with_kinks_finish_near_the_fine_solution(path, n):
    parts = {"loading": {"path": path, "outputs": 10}, "material": {"rate_exponent": n}}
    study, fine = make_study(8, 12, **parts), make_study(8, 12, solver=FINE, **parts)
    micro, k = grain_map(study), study.sampling.centre
    result, exact = simulate(study, micro, k), simulate(fine, micro, k)
    total, _, _, load = errors(result, exact)
    assert total < 3e-3
    assert load < 1e-2


def test_quadratic_motion_is_extrapolated_exactly():
    def position(t):
        return np.array([1 + 2 * t + 3 * t**2])

    times = [0.0, 0.5, 1.7, 2.0]
    steps = np.diff(times)
    history = [(steps[i], (position(times[i + 1]) - position(times[i])) / steps[i]) for i in (1, 0)]
    change = extrapolated_change(history, steps[2])
    np.testing.assert_allclose(change, position(times[3]) - position(times[2]))


def test_cut_back_steps_are_recorded_and_logged_with_their_reason(caplog):
    study = make_study(8, 12, loading={"path": [[0, 0], [1, 0.4]], "outputs": 2})
    with caplog.at_level(logging.INFO, logger="slipfield.kinds.slip.fem"):
        record = Stepper(
            problem_of(study, grain_map(study)), study.sampling.centre, lambda number, stepper: None
        ).run()
    assert record.status == 0
    assert record.rejected_steps == len(record.cutbacks) > 0
    assert all(text.startswith("t = ") and ": " in text for text in record.cutbacks)
    assert [r.message for r in caplog.records] == [f"step cut back at {t}" for t in record.cutbacks]


def test_minimum_step_ends_the_sample_with_a_status_and_a_reason():
    solver = {"min_step_s": 0.2}
    path = {"path": [[0, 0], [1, 0.4]], "outputs": 2}
    study = make_study(8, 12, solver=solver, loading=path)
    record = Stepper(
        problem_of(study, grain_map(study)), study.sampling.centre, lambda number, stepper: None
    ).run()
    assert record.status == 1
    assert record.reason.startswith("minimum step reached (solver.min_step_s = 0.2 s) at t = ")


@pytest.mark.parametrize("n", [10.0, 50.0])
def test_good_factors_serve_longer_than_their_maximum_age(n, monkeypatch):
    study = make_study(12, 24, loading={"outputs": 5}, material={"rate_exponent": n})
    micro, k = grain_map(study), study.sampling.centre
    longer = simulate(study, micro, k).record
    monkeypatch.setattr(stepping, "LONGER", 1)
    shorter = simulate(study, micro, k).record
    assert shorter.factorisations > shorter.steps / study.solver.max_factor_age
    assert longer.factorisations <= (0.7 if n == 10.0 else 1.0) * shorter.factorisations


def test_a_step_whose_sensitivities_do_not_converge_is_cut_back():
    study = make_study(8, 12, loading={"outputs": 4})
    problem, taken = problem_of(study, grain_map(study)), []

    def on_step(stepper, u):
        if stepper.dt > 2.0:
            raise StepFailure("sensitivities still change by 1e-2")
        taken.append(stepper.dt)

    record = Stepper(problem, study.sampling.centre, lambda number, stepper: None, on_step).run()
    assert record.status == 0
    assert sum(taken) == pytest.approx(100.0)
    assert any("sensitivities still change" in text for text in record.cutbacks)
