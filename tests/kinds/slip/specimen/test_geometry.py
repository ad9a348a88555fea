"""Outline and mapped mesh of the sheet."""

import numpy as np
import pytest
from scipy.integrate import quad

from slipfield.kinds.slip.specimen.geometry import (
    cell_centres,
    half_width,
    into_sheet,
    node_coordinates,
    sheet_outline,
)
from slipfield.kinds.slip.study import Specimen


@pytest.mark.parametrize("necks", [1, 2, 3])
def test_necks_have_the_depth_asked_for(necks):
    """Full width at the grips and between necks, width less two depths in each neck."""
    specimen = Specimen(necks_per_side=necks, neck_depth_mm=0.05)
    between = np.linspace(0, 2, necks + 1)
    waists = 0.5 * (between[1:] + between[:-1])
    assert half_width(specimen, between) == pytest.approx(1.0)
    assert half_width(specimen, waists) == pytest.approx(0.95)


def test_outline_is_smooth():
    """The slope has no jump: its change over a step falls with the step."""
    specimen = Specimen()
    steps = []
    for count in (200, 2000):
        slope = np.diff(half_width(specimen, np.linspace(0, 2, count))) / (2 / (count - 1))
        steps.append(np.abs(np.diff(slope)).max())
    assert steps[1] < 0.12 * steps[0]


def test_area_of_the_outline():
    """Outline area equals the integral of the width; necks remove what the published mesh lacks."""
    specimen = Specimen()
    area, _ = quad(lambda y: 2 * half_width(specimen, y), 0, 2, limit=200)
    assert sheet_outline(specimen).area == pytest.approx(area, rel=1e-5)
    removed = 40_000 * (1 - area / 4)
    assert removed == pytest.approx(40_000 - 39_622, rel=0.1)


def test_no_necks_give_a_rectangle():
    """Both ways of asking for a plain sheet."""
    for specimen in (Specimen(neck_depth_mm=0), Specimen(necks_per_side=0)):
        assert sheet_outline(specimen).area == pytest.approx(4.0, rel=1e-14)


def test_nodes_lie_on_the_outline_and_are_symmetric():
    """Rows run from edge to edge, equally spaced, mirrored about the load axis."""
    specimen = Specimen(cells_x=10, cells_y=16, neck_depth_mm=0.1)
    x, y = node_coordinates(specimen)
    assert x.shape == y.shape == (17, 11)
    assert y[:, 3] == pytest.approx(np.linspace(0, 2, 17))
    assert x[:, -1] - 1 == pytest.approx(half_width(specimen, y[:, 0]))
    assert x + x[:, ::-1] == pytest.approx(np.full(x.shape, 2.0))
    assert np.diff(x, axis=1).std(axis=1) == pytest.approx(0, abs=1e-14)
    assert x[0, 5] == 1.0


def test_cell_centres():
    """Centre of a cell of a linear field is its value at the mean node."""
    x, y = node_coordinates(Specimen(cells_x=4, cells_y=5, neck_depth_mm=0))
    assert cell_centres(x)[0] == pytest.approx([0.25, 0.75, 1.25, 1.75])
    assert cell_centres(y)[:, 2] == pytest.approx([0.2, 0.6, 1.0, 1.4, 1.8])


def test_into_sheet_keeps_points_inside():
    """Every point of the rectangle lands within the width at its height."""
    specimen = Specimen(neck_depth_mm=0.4)
    points = np.random.default_rng(0).random((500, 2)) * 2
    mapped = into_sheet(specimen, points)
    assert np.all(np.abs(mapped[:, 0] - 1) <= half_width(specimen, points[:, 1]))
    assert np.all(mapped[:, 1] == points[:, 1])
