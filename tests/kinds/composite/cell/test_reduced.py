"""The reduced basis: bounds, errors at the corners, gradients."""

import itertools

import numpy as np
import pytest
from scipy.stats import qmc

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.composite.rechecked import sample
from slipfield.kinds.composite.snapshots import build


@pytest.fixture(scope="module")
def exact(cell, bounds):
    inside = bounds[0] + qmc.Sobol(5, seed=3).random(16) * np.ptp(bounds, axis=0)
    corners = np.array(list(itertools.product(*bounds.T)))
    points = np.vstack([inside, corners])
    return points, np.array([cell.stiffness(point) for point in points])


@pytest.mark.parametrize(("solves", "error"), [(8, 1e-3), (16, 1e-5)])
def test_few_solves_reach_all_corners(cell, bounds, exact, solves, error):
    points, values = exact
    model = build(cell, sample(bounds, solves, seed=4), (0.2, 0.4))
    assert np.abs(model.stiffness(points) / values - 1).max() < error


def test_energies_are_bounded_from_above(cell, bounds, exact):
    points, values = exact
    found = build(cell, sample(bounds, 4, seed=4), (0.2, 0.4)).stiffness(points)
    for energies in (lambda c: c[:, [0, 2, 4, 5]], lambda c: c[:, 2] - c[:, 3]):
        above = energies(found) - energies(values)
        assert above.min() > -1e-9
        assert above.max() > 1e-6


def test_snapshots_are_reproduced(cell, bounds):
    points = sample(bounds, 3, seed=1)
    model = build(cell, points, (0.2, 0.4))
    exact = np.array([cell.stiffness(point) for point in points])
    assert model.stiffness(points) == pytest.approx(exact, rel=1e-10)


def test_gradients_agree_with_finite_differences(bench, bounds):
    point = bounds.mean(axis=0)
    _, gradient = bench.reduced.constants(point[None])
    for k, span in enumerate(np.ptp(bounds, axis=0)):
        step = np.eye(5)[k] * 1e-5 * span
        pair = bench.reduced.constants(np.array([point + step, point - step]))[0]
        difference = (pair[0] - pair[1]) / (2e-5 * span)
        scale = np.abs(gradient[0, :, k]).max()
        assert gradient[0, :, k] == pytest.approx(difference, abs=1e-6 * scale)


def test_fractions_outside_are_refused(bench, bounds):
    with pytest.raises(SlipfieldError, match=r"^fraction: given 0.45"):
        bench.reduced.stiffness(np.append(bounds[0, :4], 0.45)[None])
