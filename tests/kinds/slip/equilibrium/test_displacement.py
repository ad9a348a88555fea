"""Displacement gradients from nodal strain: exact where the displacement is known."""

import numpy as np
import pytest

from slipfield.kinds.slip.equilibrium.displacement import StrainIntegrator
from slipfield.kinds.slip.specimen.geometry import node_coordinates
from slipfield.kinds.slip.study import Specimen

CELLS = 24


@pytest.fixture(scope="module")
def grid():
    x, y = node_coordinates(Specimen(cells_x=CELLS, cells_y=CELLS))
    return x, y, StrainIntegrator(x, y)


def smooth_displacement(x, y):
    """Displacement that the grips allow, up to 5 %, and its gradient (4, ...)."""
    u_x = 0.02 * np.sin(1.3 * (x - 1)) * np.cos(0.7 * y)
    u_y = 0.05 * y + 0.004 * np.sin(np.pi * y) * np.cos(x)
    gradient = [
        0.02 * 1.3 * np.cos(1.3 * (x - 1)) * np.cos(0.7 * y),
        -0.02 * 0.7 * np.sin(1.3 * (x - 1)) * np.sin(0.7 * y),
        -0.004 * np.sin(np.pi * y) * np.sin(x),
        0.05 + 0.004 * np.pi * np.cos(np.pi * y) * np.cos(x),
    ]
    return u_x, u_y, np.stack(gradient)


def green_lagrange(gradient):
    a, b, c, d = gradient
    return np.stack([a + (a * a + c * c) / 2, d + (b * b + d * d) / 2, (b + c + a * b + c * d) / 2])


def centres(values):
    return (values[1:, 1:] + values[1:, :-1] + values[:-1, 1:] + values[:-1, :-1]) / 4


def test_gradients_of_a_smooth_field_come_back(grid):
    x, y, integrator = grid
    strain = green_lagrange(smooth_displacement(x, y)[2])
    found, _ = integrator.solve(strain, 0.1, repeats=6)
    expected = smooth_displacement(centres(x), centres(y))[2].reshape(4, -1)
    interior = np.zeros((CELLS, CELLS), bool)
    interior[2:-2, 2:-2] = True
    off = (found - expected)[:, interior.ravel()]
    assert np.linalg.norm(off) < 0.02 * np.linalg.norm(expected[:, interior.ravel()])
    assert integrator.area.sum() == pytest.approx(area_of(x, y), rel=1e-9)


def area_of(x, y):
    """Area inside the outline of a grid, by the shoelace formula."""
    ring = [(x[0], y[0]), (x[1:, -1], y[1:, -1]), (x[-1, -2::-1], y[-1, -2::-1])]
    ring.append((x[-2:0:-1, 0], y[-2:0:-1, 0]))
    px, py = (np.concatenate(part) for part in zip(*ring, strict=True))
    return 0.5 * np.sum(px * np.roll(py, -1) - np.roll(px, -1) * py)


def test_gradients_jump_between_cells_where_the_strain_of_nodes_blurs(grid):
    """A hard and a soft half: cells know their half, nodes between them know neither."""
    x, y, integrator = grid
    nodes = np.where(y <= 1, 0.03 * y, 0.03 + 0.07 * (y - 1))
    slope = np.where(y < 1 - 1e-9, 0.03, np.where(y > 1 + 1e-9, 0.07, 0.05))
    assert nodes[-1, 0] == pytest.approx(0.1)
    zero = np.zeros_like(x)
    found, _ = integrator.solve(green_lagrange([zero, zero, zero, slope]), 0.1, repeats=4)
    u_yy = found[3].reshape(CELLS, CELLS)
    np.testing.assert_allclose(u_yy[: CELLS // 2], 0.03, atol=1.5e-3)
    np.testing.assert_allclose(u_yy[CELLS // 2 :], 0.07, atol=1.5e-3)


def test_sharper_gradients_cost_little_noise(grid):
    x, y, integrator = grid
    strain = green_lagrange(smooth_displacement(x, y)[2])
    noise = 5e-4 * np.random.default_rng(0).standard_normal(strain.shape)
    clean, _ = integrator.solve(strain, 0.1)
    noisy, _ = integrator.solve(strain + noise, 0.1)
    assert (noisy - clean)[[0, 3]].std() < 1e-3
