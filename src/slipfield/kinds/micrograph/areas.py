"""Grains by their areas: planimetric numbers, diameters, sizes in three dimensions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

CLASSES = 12
"""Size classes of Saltykov's unfolding."""


@dataclass(frozen=True)
class Grains:
    """Every grain of a label image; all arrays (n,).

    Attributes
    ----------
    label, area_px : its label, and pixels.
    x_px, y_px : its centre from the left and from the bottom edge.
    cut : whether the edge of the image, or of what is measured, cuts it.
    """

    label: np.ndarray
    area_px: np.ndarray
    x_px: np.ndarray
    y_px: np.ndarray
    cut: np.ndarray

    @property
    def diameter_px(self) -> np.ndarray:
        """Diameters (n,), px, of circles of the grains' areas."""
        return np.sqrt(4.0 * self.area_px / np.pi)


def grains_of(labels: np.ndarray) -> Grains:
    """Grains of a label image (height, width), 0 for none."""
    flat = labels.ravel()
    size = np.bincount(flat)
    held = np.flatnonzero(size)
    held = held[held > 0]
    rows = np.bincount(flat, np.repeat(np.arange(labels.shape[0]), labels.shape[1]))
    columns = np.bincount(flat, np.tile(np.arange(labels.shape[1]), labels.shape[0]))
    return Grains(
        held,
        size[held],
        columns[held] / size[held] + 0.5,
        labels.shape[0] - 0.5 - rows[held] / size[held],
        on_edge(labels)[held],
    )


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


def stand_for(labels: np.ndarray, grains: Grains) -> np.ndarray:
    """Grains (n,), 1, for which each one counts so that those that the edge cuts are not missing.

    The larger a grain, the oftener the edge of a rectangle cuts it: a whole one counts for those of
    its width and height that are cut (Miles 1974, Lantuejoul 1978), and these for none.
    """
    boxes = ndimage.find_objects(labels)
    extent = np.array([[side.stop - side.start for side in boxes[k - 1]] for k in grains.label])
    size = np.array(labels.shape)
    room = np.prod(np.maximum(size - extent, 1) / size, axis=1)
    return np.where(grains.cut, 0.0, 1.0 / room)


def saltykov(diameters_um: np.ndarray, counts: np.ndarray, area_um2: float) -> dict[str, object]:
    """Sizes of spheres from those of their sections (Saltykov 1958), in linear classes.

    Parameters
    ----------
    diameters_um : (n,), of the sections, um.
    counts : (n,), 1, sections for which each counts, as of :func:`stand_for`.
    area_um2 : area on which they were counted, um^2.

    Returns
    -------
    ``diameter_um`` (upper end of each class), ``per_mm3`` (spheres of the class per volume; at
    least 0) and ``mean_diameter_um``.
    """
    width = diameters_um.max() / CLASSES
    span = (0.0, float(diameters_um.max()))
    number = np.histogram(diameters_um, CLASSES, span, weights=counts)[0] / area_um2
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
