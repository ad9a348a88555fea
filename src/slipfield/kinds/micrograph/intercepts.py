"""Lineal intercepts of a label image: lines in eight directions, and circles (ASTM E112)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DIRECTIONS = ((0, 1), (1, 2), (1, 1), (2, 1), (1, 0), (2, -1), (1, -1), (1, -2))
"""Steps (down, right), px, of the lines, through pixel centres alone."""
CIRCLES = (1.0, 2.0 / 3.0, 1.0 / 3.0)
"""Diameters of Abrams' three circles, in that of the largest."""
JAG_PX = 2
"""Runs on a circle, px, that leave a grain and come back, which are the pixels' steps."""


@dataclass(frozen=True)
class Lines:
    """Intersections along all lines of one direction.

    Attributes
    ----------
    angle_deg : direction, anticlockwise from the horizontal, 0 to 180.
    length_px : length of the lines inside grains, px.
    intersections : grain boundaries that they cross.
    """

    angle_deg: float
    length_px: float
    intersections: float


def along(labels: np.ndarray) -> list[Lines]:
    """Count on every line of pixels in eight directions; label 0 is no grain.

    Labels at pixel centres are those of the true grains, so that a line crosses a boundary once,
    without the steps that an image has. Chords shorter than a step fall between the centres: they
    are added by extrapolating the numbers of chords of one and of two centres to length 0.
    """
    return [_along(labels, *step) for step in DIRECTIONS]


def _along(labels: np.ndarray, down: int, right: int) -> Lines:
    first, second = _shifted(labels, down, right)
    inside = (first > 0) & (second > 0)
    change = inside & (first != second)
    step = float(np.hypot(down, right))
    here, after = _shifted(change, down, right)
    ones = np.count_nonzero(here & after)
    here, between, after = _shifted(change, down, right, 2)
    twos = np.count_nonzero(here & ~between & after)
    lost = max(ones - 0.5 * twos, 0.0)
    angle = float(np.degrees(np.arctan2(-down, right)) % 180.0)
    return Lines(angle, step * np.count_nonzero(inside), np.count_nonzero(change) + lost)


def _shifted(values: np.ndarray, down: int, right: int, times: int = 1) -> list[np.ndarray]:
    """Views of values at a pixel, one step on, ... and ``times`` steps on, where all exist."""
    height = values.shape[0] - times * down
    width = values.shape[1] - times * abs(right)
    if height <= 0 or width <= 0:
        return [values[:0, :0]] * (times + 1)
    start = times * abs(right) if right < 0 else 0
    return [
        values[k * down : k * down + height, start + k * right : start + k * right + width]
        for k in range(times + 1)
    ]


def mean_intercept(lines: list[Lines]) -> tuple[float, float]:
    """Mean lineal intercept, px, over directions, and the length that it rests on, px.

    Intersections per length are averaged over the circle of directions, each direction with the
    sector that is nearest to it. Infinite without intersections.
    """
    angle = np.array([each.angle_deg for each in lines])
    order = np.argsort(angle)
    gap = np.diff(np.append(angle[order], angle[order][0] + 180.0))
    sector = np.empty(len(angle))
    sector[order] = 0.5 * (gap + np.roll(gap, 1))
    held = np.array([each.length_px > 0 for each in lines])
    if not held.any():
        return np.inf, 0.0
    rate = np.array([each.intersections / max(each.length_px, 1e-9) for each in lines])
    mean = float(np.average(rate[held], weights=sector[held]))
    return (1.0 / mean if mean > 0 else np.inf), float(sum(each.length_px for each in lines))


def circles(labels: np.ndarray) -> Lines:
    """Count on Abrams' three circles, 3 x 3 sets; those that leave the grains do not count."""
    height, width = labels.shape
    across = 3
    largest = 0.98 * min(height, width) / across / 2
    intersections, length = 0.0, 0.0
    for row in range(across):
        for column in range(across):
            centre = (row + 0.5) * height / across, (column + 0.5) * width / across
            for share in CIRCLES:
                found = _circle(labels, centre, share * largest)
                intersections, length = intersections + found[0], length + found[1]
    return Lines(float("nan"), length, intersections)


def _circle(labels: np.ndarray, centre: tuple[float, float], radius: float) -> tuple[int, float]:
    number = max(int(2 * np.pi * radius), 8)
    turn = np.arange(number) * (2 * np.pi / number)
    rows = np.floor(centre[0] + radius * np.sin(turn)).astype(int)
    columns = np.floor(centre[1] + radius * np.cos(turn)).astype(int)
    ring = labels[rows, columns]
    if (ring == 0).any():
        return 0, 0.0
    if (ring == ring[0]).all():
        return 0, 2 * np.pi * radius
    ring = np.roll(ring, -int(np.flatnonzero(ring != np.roll(ring, 1))[0]))
    starts = np.flatnonzero(np.append(True, ring[1:] != ring[:-1]))
    runs, sizes = ring[starts], np.diff(np.append(starts, number))
    jag = (sizes <= JAG_PX) & (np.roll(runs, 1) == np.roll(runs, -1))
    kept = runs[~jag]
    return int(np.count_nonzero(kept != np.roll(kept, 1))), 2 * np.pi * radius
