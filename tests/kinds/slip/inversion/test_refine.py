"""Refinement on a made-up forward model whose answer and information are known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import eye_array

from slipfield.core.errors import NoEquilibrium, SlipfieldError
from slipfield.kinds.slip.inversion.comparison import compare, deviations
from slipfield.kinds.slip.inversion.refine import Prior, Problem, refine
from slipfield.kinds.slip.measure.resample import BLOCKS, Measurement
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.mesh import Mesh

NODES = 2 * BLOCKS + 1
FRAMES = 5
TRUTH = np.log([120.0, 25.0, 14.0])
CENTRE = np.log([111.8, 24.5, 12.2])
PRIOR = Prior(CENTRE, np.full(3, 0.8))
X, Y = np.meshgrid(np.linspace(0, 2, NODES), np.linspace(0, 2, NODES))
SHAPES = np.random.default_rng(5).standard_normal((3, FRAMES, 3, NODES, NODES))


def forward(parameters):
    """Strain and load that depend on ln k exponentially, with exact derivatives."""
    p = np.log(parameters) - CENTRE
    growth = np.exp(0.5 * p)[:, None, None, None, None]
    strain = 0.01 * (growth * SHAPES).sum(axis=0)
    rates = 0.005 * growth * SHAPES
    time = np.arange(1.0, FRAMES + 1)
    weight = np.array([0.5, 0.3, 0.2])
    load = 100 * np.sqrt(time) * np.exp(weight @ p)
    return Reference(
        0, parameters, time, 0.01 * time, strain, load, rates,
        weight[:, None] * load, "green_lagrange",
    )  # fmt: skip


def measure(strain_noise=0.0, load_noise=0.0, seed=0, mask=None):
    run, random = forward(np.exp(TRUTH)), np.random.default_rng((9, seed))
    points = run.strain.reshape(FRAMES, 3, -1)
    points = points + strain_noise * random.standard_normal(points.shape)
    if mask is not None:
        points[:, :, mask.ravel()] = np.nan
    load = run.load * (1 + load_noise * random.standard_normal(FRAMES))
    sampling = eye_array(NODES**2).tocsr()
    return Measurement(run.time, points, load, sampling, Mesh(X, Y), (0.1, 0.1))


def test_exact_data_lead_to_the_truth_in_few_runs():
    result = refine(Problem(measure(), forward, 1e-3, PRIOR), CENTRE - 0.6, 10)
    assert result.converged
    assert len(result.path) <= 6
    np.testing.assert_allclose(result.log_parameters, TRUTH, atol=1e-4)
    assert result.data_share == pytest.approx(1, abs=1e-3)
    values = [step.objective for step in result.path]
    assert values[-1] < 1e-3 * values[0]


@pytest.mark.slow
def test_covariance_is_the_scatter_over_noise():
    problems = [Problem(measure(1e-3, 5e-3, seed), forward, 5e-3, PRIOR) for seed in range(60)]
    results = [refine(problem, TRUTH, 6) for problem in problems]
    errors = np.array([r.log_parameters - TRUTH for r in results])
    predicted = np.mean([np.diag(r.covariance) for r in results], axis=0)
    ratio = (errors**2).mean(axis=0) / predicted
    # 60 draws: the ratio scatters by sqrt(2 / 60) = 0.18.
    assert np.all((ratio > 0.5) & (ratio < 1.6))


def test_alike_residuals_weigh_less_than_white_ones():
    """A disturbance that follows a sensitivity in every block must raise the deviation."""
    measurement = measure(1e-3)
    white = deviations(compare(measurement, forward(np.exp(TRUTH)), 5e-3), np.ones(NODES**2), 5e-3)
    assert white.strain == pytest.approx(1e-3, rel=0.3)
    random = np.random.default_rng(1)
    block_noise = random.standard_normal(BLOCKS**2)[measurement.block].reshape(NODES, NODES)
    disturbed = measure(1e-3)
    disturbed.points[:] += (1e-3 * block_noise * SHAPES[0]).reshape(FRAMES, 3, -1)
    alike = deviations(compare(disturbed, forward(np.exp(TRUTH)), 5e-3), np.ones(NODES**2), 5e-3)
    assert alike.strain > 3 * white.strain


def test_scatter_of_the_blocks_along_one_parameter_widens_that_one():
    """A disturbance that looks like another k3 in every block of the sheet, another one in each."""

    def disturbed(seed):
        measurement = measure(1e-4, 1e-3, seed)
        amplitude = np.random.default_rng((2, seed)).standard_normal(BLOCKS**2)
        field = amplitude[measurement.block].reshape(NODES, NODES)
        measurement.points[:] += (1e-3 * field * SHAPES[2]).reshape(FRAMES, 3, -1)
        return refine(Problem(measurement, forward, 1e-2, PRIOR), TRUTH, 6)

    results = [disturbed(seed) for seed in range(8)]
    predicted = np.mean([np.diag(result.covariance) for result in results], axis=0)
    assert predicted[2] > 2 * predicted[:2].max()
    error = np.abs([result.log_parameters - TRUTH for result in results])
    assert np.all(error < 4 * np.sqrt(predicted))


def test_points_where_the_model_is_wrong_hardly_count():
    """A twentieth of the points is off by a hundred times the noise, in every frame."""
    measurement = measure(1e-4, seed=2)
    wrong = np.random.default_rng(4).random(NODES**2) < 0.05
    measurement.points[:, :, wrong] += 0.01 + 0.5 * measurement.points[:, :, wrong]
    result = refine(Problem(measurement, forward, 1e-3, PRIOR), CENTRE, 12)
    assert result.converged
    error = np.abs(result.log_parameters - TRUTH)
    assert error.max() < 0.01
    assert np.all(error < 3 * np.sqrt(np.diag(result.covariance)))


def test_masked_points_do_not_shift_the_answer():
    mask = (X < 1.0) & (Y > 0.8)
    measurement = measure(mask=mask)
    measurement.points[1] = np.nan
    result = refine(Problem(measurement, forward, 1e-3, PRIOR), CENTRE, 8)
    np.testing.assert_allclose(result.log_parameters, TRUTH, atol=1e-4)


def test_normal_equations_agree_with_the_dense_ones():
    measurement = measure(1e-3, seed=3)
    run = forward(np.exp(CENTRE))
    found = compare(measurement, run, 5e-3)
    jacobian = run.strain_rates.reshape(3, -1)
    residual = (measurement.points - run.strain.reshape(FRAMES, 3, -1)).ravel()
    np.testing.assert_allclose(found.normals.sum(axis=0), jacobian @ jacobian.T)
    np.testing.assert_allclose(found.slopes.sum(axis=0), jacobian @ residual)
    assert found.squares.sum() == pytest.approx(residual @ residual)
    assert found.counts.sum() == residual.size
    assert found.rms[0] == pytest.approx(np.sqrt(np.mean(residual**2)))


def test_what_the_data_do_not_tell_stays_with_the_prior():
    """Without strain the load tells one combination of three parameters."""
    measurement = measure()
    measurement.points[:] = np.nan
    result = refine(Problem(measurement, forward, 1e-3, PRIOR), CENTRE, 8)
    weight = np.array([0.5, 0.3, 0.2])
    assert weight @ (result.log_parameters - TRUTH) == pytest.approx(0, abs=1e-3)
    assert 0 < result.data_share.sum() < 1.01
    assert np.sqrt(weight @ result.covariance @ weight) < 2e-3


def test_a_failing_run_shortens_the_step():
    calls = []

    def fragile(parameters):
        calls.append(parameters)
        if len(calls) == 2:
            raise NoEquilibrium("forward run: minimum step reached")
        return forward(parameters)

    result = refine(Problem(measure(), fragile, 1e-3, PRIOR), CENTRE - 0.6, 12)
    np.testing.assert_allclose(result.log_parameters, TRUTH, atol=1e-4)
    assert result.converged


@pytest.mark.parametrize("runs", [6, 40])
def test_a_stuck_refinement_has_not_converged(runs):
    """Sensitivities of the wrong sign: every step leads uphill and damping grows to its limit."""

    def backwards(parameters):
        run = forward(parameters)
        return replace(run, strain_rates=-run.strain_rates, load_rates=-run.load_rates)

    result = refine(Problem(measure(), backwards, 1e-3, PRIOR), TRUTH - 0.15, runs)
    assert np.abs(result.log_parameters - TRUTH).max() > 0.1
    assert not result.converged
    assert len(result.path) <= 12


def test_runs_without_equilibrium_all_around_are_no_convergence():
    calls = []

    def cornered(parameters):
        calls.append(parameters)
        if len(calls) > 1:
            raise NoEquilibrium("forward run: minimum step reached")
        return forward(parameters)

    result = refine(Problem(measure(), cornered, 1e-3, PRIOR), TRUTH - 0.2, 40)
    assert not result.converged


def test_errors_of_disk_and_launcher_are_not_taken_for_a_hard_step():
    calls = []

    def full_disk(parameters):
        calls.append(parameters)
        if len(calls) > 1:
            raise SlipfieldError("forward run: No space left on device")
        return forward(parameters)

    with pytest.raises(SlipfieldError, match="No space left"):
        refine(Problem(measure(), full_disk, 1e-3, PRIOR), TRUTH - 0.2, 10)
    assert len(calls) == 2


def test_number_of_runs_is_bounded_and_checked():
    result = refine(Problem(measure(), forward, 1e-3, PRIOR), CENTRE - 0.6, 2)
    assert len(result.path) == 2
    assert not result.converged
    with pytest.raises(SlipfieldError, match="1 or more"):
        refine(Problem(measure(), forward, 1e-3, PRIOR), CENTRE, 0)
