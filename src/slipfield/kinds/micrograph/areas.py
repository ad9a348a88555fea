"""Grains by their areas: planimetric numbers, diameters, sizes in three dimensions."""

from __future__ import annotations

import numpy as np

CLASSES = 12
"""Size classes of Saltykov's unfolding."""


def on_edge(labels: np.ndarray) -> np.ndarray:
    """Whether each label, from 0 on, is cut by the edge of the image or of what is measured."""
    cut = np.zeros(int(labels.max()) + 1, bool)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        cut[side] = True
    none = labels == 0
    if none.any():
        cut[labels[1:][none[:-1]]] = cut[labels[:-1][none[1:]]] = True
        cut[labels[:, 1:][none[:, :-1]]] = cut[labels[:, :-1][none[:, 1:]]] = True
    cut[0] = True
    return cut


def number_of_grains(labels: np.ndarray) -> float:
    """Grains of a rectangle by Jeffries: 1 inside, 1/2 on an edge, 1/4 at a corner (E112)."""
    size = np.bincount(labels.ravel())
    cut = on_edge(labels)
    there = size > 0
    there[0] = False
    corners = {int(labels[i, j]) for i in (0, -1) for j in (0, -1)} - {0}
    return float(
        np.count_nonzero(there & ~cut)
        + 0.5 * (np.count_nonzero(there & cut) - len(corners))
        + 0.25 * len(corners)
    )


def equivalent_diameters(labels: np.ndarray, pixel_um: float) -> np.ndarray:
    """Diameters, um, of circles of the areas of all grains that the edge does not cut."""
    size = np.bincount(labels.ravel())
    whole = (size > 0) & ~on_edge(labels)
    return np.sqrt(4.0 * size[whole] / np.pi) * pixel_um


def saltykov(diameters_um: np.ndarray, area_um2: float) -> dict[str, object]:
    """Sizes of spheres from those of their sections (Saltykov 1958), in linear classes.

    Parameters
    ----------
    diameters_um : (n,), of the sections, um.
    area_um2 : area on which they were counted, um^2.

    Returns
    -------
    ``diameter_um`` (upper end of each class), ``per_mm3`` (spheres of the class per volume; at
    least 0) and ``mean_diameter_um``.
    """
    width = diameters_um.max() / CLASSES
    number = np.histogram(diameters_um, CLASSES, (0.0, float(diameters_um.max())))[0] / area_um2
    size = np.arange(1, CLASSES + 1)
    upper = np.sqrt(np.maximum(size[None] ** 2 - (size[:, None] - 1) ** 2, 0))
    lower = np.sqrt(np.maximum(size[None] ** 2 - size[:, None] ** 2, 0))
    spheres = np.linalg.solve(width * np.triu(upper - lower), number)
    spheres = np.maximum(spheres, 0.0)
    return {
        "diameter_um": [float(each) for each in size * width],
        "per_mm3": [float(each) for each in spheres * 1e9],
        "mean_diameter_um": float(np.average(size * width, weights=spheres)),
    }
