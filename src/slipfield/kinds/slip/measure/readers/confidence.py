"""Which pixels of an orientation map may be believed, by confidence index or angular deviation."""

from __future__ import annotations

import numpy as np

LEAST_CONFIDENCE = 0.1
"""Confidence index of EDAX from which 95 % of the solutions are right (D. P. Field, Ultramicroscopy
67, 1997)."""

LARGEST_DEVIATION_DEG = 2.0
"""Mean angular deviation between bands and solution beyond which a solution is none; good ones have
less than 1 degree."""

USUAL = 0.5
"""Share of the pixels that reach the limit; with less, the column has another meaning."""

HIGH_DEVIATION = 4
"""Error code of Channel 5 for it; 3, 5 and 6 are no solution, with angles of zero."""

LARGEST_MEDIAN_RAD = 0.06
"""Median of deviations below which they are radians: in degrees no detector is that precise, and in
radians it would be more than 3 degrees."""


def confident(index: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Pixels (n,) whose confidence ``index`` is high enough, and a note if others are left out.

    Below 0 is not indexed. Programs other than OIM write 0 or another measure for all pixels: where
    few pixels reach the limit it is not applied.
    """
    given = index >= 0
    good = index >= LEAST_CONFIDENCE
    return _decided(given, given & good, f"a confidence index below {LEAST_CONFIDENCE:g}")


def close(deviation: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Pixels (n,) whose mean angular ``deviation``, degrees, is small, and a note on the others."""
    good = ~(deviation > LARGEST_DEVIATION_DEG)
    what = f"a mean angular deviation above {LARGEST_DEVIATION_DEG:g} degrees"
    return _decided(np.full(len(deviation), True), good, what)


def solved(
    phase: np.ndarray, euler: np.ndarray, error: np.ndarray | None, deviation: np.ndarray | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Phase (n,) of the pixels of a Channel 5 map, 0 where there is no solution, and notes.

    Parameters
    ----------
    phase : (n,) as in the file, 0 or less where not indexed.
    euler : (n, 3) angles; all 0 are none.
    error : (n,) codes of Channel 5, or None if the file has none; a solution may have one.
    deviation : (n,) mean angular deviation in degrees or radians, or None.
    """
    phase = np.maximum(phase, 0)
    if error is not None:
        failed = (error == HIGH_DEVIATION) | ((error > 0) & (euler == 0).all(axis=1))
        phase = np.where(failed, 0, phase)
    if deviation is None:
        return phase, ()
    given = np.where(phase > 0, deviation, 0.0)
    usual = np.median(given[given > 0]) if (given > 0).any() else 1.0
    near, notes = close(np.degrees(given) if usual < LARGEST_MEDIAN_RAD else given)
    return np.where(near, phase, 0), notes


def _decided(given: np.ndarray, good: np.ndarray, what: str) -> tuple[np.ndarray, tuple[str, ...]]:
    lost = int((given & ~good).sum())
    if not lost or good.sum() < USUAL * given.sum():
        return given, ()
    return good, (f"{lost} pixels have {what} and count as not indexed",)
