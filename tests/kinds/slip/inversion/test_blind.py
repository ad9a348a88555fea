"""Intervals over random draws of the orientations."""

import numpy as np
import pytest

from slipfield.kinds.slip.inversion.answers import Answer
from slipfield.kinds.slip.inversion.blind import _combined

REPEATS = 1500


@pytest.mark.slow
@pytest.mark.parametrize("draws", [2, 3, 8])
def test_intervals_over_a_few_draws_hold_the_truth(draws):
    """The specimen is one more draw of the same scatter; 1.96 would hold 70 % for two draws."""
    random = np.random.default_rng(draws)
    logs = np.log([100.0, 20.0, 10.0]) + 0.1 * random.standard_normal((REPEATS, draws + 1, 3))
    held = np.zeros(3)
    for truth, *members in np.exp(logs):
        found = _combined([Answer("projection", k, k / 1.001, k * 1.001, 0.0) for k in members])
        held += (found.low < truth) & (truth < found.high)
    # 4,500 intervals: the share scatters by 0.003.
    assert held.mean() / REPEATS == pytest.approx(0.95, abs=0.012)


def test_without_scatter_between_the_draws_the_interval_is_that_of_one():
    k = np.array([100.0, 20.0, 10.0])
    found = _combined([Answer("projection", k, k / 1.1, k * 1.1, 0.0)] * 3)
    np.testing.assert_allclose(found.high, 1.1 * k, rtol=1e-3)
