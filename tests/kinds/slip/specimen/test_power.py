"""Power diagrams with prescribed areas."""

import numpy as np
import pytest
import shapely

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.specimen.geometry import sheet_outline
from slipfield.kinds.slip.specimen.power import fit_weights, power_diagram
from slipfield.kinds.slip.study import Specimen

SHEET = sheet_outline(Specimen(neck_depth_mm=0.1))


@pytest.fixture(scope="module")
def case():
    """Random seeds and weights, all cells present, and their diagram."""
    random = np.random.default_rng(4)
    seeds = random.uniform((0.15, 0.05), (1.85, 1.95), (30, 2))
    weights = random.uniform(0, 0.01, 30)
    return seeds, weights, power_diagram(seeds, weights, SHEET)


def test_cells_hold_the_points_of_least_power(case):
    """Brute force over random points: the containing cell has the least power distance."""
    seeds, weights, diagram = case
    points = np.random.default_rng(5).uniform(0, 2, (4000, 2))
    points = points[shapely.contains_xy(SHEET, points)]
    power = np.sum((points[:, None] - seeds) ** 2, axis=2) - weights
    nearest = power.argmin(axis=1)
    assert shapely.contains_xy(diagram.cells[nearest], points[:, 0], points[:, 1]).all()


def test_cells_partition_the_sheet(case):
    """No gap, no overlap."""
    _, _, diagram = case
    assert diagram.areas.sum() == pytest.approx(SHEET.area, rel=1e-12)
    assert shapely.union_all(diagram.cells).area == pytest.approx(SHEET.area, rel=1e-9)


def test_common_edges(case):
    """Edge lengths equal the lengths of the intersections of neighbouring polygons."""
    _, _, diagram = case
    found = {frozenset(p): w for p, w in zip(diagram.pairs.tolist(), diagram.lengths, strict=True)}
    for i in range(30):
        for j in range(i):
            a, b = shapely.boundary(diagram.cells[[i, j]])
            shared = shapely.intersection(a, shapely.buffer(b, 1e-9)).length
            assert found.get(frozenset((i, j)), 0.0) == pytest.approx(shared, abs=1e-6)


def test_two_seeds_in_a_rectangle():
    """A quarter and three quarters: the boundary is x = 0.5, the weights follow from it."""
    seeds = np.array([[0.4, 1.0], [1.6, 1.0]])
    square = shapely.box(0, 0, 2, 2)
    weights, diagram = fit_weights(seeds, np.array([1.0, 3.0]), square, 1e-12)
    assert shapely.bounds(diagram.cells[0]) == pytest.approx([0, 0, 0.5, 2])
    assert weights[1] - weights[0] == pytest.approx(1.1**2 - 0.1**2)


def test_fitted_areas(case):
    """Areas that differ tenfold are reached to the tolerance."""
    seeds, _, _ = case
    areas = np.linspace(1, 10, 30)
    areas *= SHEET.area / areas.sum()
    _, diagram = fit_weights(seeds, areas, SHEET, 1e-6)
    assert shapely.area(diagram.cells) == pytest.approx(areas, rel=1e-6)


def test_a_seed_without_a_cell_is_an_error():
    """Two seeds at one place cannot both have a cell."""
    seeds = np.array([[0.5, 0.5], [0.5, 0.5], [1.5, 1.5]])
    with pytest.raises(SlipfieldError, match="specimen.grains: given 3"):
        fit_weights(seeds, np.full(3, SHEET.area / 3), SHEET, 1e-3)
