"""Grain size against height, the edges of its bands, and the section of a study file they make."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slipfield.kinds.micrograph.areas import Grains
from slipfield.kinds.micrograph.intercepts import along, mean_intercept

STRIPS = 48
"""Most strips into which the height is cut."""
SCATTER = 0.35
"""Deviation of ln(mean intercept) of one grain; that of n grains is 1/sqrt(n) of it."""
PENALTY = 4.0
"""What a further edge must gain, in squares of that scatter, times ln(strips)."""
COLUMNAR = 1.5
"""Upright over level intercept from which a band is columnar."""


@dataclass(frozen=True)
class Band:
    """A band of like grains; heights from the bottom of the image, um.

    Attributes
    ----------
    low_um, high_um : its edges. intercept_um : mean lineal intercept.
    level_um : mean intercept along the level, the width of columns.
    grains : whose centre is in it. columnar : whether grains are long along the height.
    """

    low_um: float
    high_um: float
    intercept_um: float
    level_um: float
    grains: int
    columnar: bool


def profile(labels: np.ndarray, pixel_um: float) -> tuple[np.ndarray, np.ndarray]:
    """Heights of strips, um from the bottom, and their mean intercepts (n,), um."""
    edges = _strip_edges(labels)
    middle = (labels.shape[0] - 0.5 * (edges[1:] + edges[:-1])) * pixel_um
    size = [mean_intercept(along(labels[a:b]))[0] for a, b in zip(edges, edges[1:], strict=False)]
    return middle[::-1], np.array(size)[::-1] * pixel_um


def bands(labels: np.ndarray, grains: Grains, pixel_um: float, size_um: np.ndarray) -> list[Band]:
    """Bands of like grain size, from the bottom up; ``size_um`` is that of :func:`profile`.

    The logarithm of the strips' intercepts is cut where a step reduces its scatter by more than
    chance would (binary segmentation, with a penalty of Schwarz's kind).
    """
    size = np.where(np.isfinite(size_um), size_um, labels.shape[1] * pixel_um)
    strip = labels.shape[0] / len(size) * labels.shape[1] * pixel_um**2
    cuts = [0, *_cuts(np.log(size), strip / size**2 / SCATTER**2), len(size)]
    edges = _strip_edges(labels)
    rows = labels.shape[0] - edges[::-1]
    found = []
    for start, end in zip(cuts, cuts[1:], strict=False):
        low, high = int(rows[start]), int(rows[end])
        part = labels[labels.shape[0] - high : labels.shape[0] - low]
        lines = {round(each.angle_deg): each for each in along(part)}
        level, upright = (
            lines[angle].length_px / max(lines[angle].intersections, 1.0) for angle in (0, 90)
        )
        inside = (grains.y_px >= low) & (grains.y_px < high)
        found.append(
            Band(
                low * pixel_um,
                high * pixel_um,
                mean_intercept(list(lines.values()))[0] * pixel_um,
                float(level * pixel_um),
                int(np.count_nonzero(inside)),
                bool(upright > COLUMNAR * level),
            )
        )
    return found


def snippet(found: list[Band], labels: np.ndarray, grains: Grains, pixel_um: float) -> str:
    """Section `specimen` of a study file with these bands, and without necks: YAML.

    Columns of a study cross their band. A band of columns that end within it becomes as many
    rows of columns of the measured width as hold its grains.
    """
    width_um = labels.shape[1] * pixel_um
    rows = [(band, _rows_of_columns(band, width_um)) for band in found]
    heights = _shares([(band.high_um - band.low_um) / n for band, n in rows for _ in range(n)])
    shares = _shares([max(band.grains, 1) / n for band, n in rows for _ in range(n)])
    total = sum(max(band.grains, 1) for band in found)
    lines = [
        "specimen:",
        f"  width_mm: {width_um / 1000:.6g}",
        f"  height_mm: {found[-1].high_um / 1000:.6g}",
        "  neck_depth_mm: 0",
        f"  grains: {max(total, 5)}",
        f"  size_sigma: {_log_area_spread(grains, found, pixel_um):.3g}",
        "  bands:",
    ]
    each = zip(heights, shares, strict=True)
    for number, (band, count) in enumerate(rows, 1):
        note = (
            f"  # {band.low_um:.4g} to {band.high_um:.4g} um, mean intercept "
            f"{band.intercept_um:.4g} um"
        )
        for row in range(1, count + 1):
            height, share = next(each)
            lines += [
                f"    - name: band {number}" + (f" row {row}" if count > 1 else "") + note,
                f"      height_fraction: {height:.8g}",
                f"      grain_fraction: {share:.8g}",
                f"      kind: {'columnar' if band.columnar else 'equiaxed'}",
            ]
    return "\n".join(lines) + "\n"


def _rows_of_columns(band: Band, width_um: float) -> int:
    """Rows of columns, one above the other, that hold the grains of a band; 1 for others."""
    if not band.columnar:
        return 1
    return max(round(band.grains * band.level_um / width_um), 1)


def _shares(values: list[float]) -> np.ndarray:
    share = np.round(np.array(values, float) / sum(values), 6)
    share[-1] = 1.0 - share[:-1].sum()
    return share


def _strip_edges(labels: np.ndarray) -> np.ndarray:
    """Rows (n + 1,) of the strips' edges, from the top: about a mean intercept each."""
    size = mean_intercept(along(labels))[0]
    number = int(np.clip(labels.shape[0] / max(min(size, 1e9), 3.0), 2, STRIPS))
    return np.linspace(0, labels.shape[0], number + 1).round().astype(int)


def _cuts(value: np.ndarray, weight: np.ndarray, offset: int = 0) -> list[int]:
    """Places where the mean of ``value``, of which 1/``weight`` is the variance, steps."""
    count = len(value)
    if count < 4:
        return []

    def scatter(part: slice) -> float:
        mean = np.average(value[part], weights=weight[part])
        return float(np.sum(weight[part] * (value[part] - mean) ** 2))

    places = np.arange(2, count - 1)
    left = [scatter(slice(0, place)) + scatter(slice(place, count)) for place in places]
    best = int(np.argmin(left))
    if scatter(slice(0, count)) - left[best] < PENALTY * np.log(max(count, 8)):
        return []
    cut = int(places[best])
    below = _cuts(value[:cut], weight[:cut], offset)
    return [*below, offset + cut, *_cuts(value[cut:], weight[cut:], offset + cut)]


def _log_area_spread(grains: Grains, found: list[Band], pixel_um: float) -> float:
    """Deviation of ln(grain area) within bands, 1, of grains that the edge does not cut."""
    height = grains.y_px * pixel_um
    squares, number = 0.0, 0
    for band in found:
        mine = ~grains.cut & (height >= band.low_um) & (height < band.high_um)
        if mine.sum() > 1:
            logs = np.log(grains.area_px[mine])
            squares += float(((logs - logs.mean()) ** 2).sum())
            number += int(mine.sum()) - 1
    return min(float(np.sqrt(squares / number)), 1.5) if number else 0.0
