"""Grain maps: readers, frames of the angles, segmentation, sizes."""

import numpy as np
import pytest
import xarray as xr
from orix.quaternion import Orientation
from orix.quaternion.symmetry import O
from skimage.io import imsave

from slipfield.kinds.slip.measure.axes import euler_axes, fit_affine, rotation_of
from slipfield.kinds.slip.measure.cubic import mean_orientations, misorientation, quaternions
from slipfield.kinds.slip.measure.grain_maps import (
    GrainOptions,
    add_labelled_image,
    add_orientation_map,
)
from slipfield.kinds.slip.measure.grains import (
    GrainMap,
    clean,
    outlines,
    renumber,
    segment,
    sizes,
)
from slipfield.kinds.slip.measure.specimen_file import problems
from slipfield.kinds.slip.specimen.microstructure import grain_at, make_microstructure, polygons_of
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler
from slipfield.kinds.slip.specimen.size import grain_size
from slipfield.kinds.slip.study import check_study
from tests.kinds.slip.measure import grain_files as g

WRITERS = {"map.ctf": g.write_ctf, "map.ang": g.write_ang, "map.h5oina": g.write_h5oina}


def cubic_rotations() -> np.ndarray:
    """The 24 proper rotations of the cube as signed permutation matrices (24, 3, 3)."""
    from itertools import permutations, product

    found = []
    for order in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[range(3), order] = signs
            if np.linalg.det(matrix) > 0:
                found.append(matrix)
    return np.array(found)


def angle_between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Smallest misorientation (n,), rad, by trying all 24 rotations of the cube."""
    turn = matrix_of_euler(first) @ np.swapaxes(matrix_of_euler(second), -1, -2)
    trace = np.einsum("sij,nji->ns", cubic_rotations(), turn).max(axis=1)
    return np.arccos(np.clip(0.5 * (trace - 1), -1, 1))


def test_misorientation_agrees_with_all_cube_rotations():
    random = np.random.default_rng(1)
    first, second = 2 * np.pi * random.random((2, 50, 3))
    expected = angle_between(first, second)
    found = misorientation(quaternions(first), quaternions(second))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_orix_finds_the_same_quaternions_and_misorientations():
    random = np.random.default_rng(4)
    first, second = 2 * np.pi * random.random((2, 200, 3))
    one, two = (Orientation.from_euler(angles, symmetry=O) for angles in (first, second))
    overlap = np.einsum("ni,ni->n", one.data, quaternions(first))
    np.testing.assert_allclose(np.abs(overlap), 1, atol=1e-12)
    found = misorientation(quaternions(first), quaternions(second))
    np.testing.assert_allclose(found, one.angle_with(two), atol=1e-6)


@pytest.mark.parametrize("name", WRITERS)
def test_maps_become_grains_with_orientations_in_specimen_axes(name, tmp_path):
    scatter = np.radians(0.3)
    path = WRITERS[name](tmp_path / name, g.pixel_euler(scatter))
    data = add_orientation_map(xr.Dataset(), path, GrainOptions())
    np.testing.assert_array_equal(data["grain_id"], g.grain_pixels())
    assert angle_between(data["euler"].values, g.EULER).max() < scatter
    wide, low, high = 8 * g.PIXEL, 20 * g.PIXEL, 40 * g.PIXEL
    axes = np.sqrt(2) * np.array([[low, wide]] * 6 + [[high, wide]] * 6)
    np.testing.assert_allclose(data["ellipse"], axes, rtol=0.03)
    assert list(problems(data)) == []


def test_not_indexed_pixels_are_filled_inside_and_left_out_at_the_rim(tmp_path):
    holes = {30 * g.NX + 20, 31 * g.NX + 20, 10 * g.NX + 12}
    rim = set(range(2 * g.NX))
    path = g.write_ctf(tmp_path / "map.ctf", g.pixel_euler(), holes | rim)
    data = add_orientation_map(xr.Dataset(), path, GrainOptions())
    expected = g.grain_pixels()
    expected[-2:] = -1
    np.testing.assert_array_equal(data["grain_id"], expected)


def test_affine_turns_positions_and_orientations(tmp_path):
    """A map that was scanned turned by 7 degrees: control points undo it."""
    angle = np.radians(7)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    in_map = np.array([[0.1, 0.1], [0.8, 0.2], [0.3, 1.1]])
    on_sheet = in_map @ turn.T + [0.3, -0.1]
    rows = np.column_stack([in_map, on_sheet])
    points = tmp_path / "points.csv"
    header = "map_x,map_y,specimen_x,specimen_y"
    np.savetxt(points, rows, delimiter=",", header=header, comments="")
    path = g.write_h5oina(tmp_path / "map.h5oina", g.pixel_euler())
    data = add_orientation_map(xr.Dataset(), path, GrainOptions(control_points=points))
    np.testing.assert_allclose(data["affine"], np.column_stack([turn, [0.3, -0.1]]), atol=1e-9)
    # A crystal direction seen along x of the map is seen along the turned x of the sheet.
    along_map_x = matrix_of_euler(g.EULER)[:, :, 0]
    sheet = matrix_of_euler(data["euler"].values)
    seen = sheet @ np.array([np.cos(angle), np.sin(angle), 0])
    closest = np.abs(np.einsum("sij,nj->nsi", cubic_rotations(), seen) - along_map_x[:, None])
    assert closest.max(axis=2).min(axis=1).max() < 1e-4


def test_load_along_map_x_turns_the_map_upright(tmp_path):
    path = g.write_ctf(tmp_path / "map.ctf", g.pixel_euler())
    data = add_orientation_map(xr.Dataset(), path, GrainOptions(load_axis="x"))
    expected = renumber(np.swapaxes(g.grain_pixels()[::-1], 0, 1))
    np.testing.assert_array_equal(data["grain_id"], expected)
    first = g.grain_pixels()[::-1].T.ravel()
    order = [first[np.argmax(expected.ravel() == n)] for n in range(12)]
    # What lay along the map's x now lies along y.
    old, new = matrix_of_euler(g.EULER[order])[:, :, 0], matrix_of_euler(data["euler"].values)
    distance = np.abs(np.einsum("sij,nj->nsi", cubic_rotations(), new[:, :, 1]) - old[:, None])
    assert distance.max(axis=2).min(axis=1).max() < 1e-4


def test_euler_axes_are_rotations():
    for text in ("x,y", "-y,x", "y,-x", "z,x"):
        matrix = euler_axes(text)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-15)
        assert np.linalg.det(matrix) == pytest.approx(1)


@pytest.mark.parametrize("kind", ["grey", "colour"])
def test_labelled_image_with_and_without_angles(kind, tmp_path):
    grain = np.flipud(g.grain_pixels())
    labels = 10 * np.arange(12) + 5
    if kind == "grey":
        imsave(tmp_path / "g.png", labels[grain].astype(np.uint16), check_contrast=False)
    else:
        colours = np.stack([labels // 7, 3 * np.arange(12), labels], axis=1).astype(np.uint8)
        imsave(tmp_path / "g.png", colours[grain], check_contrast=False)
        labels = colours.astype(int) @ [65536, 256, 1]
    table = g.write_euler_table(tmp_path / "e.csv", labels)
    arguments = xr.Dataset(), tmp_path / "g.png", g.PIXEL
    data = add_labelled_image(*arguments, table, None, True, GrainOptions())
    np.testing.assert_array_equal(data["grain_id"], g.grain_pixels())
    assert angle_between(data["euler"].values, g.EULER).max() < 1e-5
    blind = add_labelled_image(*arguments, None, None, True, GrainOptions())
    assert "euler" not in blind
    np.testing.assert_array_equal(blind["size"], data["size"])


def test_boundary_lines_of_a_label_image_are_filled(tmp_path):
    grain = g.grain_pixels()
    lines = np.zeros_like(grain, dtype=bool)
    lines[:, 1:] |= grain[:, 1:] != grain[:, :-1]
    lines[1:] |= grain[1:] != grain[:-1]
    image = np.where(lines, 0, grain + 1)
    imsave(tmp_path / "g.tif", np.flipud(image).astype(np.uint8), check_contrast=False)
    arguments = xr.Dataset(), tmp_path / "g.tif", g.PIXEL, None, 0, True
    found = add_labelled_image(*arguments, GrainOptions())["grain_id"].values
    assert (found >= 0).all()
    np.testing.assert_array_equal(found[~lines], grain[~lines])


def test_clean_drops_small_grains():
    grain = np.zeros((20, 20), dtype=int)
    grain[5:7, 5:7], grain[:, 12:] = 1, 2
    np.testing.assert_array_equal(clean(grain, 5, 3), renumber(np.where(grain == 2, 1, 0)))


def test_mean_orientation_ignores_which_equivalent_was_written():
    random = np.random.default_rng(2)
    rotations = cubic_rotations()[random.integers(24, size=30)]
    from slipfield.kinds.slip.specimen.orientation import euler_of_matrix

    written = euler_of_matrix(rotations @ matrix_of_euler(g.EULER[3]))
    mean = mean_orientations(written, np.zeros(30, dtype=int))
    assert angle_between(mean, g.EULER[3:4]).max() < 1e-6


def test_segmentation_threshold_decides_what_is_a_boundary():
    euler = np.zeros((4, 6, 3))
    euler[:, 3:, 0] = np.radians(8)
    everywhere = np.ones((4, 6), dtype=bool)
    assert segment(euler, everywhere, np.radians(10)).max() == 0
    assert segment(euler, everywhere, np.radians(5)).max() == 1


def test_sizes_from_pixels_are_close_to_those_of_the_polygons():
    """Pixels of 1/200 of the sheet: mean error of D below 1 %, none above 7 %."""
    content = {"name": "grains", "specimen": {"grains": 60, "cells_x": 8, "cells_y": 8}}
    micro = make_microstructure(check_study(content, "test"), 0)
    x = np.arange(0.005, 2, 0.01)
    at = grain_at(polygons_of(micro), *np.meshgrid(x, x))
    pixels = GrainMap(x, x, renumber(at), None)
    order = [at.ravel()[np.argmax(pixels.grain.ravel() == n)] for n in range(60)]
    error = grain_size(sizes(outlines(pixels))) / micro["size"].values[order] - 1
    assert abs(error.mean()) < 0.01
    assert np.abs(error).max() < 0.07


def test_affine_of_control_points_and_its_rotation():
    source = np.random.default_rng(0).random((5, 2))
    angle = 0.1
    linear = 1.02 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    affine, left = fit_affine(source, source @ linear.T + [3, 4])
    np.testing.assert_allclose(affine, np.column_stack([linear, [3, 4]]))
    assert left < 1e-12
    np.testing.assert_allclose(rotation_of(affine)[:2, :2], linear.T / 1.02)
