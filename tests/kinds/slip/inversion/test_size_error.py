"""What pixels do to k1, k2, k3 by the grain sizes: against refits with sizes drawn anew."""

import numpy as np
import pytest
import xarray as xr

from slipfield.kinds.slip.inversion.size_error import PIXELS, size_covariance

K = np.array([60.0, 12.0, 6.0])
PIXEL = 0.004


def sheet(spread, count=50):
    random = np.random.default_rng(2)
    size = 0.4 * np.exp(spread * random.standard_normal(count))
    owner = np.repeat(np.arange(count), random.integers(5, 60, count))
    micro = xr.Dataset({"size": ("grain", size), "element_grain": ("element", owner)})
    centres = ("grain_x", PIXEL * np.arange(30))
    affine = (("row", "column"), np.column_stack([1.01 * np.eye(2), np.zeros(2)]))
    return xr.Dataset({"grain_x_mm": centres, "affine": affine}), micro


@pytest.mark.parametrize("spread", [0.3, 0.08])
def test_the_covariance_is_the_scatter_of_refits(spread):
    data, micro = sheet(spread)
    size, random = micro["size"].values, np.random.default_rng(0)
    area = np.bincount(micro["element_grain"].values)
    fits = []
    for _ in range(4000):
        true = size + PIXELS * 1.01 * PIXEL * random.standard_normal(len(size))
        k3, k2 = np.polyfit(size**-0.5, K[1] + K[2] * true**-0.5, 1, w=np.sqrt(area))
        slope = np.sum(area * K[0] * true**-0.5 * size**-0.5) / np.sum(area / size)
        fits.append(np.log(np.array([slope, k2, k3]) / K))
    found = size_covariance(data, micro, K)
    # 4000 draws know a variance to 2 %
    np.testing.assert_allclose(np.cov(np.array(fits).T), found, rtol=0.12, atol=1e-8)


def test_alike_grains_leave_k2_and_k3_open():
    alike, graded = (size_covariance(*sheet(spread), K) for spread in (0.05, 0.3))
    assert alike[2, 2] > 10 * graded[2, 2]
    assert alike[1, 2] < -0.9 * np.sqrt(alike[1, 1] * alike[2, 2])
