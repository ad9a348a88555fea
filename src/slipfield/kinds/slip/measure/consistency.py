"""Do strains and displacements of the same maps agree? Signs, axes and units show in both."""

from __future__ import annotations

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.numbers import percent
from slipfield.kinds.slip.measure.strain_measures import convert

ALIKE = 0.6
"""Correlation of two maps beyond which they show the same thing, or the opposite."""

LEAST_STRAIN = 2e-3
"""Mean strain along the load below which displacements tell little."""

LEAST_SHEAR = 5e-4
"""Shear, the same everywhere, above which its sign is compared."""

WINDOW = 5
"""Points along each axis over which both are averaged, at most."""

FACTORS = (0.6, 1.6)
"""Ratio of both strains along the load beyond which their units differ."""


def check_gradient(
    strain: np.ndarray, u: np.ndarray, v: np.ndarray, x: np.ndarray, y: np.ndarray, measure: str
) -> None:
    """Refuse strains that are not those of the displacements, naming the axis that is wrong.

    The frame with most strain is compared, both averaged over a few points. Where displacements are
    too noisy to tell, nothing is said.

    Parameters
    ----------
    strain : (time, 3, y, x) xx, yy, xy in specimen axes, NaN: unknown.
    u, v : (time, y, x) mm.
    x, y : (x,), (y,) mm.
    measure : strain measure.

    Raises
    ------
    SlipfieldError
        If a component is mirrored, exchanged, doubled or of another unit.
    """
    frame = int(np.nanargmax(np.abs(_means(strain[:, 1]))))
    given = strain[frame].astype(float)
    seen = green_lagrange(u[frame], v[frame], x, y)
    largest = max(abs(_mean(given[1])), _beyond_scatter(seen[1]))
    if not largest >= LEAST_STRAIN or np.nanmax(np.abs(given)) > 1:
        return
    try:
        given = convert(given, measure, "green_lagrange", axis=0)
    except SlipfieldError:
        return
    given, seen = (np.stack([_smooth(part) for part in parts]) for parts in (given, seen))
    known = np.isfinite(given).all(axis=0) & np.isfinite(seen).all(axis=0)
    if known.sum() < WINDOW**2:
        return
    (exx, eyy, exy), (gxx, gyy, gxy) = given[:, known], seen[:, known]
    problem = _normal_problem(exx, eyy, gxx, gyy) or _shear_problem(exy, gxy)
    if problem:
        raise SlipfieldError(f"strain: {problem} (frame {frame})")


def green_lagrange(u: np.ndarray, v: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Green-Lagrange strain (3, y, x) of displacements (y, x), mm, by central differences."""
    (uy, ux), (vy, vx) = (np.gradient(field.astype(float), y, x) for field in (u, v))
    return np.stack(
        [
            ux + 0.5 * (ux**2 + vx**2),
            vy + 0.5 * (uy**2 + vy**2),
            0.5 * (uy + vx + ux * uy + vx * vy),
        ]
    )


def _normal_problem(
    exx: np.ndarray, eyy: np.ndarray, gxx: np.ndarray, gyy: np.ndarray
) -> str | None:
    """What is wrong with the components along the axes."""
    along, across = (
        each.mean() / own.mean() if own.mean() else 1.0 for each, own in ((gyy, eyy), (gxx, exx))
    )
    if abs(gxx.mean() - eyy.mean()) < 0.3 * abs(eyy.mean()) and gyy.mean() * eyy.mean() < 0:
        return (
            f"the displacements say {gyy.mean():.2g} along the load and {gxx.mean():.2g} across, "
            f"the strains {eyy.mean():.2g} and {exx.mean():.2g}; columns of x and y are exchanged "
            "in one of them: exchange the names of x and y (with u and v), or of exx and eyy"
        )
    if along < 0:
        return (
            f"the displacement v along the load falls where yy = {eyy.mean():.2g} says that it "
            "rises; v points the other way than y. Change the sign of the column v (and of xy, if "
            "the program gives both in axes of its own), or set --y-axis"
        )
    if not FACTORS[0] < along < FACTORS[1]:
        return (
            f"{percent(eyy.mean(), 3)} along the load, but the displacements show "
            f"{percent(gyy.mean(), 3)}; check --scale, and the units of positions, displacements "
            "and strains"
        )
    if across < 0 and abs(exx.mean()) > 0.1 * abs(eyy.mean()):
        return (
            f"the displacement u grows where xx = {exx.mean():.2g} says that it falls; u points "
            "the other way than x. Change the sign of the column u"
        )
    return None


def _shear_problem(exy: np.ndarray, gxy: np.ndarray) -> str | None:
    """What is wrong with the shear."""
    alike, ratio = _compared(exy, gxy)
    if alike < -ALIKE:
        return (
            "the shear xy has the other sign than that of the displacements; the file gives it in "
            "axes of which one points the other way. Change the sign of the column exy"
        )
    if alike > ALIKE and ratio > FACTORS[1] * 1.05:
        return (
            f"the shear xy is {ratio:.2g} times that of the displacements; "
            "engineering shear takes --engineering-shear"
        )
    return None


def _compared(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Correlation of two maps and the ratio of their sizes; of their means where both are even."""
    means, spreads = (one.mean(), other.mean()), (one.std(), other.std())
    if all(abs(m) > max(LEAST_SHEAR, 3 * s) for m, s in zip(means, spreads, strict=True)):
        return float(np.sign(means[0] * means[1])), abs(float(means[0] / means[1]))
    if not min(spreads) > 0:
        return 0.0, 1.0
    alike = np.cov(one, other, bias=True)[0, 1] / (spreads[0] * spreads[1])
    return float(alike), float(spreads[0] / spreads[1])


def _means(fields: np.ndarray) -> np.ndarray:
    return np.array([_mean(field) for field in fields])


def _mean(field: np.ndarray) -> float:
    known = np.isfinite(field)
    return float(field[known].mean()) if known.any() else float("nan")


def _beyond_scatter(field: np.ndarray) -> float:
    """Size of the mean of a field; 0 where it scatters by more, as noise does."""
    mean = abs(_mean(field))
    return mean if mean > np.nanstd(field) else 0.0


def _smooth(field: np.ndarray) -> np.ndarray:
    """Means over tiles of a few points; NaN where none is known."""
    size = min(WINDOW, max(1, min(field.shape) // (2 * WINDOW)))
    rows, columns = (count // size for count in field.shape)
    tiles = field[: rows * size, : columns * size].reshape(rows, size, columns, size)
    known = np.isfinite(tiles)
    count = known.sum(axis=(1, 3))
    total = np.where(known, tiles, 0.0).sum(axis=(1, 3))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
