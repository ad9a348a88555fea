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
"""Error code of Channel text files for it; 3, 5 and 6 are no solution, with angles of zero."""


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


def _decided(given: np.ndarray, good: np.ndarray, what: str) -> tuple[np.ndarray, tuple[str, ...]]:
    lost = int((given & ~good).sum())
    if not lost or good.sum() < USUAL * given.sum():
        return given, ()
    return good, (f"{lost} pixels have {what} and count as not indexed",)
