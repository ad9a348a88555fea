"""What grain sizes tell: against a regression of strength on D^-1/2."""

import numpy as np
import pytest

from slipfield.kinds.slip.specimen.told import SizeContrast


def regression(size, area, error):
    """Relative standard deviations of k2 + m k3 and of k3 m, by weighted least squares."""
    root = size**-0.5
    design = np.column_stack([np.ones(len(root)), root])
    covariance = error**2 * np.linalg.inv(design.T @ (area[:, None] * design) / area.sum())
    mean = area @ root / area.sum()
    sum_variance = np.array([1, mean]) @ covariance @ np.array([1, mean])
    return np.sqrt(sum_variance), mean * np.sqrt(covariance[1, 1])


@pytest.mark.parametrize("spread", [0.05, 0.3])
def test_the_share_of_boundaries_is_known_worse_by_mean_over_deviation(spread):
    random = np.random.default_rng(0)
    size = 0.26 * np.exp(spread * random.standard_normal(80))
    area = random.random(80) + 0.1
    contrast = SizeContrast.of(size, area)
    best, apart = regression(size, area, 0.7)
    assert contrast.worse == pytest.approx(apart / best, rel=1e-9)
    assert ("hardly" in contrast.text) == (spread == 0.05)
    assert f"k2 + {contrast.mean:.3g} k3" in contrast.text


def test_grains_of_one_size_tell_a_sum():
    contrast = SizeContrast.of(np.full(9, 0.25), np.ones(9))
    assert contrast.worse == np.inf
    assert "the data tell k2 + 2 k3, and hardly k2 and k3 apart" in contrast.text
