"""Images of a painted sheet: the paint moves with the material."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from slipfield.kinds.slip.specimen.mesh import Mesh
from slipfield.kinds.slip.virtual_lab.camera import Camera, Scene, render

CAMERA = Camera(pixels=120, margin=10, noise=0.0, lighting=0.0, seed=3)
STRETCH, NARROW, SHEAR = 0.04, -0.02, 0.01


@pytest.fixture(scope="module")
def mesh():
    x, y = np.meshgrid(np.linspace(0, 1, 9), np.linspace(0, 1.5, 13))
    return Mesh(x, y)


@pytest.fixture(scope="module")
def taken(mesh):
    """Scene, and images before and after a homogeneous deformation, as grey levels."""
    moved = np.stack([NARROW * mesh.x + SHEAR * mesh.y, STRETCH * mesh.y])
    scene = Scene.of(CAMERA, mesh, 0.06)
    return scene, [image / 255 for image in render(CAMERA, scene, moved[None])]


def test_the_paint_moves_with_the_material(taken):
    """Grey levels found anew where the deformation, in closed form, takes the pixels."""
    scene, (before, after) = taken
    row, column = np.indices(scene.shape)
    inside = np.zeros(scene.shape, bool)
    inside[40:-20, 20:-20] = True
    x, y = (column - scene.corner[0]) * scene.scale, (scene.corner[1] - row) * scene.scale
    there = (
        scene.corner[1] - (1 + STRETCH) * y / scene.scale,
        scene.corner[0] + ((1 + NARROW) * x + SHEAR * y) / scene.scale,
    )
    found = map_coordinates(after, there, order=3)[inside]
    difference = found - before[inside]
    assert np.sqrt(np.mean(difference**2)) < 0.02
    assert np.sqrt(np.mean((after - before)[inside] ** 2)) > 0.1


def test_speckles_have_their_width(taken):
    _, (before, _) = taken
    patch = before[30:150, 20:120] - before[30:150, 20:120].mean()
    along = [np.mean(patch[:, shift:] * patch[:, : patch.shape[1] - shift]) for shift in range(6)]
    half = np.interp(-0.5, -np.array(along) / along[0], np.arange(6))
    assert 2 * half == pytest.approx(CAMERA.speckle, rel=0.2)


def test_the_scene_knows_its_corner_and_what_is_sheet(taken, mesh):
    scene, _ = taken
    inside = scene.inside()
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    assert (columns[0], rows[-1]) == scene.corner
    assert np.ptp(rows) * scene.scale == pytest.approx(1.5, abs=scene.scale)
    assert np.ptp(columns) * scene.scale == pytest.approx(1.0, abs=scene.scale)
