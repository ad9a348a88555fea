"""Averaging between grids against quadrature and closed formulas."""

import numpy as np
import pytest
from scipy.integrate import quad

from slipfield.kinds.slip.projection.resample import averaging_matrix, remaining_window, resample


@pytest.mark.parametrize(("source", "target", "window"), [(25, 7, 1), (13, 13, 2.5), (7, 13, 1)])
def test_windows_average_the_interpolated_line(source, target, window):
    values = np.random.default_rng(0).normal(size=source)
    nodes, centres = np.linspace(0, 1, source), np.linspace(0, 1, target)
    half = 0.5 * window / (target - 1)
    expected = []
    for centre in centres:
        low, high = max(centre - half, 0), min(centre + half, 1)
        inside = [node for node in nodes if low < node < high]
        area = quad(lambda x: np.interp(x, nodes, values), low, high, points=inside, limit=200)[0]
        expected.append(area / (high - low))
    np.testing.assert_allclose(averaging_matrix(source, target, window) @ values, expected, 1e-7)


def test_no_window_takes_the_value_at_the_node():
    values = np.random.default_rng(1).normal(size=9)
    np.testing.assert_allclose(averaging_matrix(9, 5, 0) @ values, values[::2])
    np.testing.assert_allclose(
        averaging_matrix(5, 9, 0) @ values[:5], np.interp(np.arange(9) / 2, range(5), values[:5])
    )


def test_constant_fields_stay_constant_around_missing_values():
    fields = np.full((2, 3, 17, 17), 0.02, np.float32)
    fields[0, :, 5:8, 3:9] = np.nan
    fields[1, :, :9] = np.nan
    result = resample(fields, (9, 9), (2.0, 2.0))
    assert result.shape == (2, 3, 9, 9)
    np.testing.assert_allclose(result[np.isfinite(result)], 0.02, rtol=1e-6)
    assert np.isfinite(result[0]).all()
    assert np.isnan(result[1, :, :4]).all() and np.isfinite(result[1, :, 5:]).all()


def test_linear_fields_are_kept_inside():
    y, x = np.meshgrid(np.linspace(0, 1, 21), np.linspace(0, 1, 33), indexing="ij")
    coarse_y, coarse_x = np.meshgrid(np.linspace(0, 1, 11), np.linspace(0, 1, 9), indexing="ij")
    result = resample(2 * x - 3 * y, (11, 9), (2.0, 2.0))
    inside = np.s_[1:-1, 1:-1]
    np.testing.assert_allclose(result[inside], (2 * coarse_x - 3 * coarse_y)[inside], atol=1e-5)


@pytest.mark.parametrize("finer", [2, 4, 8])
def test_meshes_of_all_sizes_see_a_wave_through_the_same_width(finer):
    """Strain as at the nodes of a mesh: differences of a displacement between two neighbours."""
    width, wave, cells = 1.5, 0.4, 40
    spacing = 1 / finer
    x = np.arange(finer * cells + 1) * spacing
    ends = (np.sin(wave * (x + step)) / wave for step in (spacing, -spacing))
    strain = np.subtract(*ends) / (2 * spacing)
    window = remaining_window(width, spacing)
    seen = resample(np.tile(strain, (3, 1)), (3, cells + 1), (0.0, window))[1]
    inside = slice(2, -2)
    true = np.cos(wave * np.arange(cells + 1))
    share = (seen[inside] @ true[inside]) / (true[inside] @ true[inside])
    box = np.sin(0.5 * wave * width) / (0.5 * wave * width)
    assert share == pytest.approx(box, abs=5e-4)


def test_coarse_points_are_averaged_over_themselves_alone():
    assert remaining_window(1.5, 0.8) == 0.8
    assert remaining_window(1.5, 2.0) == 1.0
