"""What strain and load count where the model is wrong: closed forms of a linear problem."""

from dataclasses import replace

import numpy as np
import pytest

from slipfield.kinds.slip.inversion.comparison import COMMON, ROBUSTNESS, compare, deviations
from slipfield.kinds.slip.inversion.refine import NEAR, Prior, Problem, refine
from slipfield.kinds.slip.measure.resample import BLOCKS
from slipfield.kinds.slip.projection.reference import Reference
from tests.kinds.slip.inversion.test_refine import (
    CENTRE,
    FRAMES,
    NODES,
    PRIOR,
    SHAPES,
    measure,
)

NOISE, LOAD_NOISE, SCALE = 2e-4, 5e-3, 0.01
TRUTH = CENTRE + [0.05, -0.04, 0.08]
SHARES = np.array([0.5, 0.3, 0.2])
BASE = 100 * np.sqrt(np.arange(1.0, FRAMES + 1))


def linear(parameters, shapes=SHAPES):
    """Strain and load that depend on ln k linearly."""
    p = np.log(parameters) - CENTRE
    time = np.arange(1.0, FRAMES + 1)
    strain = SCALE * np.tensordot(p, shapes, 1)
    return Reference(
        0, parameters, time, 0.01 * time, strain, BASE * (1 + SHARES @ p), SCALE * shapes,
        SHARES[:, None] * BASE, "green_lagrange",
    )  # fmt: skip


def measured(seed, shared, scattered, strain_noise=NOISE, load_noise=LOAD_NOISE):
    """Readings that look like another ln k3, by one error in all blocks and by one in each."""
    measurement, run = measure(), linear(np.exp(TRUTH))
    random = np.random.default_rng((3, seed))
    own = shared + scattered * random.standard_normal(BLOCKS**2)
    field = own[measurement.block].reshape(NODES, NODES)
    points = (run.strain + SCALE * field * SHAPES[2]).reshape(FRAMES, 3, -1)
    points = points + strain_noise * random.standard_normal(points.shape)
    load = run.load * (1 + load_noise * random.standard_normal(FRAMES))
    return replace(measurement, points=points, load=load)


def dense(measurement, prior, at):
    """Answer and covariance by dense algebra, with the variances that the residuals at ``at`` give.

    Straight from the definitions: Cauchy's weights, the mean residual, the scatter of the blocks.
    """
    run = linear(np.exp(at))
    residual = measurement.points - run.strain.reshape(FRAMES, 3, -1)
    jacobian = (SCALE * SHAPES).reshape(3, FRAMES, 3, -1)
    squares = np.square(residual).mean(axis=(0, 1))
    weights = 1 / (1 + squares / (ROBUSTNESS**2 * np.median(squares)))
    normal = np.einsum("afcn,bfcn,n->ab", jacobian, jacobian, weights)
    slope = np.einsum("afcn,fcn,n->a", jacobian, residual, weights)
    left = residual - np.tensordot(np.linalg.solve(normal, slope), jacobian, 1)
    scatter = np.zeros((3, 3))
    for block in range(BLOCKS**2):
        own = measurement.block == block
        score = np.einsum("afcn,fcn,n->a", jacobian[..., own], left[..., own], weights[own])
        scatter += np.outer(score, score)
    several = BLOCKS**2 / (BLOCKS**2 - 1)
    alone = several * np.trace(np.linalg.solve(normal, scatter)) / 3
    variance = NOISE**2 + COMMON * (alone - NOISE**2)
    load = (measurement.load - run.load) / measurement.load
    rates = SHARES[:, None] * BASE / measurement.load
    matrix = normal / variance + rates @ rates.T / LOAD_NOISE**2 + prior.information
    right = slope / variance + rates @ load / LOAD_NOISE**2
    right = right + prior.information @ (prior.mean - at)
    return at + np.linalg.solve(matrix, right), np.linalg.inv(matrix), np.sqrt(variance)


def test_the_answer_is_the_closed_form_with_the_misfit_before_the_priors():
    """A strain that asks for 20 % more k3, and a prior that knows it to 3 %."""
    measurement = measured(1, shared=0.2, scattered=0.3)
    prior = Prior(TRUTH, np.array([0.8, 0.8, 0.03]))
    problem = Problem(measurement, linear, LOAD_NOISE, prior, strain_noise=NOISE)
    found = refine(problem, CENTRE, 12)
    expected, covariance, strain = dense(measurement, prior, found.log_parameters)
    assert found.converged
    assert found.weights.strain == pytest.approx(strain, rel=1e-6)
    away = found.log_parameters - expected
    near = np.sqrt(away @ np.linalg.solve(covariance, away))
    assert near < NEAR
    assert found.near == pytest.approx(near, rel=1e-3)
    trusting = refine(replace(problem, strain_noise=None), CENTRE, 12)
    off, misled = (abs(each.log_parameters - TRUTH)[2] for each in (found, trusting))
    assert off < 0.5 * misled
    assert np.all(np.diag(found.covariance) > np.diag(trusting.covariance))
    assert np.diag(found.covariance)[2] < 0.03**2 * 1.01


@pytest.mark.slow
def test_the_covariance_is_the_scatter_where_blocks_are_off_together():
    """An error of each block, and one of all, drawn as :data:`COMMON` says it is.

    Noise of the points hides both at a point, so that none counts less.
    """
    own, noise, errors, predicted = 0.1, 2e-3, [], []
    for seed in range(40):
        shared = own * np.sqrt((COMMON - 1) / BLOCKS**2)
        shared *= np.random.default_rng((4, seed)).standard_normal()
        measurement = measured(seed, shared, own, noise)
        problem = Problem(measurement, linear, LOAD_NOISE, PRIOR, strain_noise=noise)
        found = refine(problem, TRUTH, 6)
        errors.append(found.log_parameters[2] - TRUTH[2])
        predicted.append(found.covariance[2, 2])
    # 40 draws: the ratio scatters by sqrt(2 / 40) = 0.22; Cauchy's weights take a tenth. Counted
    # once it would be 8, counted twice 1 / 8.
    assert 0.5 < np.mean(np.square(errors)) / np.mean(predicted) < 2.0


def test_noise_is_not_taken_for_an_error_of_the_model():
    measurement = measured(2, 0.0, 0.0, strain_noise=1e-3)
    found = compare(measurement, linear(np.exp(TRUTH)), 5e-3)
    ones = np.ones(NODES**2)
    alone = deviations(found, ones, LOAD_NOISE)
    assert alone.common == 1
    assert deviations(found, ones, LOAD_NOISE, 1.0).strain == pytest.approx(alone.strain)
    judged = deviations(found, ones, LOAD_NOISE, 1e-3)
    assert 1 <= judged.common < 1 + 0.5 * (COMMON - 1)
    assert deviations(found, ones, LOAD_NOISE, 1e-9).common == pytest.approx(COMMON)


def test_a_load_that_is_off_by_more_than_its_noise_counts_less():
    """Twice forty readings: the scatter is what counts, less what the step takes."""
    times = 8
    measurement = measured(5, 0.0, 0.0)
    random = np.random.default_rng(8)
    frames = np.tile(np.arange(FRAMES), times)
    many = replace(
        measurement,
        time=np.arange(1.0, len(frames) + 1),
        points=measurement.points[frames],
        load=measurement.load[frames] * (1 + 0.03 * random.standard_normal(len(frames))),
    )

    def longer(parameters):
        run = linear(parameters)
        return replace(
            run,
            time=many.time,
            displacement=0.01 * many.time,
            strain=run.strain[frames],
            load=run.load[frames],
            strain_rates=run.strain_rates[:, frames],
            load_rates=run.load_rates[:, frames],
        )

    found = refine(Problem(many, longer, LOAD_NOISE, PRIOR), TRUTH, 6)
    rest = many.load / (longer(np.exp(found.log_parameters)).load) - 1
    assert found.weights.load == pytest.approx(rest.std(), rel=0.1)
    right = refine(Problem(many, longer, 0.05, PRIOR), TRUTH, 6)
    assert right.weights.load == 0.05


def test_two_parameters_that_do_nearly_the_same_are_found_in_few_runs():
    """Sensitivities that differ by a fiftieth: damping by the diagonal would crawl."""
    shapes = SHAPES.copy()
    shapes[1] = shapes[0] + 0.02 * SHAPES[1]
    exact = linear(np.exp(TRUTH), shapes)
    points = exact.strain.reshape(FRAMES, 3, -1)
    measurement = replace(measure(), points=points, load=exact.load)
    problem = Problem(measurement, lambda k: linear(k, shapes), LOAD_NOISE, PRIOR)
    found = refine(problem, CENTRE, 4)
    assert found.converged
    assert len(found.path) <= 3
    np.testing.assert_allclose(found.log_parameters, TRUTH, atol=1e-3)
