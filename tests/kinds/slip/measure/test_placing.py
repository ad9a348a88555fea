"""Where the strain maps lie on the sheet."""

from dataclasses import replace

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.axes import Axes
from slipfield.kinds.slip.measure.doubts import doubts
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from tests.kinds.slip.measure import measurement as m

OPTIONS = StrainOptions(scale=m.SCALE, interval=10.0, format="vic2d")
# Test.picture: first column at pixel 40, lowest row at 24 + 8 * 30; a step is 8 px = 0.05 mm.
CORNER = (40.0 - 12.0, 24.0 + 240.0 + 20.0)


def test_a_corner_in_pixels_places_the_maps(tmp_path):
    files = m.write_vic2d(m.Test(), tmp_path)
    data = import_strain(files, replace(OPTIONS, corner=CORNER, sheet=(1.2, 1.8)))
    assert data["x_mm"].values[0] == pytest.approx(12 * m.SCALE)
    assert data["y_mm"].values[0] == pytest.approx(20 * m.SCALE)
    by_origin = replace(OPTIONS, origin=(12 * m.SCALE, 20 * m.SCALE), sheet=(1.2, 1.8))
    np.testing.assert_allclose(data["y_mm"], import_strain(files, by_origin)["y_mm"])
    assert not list(doubts(data))


def test_a_corner_is_turned_with_a_turned_camera(tmp_path):
    """The picture turned by a quarter: file x runs up the specimen, file y (down) to the right."""
    test = m.Test(lost=[])
    x, y, u, v, exx, eyy, exy = test.picture()
    paths = []
    for frame in range(len(test.elongation)):
        columns = [330 - y, x, -v[frame], u[frame], eyy[frame], exx[frame], -exy[frame]]
        path = tmp_path / f"turned_{frame}.csv"
        table = np.column_stack([column.ravel() for column in columns])
        np.savetxt(path, table, delimiter=",", header="x,y,u,v,exx,eyy,exy", comments="")
        paths.append(path)
    corner = (330 - CORNER[1], CORNER[0])
    options = replace(OPTIONS, corner=corner, sheet=(1.2, 1.8), load_axis="x")
    data = import_strain(paths, options)
    assert data["x_mm"].values[0] == pytest.approx(12 * m.SCALE)
    assert data["y_mm"].values[0] == pytest.approx(20 * m.SCALE)
    np.testing.assert_allclose(data["strain"], test.strain, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"corner": CORNER}, "give the size of the sheet, too"),
        ({"corner": CORNER, "origin": (0.0, 0.0), "sheet": (1.2, 1.8)}, "not both"),
        ({"corner": (4000.0, 0.0), "sheet": (1.2, 1.8)}, "--origin or --corner"),
    ],
)
def test_a_corner_that_does_not_fit_is_one_line(tmp_path, change, text):
    with pytest.raises(SlipfieldError, match=text):
        import_strain(m.write_vic2d(m.Test(), tmp_path), replace(OPTIONS, **change))


def test_a_corner_in_millimetres_is_refused(tmp_path):
    files = m.write_vic2d_calibrated(m.Test(), tmp_path)
    options = StrainOptions(interval=10.0, corner=CORNER, sheet=(1.2, 1.8))
    with pytest.raises(SlipfieldError, match="in mm, not in pixels"):
        import_strain(files, options)


def test_a_guessed_sheet_is_asked_for(tmp_path):
    files = m.write_vic2d(m.Test(), tmp_path)
    (doubt,) = doubts(import_strain(files, OPTIONS))
    assert "taken to end at the outermost points, 1 x 1.5 mm" in doubt
    assert "--sheet" in doubt and "--corner" in doubt
    (doubt,) = doubts(import_strain(files, replace(OPTIONS, sheet=(1.0, 1.7))))
    assert "begin at the bottom edge and end 0.2 mm before the top one" in doubt


@pytest.mark.parametrize("load_axis", ["x", "y", "-x", "-y"])
@pytest.mark.parametrize("y_axis", ["up", "down"])
def test_arrays_vectors_and_grids_turn_alike(load_axis, y_axis):
    """A linear field of positions, seen through the grid, is the field of the turned vectors."""
    axes = Axes(y_axis, load_axis)
    x, y = np.arange(4.0), np.arange(10.0, 16.0)
    grid_x, grid_y = np.meshgrid(x, y)
    across, along = axes.grid(x, y)
    turned = [axes.array(field) for field in axes.vectors(grid_x, grid_y)]
    for found, expected in zip(turned, np.meshgrid(across, along), strict=True):
        np.testing.assert_allclose(found, expected)
    assert np.all(np.diff(across) > 0) and np.all(np.diff(along) > 0)
    upright = np.diag([1, -1 if y_axis == "down" else 1, 1])
    np.testing.assert_allclose(axes.turn[:2, :2] @ upright[:2, :2], axes.matrix)
    assert np.linalg.det(axes.turn) == pytest.approx(1)
