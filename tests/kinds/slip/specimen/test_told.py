"""What grain sizes tell: against a regression of strength on D^-1/2."""

import numpy as np
import pytest

from slipfield.kinds.slip.specimen.told import APART, SizeContrast


def regression(size, area, error, k2, k3):
    """Relative standard deviations of k2 + m k3, and of k2 and k3, by weighted least squares."""
    root = size**-0.5
    design = np.column_stack([np.ones(len(root)), root])
    covariance = error**2 * np.linalg.inv(design.T @ (area[:, None] * design) / area.sum())
    mean = area @ root / area.sum()
    best = np.array([1, mean])
    of_sum = np.sqrt(best @ covariance @ best) / (k2 + mean * k3)
    return of_sum, np.sqrt(np.diag(covariance)) / [k2, k3], mean


@pytest.mark.parametrize("spread", [0.05, 0.15, 0.7])
@pytest.mark.parametrize("shares", [(1.0, 1e-6), (12.0, 6.0), (1e-6, 1.0)])
def test_k2_and_k3_are_known_worse_than_their_sum_by_mean_over_deviation(spread, shares):
    random = np.random.default_rng(0)
    size = 0.26 * np.exp(spread * random.standard_normal(80))
    area = random.random(80) + 0.1
    contrast = SizeContrast.of(size, area)
    best, apart, mean = regression(size, area, 0.7, *shares)
    assert (apart / best >= contrast.worse * (1 - 1e-9)).all()
    if shares[0] < shares[1]:  # all strength by boundaries
        assert apart[1] / best == pytest.approx(contrast.worse, rel=1e-5)
    assert ("use the sum" in contrast.told) == (spread < 0.5) == (contrast.worse >= APART)
    assert f"such as k2 + {mean:.3g} k3" in contrast.told


def test_sizes_promise_nothing_that_an_inversion_takes_back():
    """Grains over a gradient, of which an inversion said "use the sum" (correlation -0.97)."""
    random = np.random.default_rng(1)
    contrast = SizeContrast.of(np.geomspace(0.09, 0.6, 200), random.random(200) + 0.5)
    assert contrast.worse < APART
    assert "whether they are told apart, the inversion says" in contrast.told


def test_grains_of_one_size_tell_a_sum():
    contrast = SizeContrast.of(np.full(9, 0.25), np.ones(9))
    assert contrast.worse == np.inf
    assert (
        "such as k2 + 2 k3, the mean strength, but not k2 and k3 apart: use the sum"
        in contrast.told
    )
