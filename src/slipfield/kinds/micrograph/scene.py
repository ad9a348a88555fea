"""Grains of a rendered micrograph: a warped power diagram on the pixels, with exact distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from slipfield.core.errors import SlipfieldError

CENTRING_GRID = 96
CENTRING_STEPS = 2
SHARPEST_TURN = 0.35
"""Largest slope of the warp, 1: the warped diagram stays without folds."""


@dataclass(frozen=True)
class Scene:
    """Grains on the pixels.

    Attributes
    ----------
    labels : uint16 (height, width), grains from 1 without holes in the numbers.
    distance : float32 (height, width), distance to the boundary with the next grain, px; near the
        corner of three grains, another boundary may be a little closer.
    neighbour : uint16 (height, width), the grain across that boundary.
    """

    labels: np.ndarray
    distance: np.ndarray
    neighbour: np.ndarray


def smooth_noise(shape: tuple[int, int], scale: float, random: np.random.Generator) -> np.ndarray:
    """Smooth Gaussian noise (height, width) of mean 0 and deviation about 1.

    Values at nodes ``scale`` px apart (at least 2), joined by cubic splines.
    """
    step = max(scale, 2.0)
    nodes = [int(np.ceil(size / step)) + 3 for size in shape]
    coarse = ndimage.spline_filter(random.standard_normal(nodes), order=3, mode="mirror")
    height, width = (
        np.arange(size) / step + shift for size, shift in zip(shape, random.random(2), strict=True)
    )
    rows, columns = _spline_matrix(height, nodes[0]), _spline_matrix(width, nodes[1])
    return (1.35 * (rows @ coarse @ columns.T)).astype(np.float32)


def _spline_matrix(positions: np.ndarray, nodes: int) -> np.ndarray:
    """Cubic B-spline weights (len(positions), nodes) of positions in units of nodes."""
    distance = np.abs(positions[:, None] + 1.0 - np.arange(nodes)[None, :])
    near = 2.0 / 3.0 - distance**2 + 0.5 * distance**3
    far = np.clip(2.0 - distance, 0.0, None) ** 3 / 6.0
    return np.where(distance < 1.0, near, far).astype(np.float32)


def tessellate(
    shape: tuple[int, int],
    grain_px: float,
    spread: float,
    gradient: float,
    warp: float,
    random: np.random.Generator,
    stretch: float = 1.0,
) -> Scene:
    """Grains of a power diagram whose boundaries are bent.

    Parameters
    ----------
    shape : height and width, px.
    grain_px : mean diameter of the grains, px, as the square root of their mean area.
    spread : deviation of the logarithm of the diameters, 1.
    gradient : logarithm of the ratio of diameters between the middle and the edges, 1; 0: none.
    warp : amplitude of the bends, in mean diameters.
    stretch : length of columnar grains along the height over their width, which is ``grain_px``.

    Raises
    ------
    SlipfieldError
        If there are more grains than 16 bits number.
    """
    seeds, weights = _seeds(
        (int(np.ceil(shape[0] / stretch)), shape[1]), grain_px, spread, gradient, random
    )
    raised = lifted(seeds, weights)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    y /= stretch
    for scale, share in ((0.9 * grain_px, 1.0), (0.3 * grain_px, 0.3)):
        amplitude = min(share * warp * grain_px, SHARPEST_TURN * max(scale, 2.0) / 2)
        x += amplitude * smooth_noise(shape, scale, random)
        y += amplitude * smooth_noise(shape, scale, random)
    points = np.column_stack((x.ravel(), y.ravel(), np.zeros(x.size, np.float32)))
    power, found = cKDTree(raised).query(points, k=2)
    apart = np.linalg.norm(seeds[found[:, 0]] - seeds[found[:, 1]], axis=1)
    distance = (power[:, 1] ** 2 - power[:, 0] ** 2) / (2 * np.maximum(apart, 1e-6))
    used, labels = np.unique(found[:, 0], return_inverse=True)
    if len(used) > np.iinfo(np.uint16).max:
        raise SlipfieldError(
            f"shape: {len(used):,} grains in {shape[0]} x {shape[1]} px; 16-bit labels hold 65,535 "
            "of them: take a smaller image"
        )
    if stretch != 1.0:
        return scene_of(labels.reshape(shape))  # stretched distances are no distances
    number = np.zeros(len(seeds), np.uint16)
    number[used] = np.arange(1, len(used) + 1)
    return Scene(
        (labels.reshape(shape) + 1).astype(np.uint16),
        distance.reshape(shape).astype(np.float32),
        number[found[:, 1]].reshape(shape),
    )


def scene_of(labels: np.ndarray) -> Scene:
    """Scene of a label image (height, width) whose grains are whole numbers, such as an EBSD map's.

    Distances are those between pixel centres and the edges between pixels, px.
    """
    labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
    labels = (labels + 1).astype(np.uint16)
    other = np.zeros_like(labels)
    for axis in (0, 1):
        for step in (1, -1):
            shifted = np.roll(labels, step, axis)
            border: list[slice | int] = [slice(None), slice(None)]
            border[axis] = 0 if step == 1 else -1
            shifted[tuple(border)] = labels[tuple(border)]
            other = np.where(shifted != labels, shifted, other)
    if not other.any():
        return Scene(labels, np.full(labels.shape, np.inf, np.float32), labels)
    distance, nearest = ndimage.distance_transform_edt(other == 0, return_indices=True)
    mine, across = labels[tuple(nearest)], other[tuple(nearest)]
    neighbour = np.where(mine == labels, across, mine)
    return Scene(labels, (distance + 0.5).astype(np.float32), neighbour)


def covered_most(labels: np.ndarray, grains: np.ndarray) -> np.ndarray:
    """Grain that each label covers most (labels + 1,), by label; 0 for labels that are not there.

    Parameters
    ----------
    labels, grains : (height, width) whole numbers from 0; grains from 1.
    """
    span = int(grains.max()) + 1
    key, count = np.unique(labels.astype(np.int64) * span + grains, return_counts=True)
    owner = np.zeros(int(labels.max()) + 1, np.int64)
    order = np.argsort(count, kind="stable")
    owner[key[order] // span] = key[order] % span
    return owner


def boundaries_of(labels: np.ndarray) -> np.ndarray:
    """Pixels (height, width), bool, on both sides of every edge between two grains."""
    found = np.zeros(labels.shape, bool)
    across = labels[:, 1:] != labels[:, :-1]
    along = labels[1:] != labels[:-1]
    found[:, 1:] |= across
    found[:, :-1] |= across
    found[1:] |= along
    found[:-1] |= along
    return found


def _seeds(
    shape: tuple[int, int],
    grain_px: float,
    spread: float,
    gradient: float,
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Seeds (n, 2), px, in the image and a frame around it, and their weights (n,), px^2."""
    frame = 2.0 * grain_px
    height, width = shape[0] + 2 * frame, shape[1] + 2 * frame
    count = max(int(round(height * width / grain_px**2)), 4)
    high = random.random(4 * count + 16)
    middle = 1.0 - np.abs(2 * high - 1.0)
    size = np.exp(gradient * (middle - 0.5))
    kept = random.random(len(high)) < (size.min() / size) ** 2
    kept = np.flatnonzero(kept)[:count]
    high, size = high[kept], size[kept]
    seeds = np.column_stack((random.random(len(high)) * width, high * height))
    radii = 0.5 * grain_px * size * np.exp(spread * random.standard_normal(len(high)))
    grid = np.stack(
        np.meshgrid(*(np.linspace(0, side, CENTRING_GRID) for side in (width, height))), -1
    ).reshape(-1, 2)
    flat = np.column_stack((grid, np.zeros(len(grid))))
    for _ in range(CENTRING_STEPS):
        owner = cKDTree(lifted(seeds, radii**2)).query(flat)[1]
        number = np.bincount(owner, minlength=len(seeds))
        centre = [np.bincount(owner, grid[:, axis], len(seeds)) for axis in (0, 1)]
        held = number > 0
        seeds[held] = np.stack(centre, 1)[held] / number[held, None]
    return seeds - frame, radii**2


def lifted(seeds: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Points (n, 3) whose squared distance to (x, y, 0) is the power distance plus a constant."""
    return np.column_stack((seeds, np.sqrt(weights.max() - weights)))
