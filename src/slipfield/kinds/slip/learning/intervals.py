"""Intervals of any inverter: their width by split-conformal prediction, coverage, their table."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from slipfield.core.files import write_text
from slipfield.core.tables import csv_text
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.study import PARAMETERS

INTERVALS = "intervals.csv"
_KINDS = ("true", "predicted", "low", "high")


def conformal_factors(scores: np.ndarray, level: float) -> np.ndarray:
    """Multiples of the standard deviation that make an interval of ``level``, (3,).

    The quantile with the finite-sample correction: the ceil((n + 1) level)-th smallest score,
    or the largest one where there are too few; :func:`held_level` says what that holds.
    """
    rank = math.ceil((len(scores) + 1) * level)
    return scores[min(rank, len(scores)) - 1]


def held_level(count: int, level: float) -> float:
    """Level that the intervals of :func:`conformal_factors` hold with ``count`` scores.

    Below ``level`` / (1 - ``level``) scores, 19 for 95 %, the largest of them is too small for it:
    a new score exceeds the largest of n with a probability of 1 / (n + 1).
    """
    return min(level, count / (count + 1))


def coverage(low: np.ndarray, high: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Share of true values inside their intervals, (3,)."""
    return ((low <= true) & (true <= high)).mean(axis=0)


def write_intervals(
    dataset: Collection,
    indices: np.ndarray,
    predicted: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    folder: Path,
) -> None:
    """Write intervals.csv: sample, then true, predicted, low and high k1, k2, k3, each (n, 3)."""
    names = ["sample", *(f"{name}_{kind}" for kind in _KINDS for name in PARAMETERS)]
    columns = np.hstack([dataset.parameters[indices], predicted, low, high])
    samples = dataset.samples[indices].tolist()
    rows = [
        dict(zip(names, (sample, *row), strict=True))
        for sample, row in zip(samples, columns.tolist(), strict=True)
    ]
    write_text(folder / INTERVALS, csv_text(rows, 9, names))
