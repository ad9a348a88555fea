"""What the data tell of a constant: against refits, inverses and known answers of a made-up law."""

from dataclasses import replace

import numpy as np
import pytest

from slipfield.kinds.slip.inversion.assumed import (
    Assumed,
    assumed_constants,
    likeliest,
    with_refined,
)
from slipfield.kinds.slip.inversion.constants import Constant
from slipfield.kinds.slip.inversion.refine import Point, Prior, Problem, refine
from tests.kinds.slip.inversion import test_refine as model

SHAPE = np.random.default_rng(11).standard_normal(model.SHAPES.shape[1:])
NOISE = 1e-3
WIDE = Constant("n", 10.0, 0.0, 0.35, "default")


def forward(parameters):
    """The made-up law of the refinement's tests with one more parameter, in strain and load."""
    run, c = model.forward(parameters[:3]), np.log(parameters[3])
    own = 0.02 * np.exp(0.5 * c) * (0.3 * SHAPE + model.SHAPES[2])
    return replace(
        run,
        parameters=parameters,
        strain=run.strain + own,
        load=run.load * np.exp(0.1 * c),
        strain_rates=np.concatenate([run.strain_rates, 0.5 * own[None]]),
        load_rates=np.vstack([run.load_rates, 0.1 * run.load]) * np.exp(0.1 * c),
    )


def measure(c, seed=0):
    """Measurement of a sheet whose constant is exp(c) times the assumed one."""
    seen = model.measure(NOISE, 5e-3, seed)
    run = forward(np.append(np.exp(model.TRUTH), np.exp(c)))
    plain = model.forward(np.exp(model.TRUTH))
    points = seen.points + (run.strain - plain.strain).reshape(seen.points.shape)
    return replace(seen, points=points, load=seen.load * run.load / plain.load)


def problem_of(c, mean=0.0, deviation=0.35):
    prior = Prior(np.append(model.CENTRE, mean), np.append(model.PRIOR.deviation, deviation))
    return Problem(measure(c), forward, 5e-3, prior)


def examined(problem, log_parameters):
    """What is told by a run at some parameters."""
    of_k = replace(problem, prior=model.PRIOR)
    at = np.append(log_parameters, 0.0)
    run = forward(np.exp(at))
    point = Point(at, run, of_k.compare(at, run, None))
    return assumed_constants(of_k, point, {"n": 10.0}, [WIDE])


@pytest.mark.parametrize(
    ("pull", "text"),
    [((0.3, -0.1, 2e-3), "k1 +2.9 %, k2 -0.95 %"), ((1e-3, -1e-3, 0.0), "nothing")],
)
def test_what_a_wrong_constant_does_not_move_is_not_listed(pull, text):
    assert Assumed("n", 10.0, np.array(pull), 0.1, 0.0).effect_text == text


def test_the_pull_is_what_a_refit_with_a_wrong_constant_moves():
    right, wrong = (
        refine(problem_of(0.0, mean, 1e-6), np.append(model.TRUTH, mean), 12)
        for mean in (0.0, 0.05)
    )
    (found,) = examined(problem_of(0.0), right.log_parameters[:3])
    moved = wrong.log_parameters - right.log_parameters
    assert np.abs(moved[:3]).max() > 0.01
    # A wrong constant leaves the load further off, which then counts less.
    np.testing.assert_allclose(0.05 * found.pull, moved[:3], atol=0.1 * np.abs(moved).max())


def test_what_the_data_tell_is_the_inverse_of_their_information():
    problem = problem_of(0.0, deviation=1e3)
    result = refine(problem, np.append(model.TRUTH, 0.0), 12)
    (found,) = examined(problem, result.log_parameters[:3])
    assert found.told == pytest.approx(np.sqrt(result.covariance[3, 3]), rel=0.1)
    assert "yes" in found.told_text
    assert not found.wrong


@pytest.mark.parametrize("c", [0.5, -0.4])
def test_a_wrong_constant_is_seen_and_estimated(c):
    problem = problem_of(c)
    trusting = refine(problem_of(c, 0.0, 1e-6), np.append(model.TRUTH, 0.0), 12)
    (before,) = examined(problem, trusting.log_parameters[:3])
    assert before.wrong
    assert np.sign(before.step) == np.sign(c)
    result = refine(problem, np.append(trusting.log_parameters[:3], 0.0), 12)
    (found,) = with_refined([before], result)
    assert likeliest([found]) is found
    assert found.log_value == pytest.approx(c, abs=4 * found.deviation)
    error = np.abs(result.log_parameters - np.append(model.TRUTH, c))
    assert np.all(error < 4 * result.deviation)
    assert np.abs(trusting.log_parameters[:3] - model.TRUTH).max() > 20 * error.max()
    plain = found.to_json()
    assert plain["low"] < 10 * np.exp(c) < plain["high"]
    assert plain["prior"] == "5.04 to 19.9"
