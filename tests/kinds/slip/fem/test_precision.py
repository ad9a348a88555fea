"""Single precision takes nearly the steps of double precision, to the same fields."""

from itertools import product

import numpy as np
import pytest

from slipfield.kinds.slip.fem.precision import precision_of
from slipfield.kinds.slip.fem.stepping import Stepper
from slipfield.kinds.slip.study import Solver
from slipfield.kinds.slip.verification.convergence import FINE
from slipfield.kinds.slip.verification.derivatives import EXACT
from slipfield.kinds.slip.verification.equilibrium import TIGHT, Recorder, relative_difference
from slipfield.kinds.slip.verification.point_law import VOCE
from slipfield.kinds.slip.verification.ranks import run_on
from slipfield.kinds.slip.verification.solid import solid_of
from slipfield.kinds.slip.verification.specimens import grain_map, make_study, problem_of

CELLS, GRAINS, OUTPUTS = 10, 16, 4
FAR = [[0, 0], [100, 0.2]]
REVERSAL = [[0, 0], [40, 0.04], [100, -0.02]]
HOLD = [[0, 0], [50, 0.05], [100, 0.05]]
CASES = {
    "n = 20": ({"rate_exponent": 20.0}, None),
    "n = 20.5": ({"rate_exponent": 20.5, "latent_ratio": 1.4}, None),
    "n = 50": ({"rate_exponent": 50.0}, None),
    "bcc": ({"slip_family": "bcc", "latent_ratio": 1.4}, None),
    "voce": (VOCE | {"latent_ratio": 1.4}, None),
    "10 %": ({}, FAR),
    "10 %, n = 50": ({"rate_exponent": 50.0}, FAR),
    "reversal": ({}, REVERSAL),
    "reversal, n = 50": ({"rate_exponent": 50.0}, REVERSAL),
    "hold": ({}, HOLD),
    "hold, n = 50": ({"rate_exponent": 50.0}, HOLD),
}
ALLOWED = 3e-4  # a fifth of what the default step tolerance may leave


def run(study, k, precision):
    problem = problem_of(study, grain_map(study), precision)
    recorder = Recorder(problem)
    record = Stepper(problem, k, recorder).run()
    assert record.status == 0
    return recorder.strain, np.array(recorder.load), record


def compare(study, k):
    strain, load, record = run(study, k, "single")
    exact, exact_load, exact_record = run(study, k, "double")
    assert strain.dtype == np.float64
    assert abs(record.steps - exact_record.steps) <= 2
    assert relative_difference(strain, exact) < ALLOWED
    assert np.abs(load - exact_load).max() < ALLOWED * np.abs(exact_load).max()


@pytest.mark.parametrize("name", CASES)
def test_same_fields_along_all_paths(name):
    material, path = CASES[name]
    loading = {"outputs": OUTPUTS} | ({"path": path} if path else {})
    study = make_study(CELLS, GRAINS, material=material, loading=loading)
    compare(study, study.sampling.centre)


def course_of_solid(study, precision):
    """Displacements of all nodes and load, (outputs, n + 1), and the number of steps."""
    problem, kept = solid_of(study, grain_map(study), 3, precision), []
    stepper = Stepper(
        problem, study.sampling.centre, lambda _, s: kept.append([*s.u.array, s.load])
    )
    steps = stepper.run().steps
    return np.array(kept), steps


@pytest.mark.parametrize("name", ["n = 50", "reversal, n = 50", "voce"])
def test_a_factor_in_single_precision_leaves_the_steps_and_fields_of_a_solid(name):
    material, path = CASES[name]
    loading = {"outputs": OUTPUTS} | ({"path": path} if path else {})
    study = make_study(8, GRAINS, material=material, loading=loading)
    found, steps = course_of_solid(study, "single")
    exact, exact_steps = course_of_solid(study, "double")
    assert abs(steps - exact_steps) <= 2
    for part in (np.s_[:, :-1], np.s_[:, -1]):
        assert 0 < np.abs(found[part] - exact[part]).max() < ALLOWED * np.abs(exact[part]).max()


@pytest.mark.parametrize("corner", product((0, 1), repeat=2))
def test_same_fields_in_corners_of_the_box(corner):
    study = make_study(CELLS, GRAINS, loading={"outputs": OUTPUTS})
    ends = (corner[0], corner[1], 1 - corner[0])
    compare(study, [side[end] for side, end in zip(study.sampling.box, ends, strict=True)])


def test_same_fields_on_two_ranks(tmp_path):
    exact = run_on(1, CELLS, tmp_path, "double")
    found = run_on(2, CELLS, tmp_path, "single")
    assert abs(len(found["steps"]) - len(exact["steps"])) <= 2
    for name in ("strain", "load", "rates", "load_rates"):
        scale = np.linalg.norm(exact[name])
        assert np.linalg.norm(found[name] - exact[name]) < 3 * ALLOWED * scale, name


def test_tight_tolerances_choose_double_precision():
    assert precision_of(Solver()) == "single"
    assert {precision_of(Solver(**tight)) for tight in (FINE, EXACT, TIGHT)} == {"double"}
