"""Speckle images of a simulated sheet, as a camera takes them while it is pulled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, spline_filter

from slipfield.kinds.slip.specimen.mesh import Mesh

ITERATIONS = 6
"""Fixed-point steps of x = X + u(X) for X; each gains a factor of the strain, 20 or so."""

BACKGROUND, LIGHT, DARK = 0.05, 0.8, 0.15
"""Grey levels of what is not the sheet, of its paint, and of its speckles, of 1."""


@dataclass(frozen=True)
class Camera:
    """What takes the images.

    Attributes
    ----------
    pixels : width of the sheet in pixels.
    margin : pixels around the sheet.
    speckle : width of the speckles, pixels.
    noise : standard deviation of the grey levels, of full scale.
    lighting : change of the light over the image, as a share.
    seed : of speckles and noise.
    """

    pixels: int = 1500
    margin: int = 50
    speckle: float = 4.0
    noise: float = 0.015
    lighting: float = 0.15
    seed: int = 0


@dataclass(frozen=True)
class Scene:
    """A sheet before the camera.

    Attributes
    ----------
    mesh : nodes of the undeformed sheet.
    scale : size of a pixel, mm.
    shape : rows and columns of the images.
    corner : pixel (x, y), y down, of the sheet's lower left corner.
    """

    mesh: Mesh
    scale: float
    shape: tuple[int, int]
    corner: tuple[float, float]

    @classmethod
    def of(cls, camera: Camera, mesh: Mesh, pull: float) -> Scene:
        """Scene with room for the sheet to be pulled up by ``pull`` mm."""
        width, height = np.ptp(mesh.x), np.ptp(mesh.y)
        scale = width / camera.pixels
        rows = int(np.ceil((height + 1.2 * pull) / scale)) + 2 * camera.margin
        columns = camera.pixels + 2 * camera.margin
        corner = float(camera.margin), float(rows - 1 - camera.margin)
        return cls(mesh, float(scale), (rows, columns), corner)

    def positions(self) -> tuple[np.ndarray, np.ndarray]:
        """Specimen coordinates x and y (rows, columns) of the pixels, mm."""
        row, column = np.indices(self.shape, dtype=float)
        return (column - self.corner[0]) * self.scale, (self.corner[1] - row) * self.scale

    def nodes_at(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Row and column, in cells of the mesh, of points of the undeformed sheet."""
        rows, columns = self.mesh.shape
        heights = self.mesh.y[:, 0]
        left, right = (np.interp(y, heights, self.mesh.x[:, side]) for side in (0, -1))
        row = y / heights[-1] * (rows - 1)
        return row, (x - left) / (right - left) * (columns - 1)

    def inside(self) -> np.ndarray:
        """Pixels (rows, columns) of the undeformed sheet."""
        row, column = self.nodes_at(*self.positions())
        most = np.array(self.mesh.shape) - 1
        return (row >= 0) & (row <= most[0]) & (column >= 0) & (column <= most[1])


def render(camera: Camera, scene: Scene, displacements: np.ndarray) -> Iterator[np.ndarray]:
    """Images (rows, columns) uint8, the undeformed one first.

    Parameters
    ----------
    displacements : (time, 2, ny, nx) along x and y at the nodes, mm.
    """
    random = np.random.default_rng(camera.seed)
    paint = spline_filter(_speckles(camera, scene, random), order=3)
    x, y = scene.positions()
    light = 1 + camera.lighting * (x / np.ptp(x) - 0.5)
    for moved in (np.zeros_like(displacements[0]), *displacements):
        row, column = _undeformed(scene, x, y, moved)
        most = np.array(scene.mesh.shape) - 1
        there = (row >= 0) & (row <= most[0]) & (column >= 0) & (column <= most[1])
        at_x, at_y = _materials(scene, x, y, moved, row, column)
        pixel = scene.corner[1] - at_y / scene.scale, scene.corner[0] + at_x / scene.scale
        grey = map_coordinates(paint, pixel, order=3, mode="nearest", prefilter=False)
        image = np.where(there, grey, BACKGROUND) * light
        image = image + camera.noise * random.standard_normal(scene.shape)
        yield np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)


def _speckles(camera: Camera, scene: Scene, random: np.random.Generator) -> np.ndarray:
    """Grey levels of the painted sheet: smooth noise with a soft threshold, no finer than pixels.

    A Gaussian of standard deviation s leaves a correlation of half at a distance of 1.67 s, which
    is half of a speckle's width.
    """
    field = gaussian_filter(random.standard_normal(scene.shape), camera.speckle / 3.33)
    return DARK + (LIGHT - DARK) * 0.5 * (1 + np.tanh(1.5 * field / field.std()))


def _undeformed(
    scene: Scene, x: np.ndarray, y: np.ndarray, moved: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Row and column, in cells, of the material that is seen at the positions (x, y)."""
    u, v = np.zeros_like(x), np.zeros_like(y)
    for _ in range(ITERATIONS if moved.any() else 1):
        place = scene.nodes_at(x - u, y - v)
        u, v = (map_coordinates(part, place, order=1, mode="nearest") for part in moved)
    return scene.nodes_at(x - u, y - v)


def _materials(
    scene: Scene,
    x: np.ndarray,
    y: np.ndarray,
    moved: np.ndarray,
    row: np.ndarray,
    column: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Undeformed positions of the material at ``row`` and ``column``, mm."""
    u, v = (map_coordinates(part, (row, column), order=1, mode="nearest") for part in moved)
    return x - u, y - v
