"""Leave-one-out validation, by alloy and by composition; nested choice of a model; intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from slipfield.core.progress import track
from slipfield.kinds.hardness.models import Regressor
from slipfield.spine.metrics import r_squared

Make = Callable[[], Regressor]


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def left_out(make: Make, x: np.ndarray, y: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Prediction (n,) of each row by a model that has seen no row of its group."""
    found = np.empty(len(y))
    for group in np.unique(groups):
        test = groups == group
        found[test] = make().fit(x[~test], y[~test]).predict(x[test])
    return found


def nested_choice(
    makers: Mapping[str, Make],
    x: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    left: Mapping[str, np.ndarray],
) -> tuple[np.ndarray, list[str]]:
    """Leave-one-out predictions of whichever model is best on the groups that are left.

    For each group left out, each model's leave-one-out error on the others decides. The model
    without groups i and j serves both group i's and group j's choice.

    Parameters
    ----------
    groups : (n,), 0 to m - 1, rows that are left out together.
    left : leave-one-out predictions (n,) of each model, HV, by :func:`left_out`.

    Returns
    -------
    predictions : ndarray (n,)
    chosen : list of str
        Name of the model of each row.
    """
    count, names = int(groups.max()) + 1, list(makers)
    squares = np.zeros((len(names), count))
    pairs = list(combinations(range(count), 2))
    for one, two in track(pairs, "nested choice"):
        rest = (groups != one) & (groups != two)
        for number, make in enumerate(makers.values()):
            model = make().fit(x[rest], y[rest])
            for group, other in ((one, two), (two, one)):
                rows = groups == other
                squares[number, group] += np.square(model.predict(x[rows]) - y[rows]).sum()
    best = squares.argmin(axis=0)
    chosen = [names[best[group]] for group in groups]
    return np.array([left[name][row] for row, name in enumerate(chosen)]), chosen


def draws_of(groups: np.ndarray, count: int, seed: int) -> list[np.ndarray]:
    """Bootstrap draws: rows of as many groups as there are, drawn with replacement."""
    generator = np.random.default_rng(seed)
    rows = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    return [
        np.concatenate([rows[k] for k in generator.integers(len(rows), size=len(rows))])
        for _ in range(count)
    ]


def r2_interval(y: np.ndarray, found: np.ndarray, draws: Sequence[np.ndarray]) -> Interval:
    """R^2 of predictions, with the percentile interval of the draws."""
    return _interval(float(r_squared(y, found)), (float(r_squared(y[d], found[d])) for d in draws))


def r2_gain(
    y: np.ndarray, found: np.ndarray, other: np.ndarray, draws: Sequence[np.ndarray]
) -> Interval:
    """R^2 of ``found`` less that of ``other``, paired: the same draws for both."""

    def gain(rows: np.ndarray | slice) -> float:
        return float(r_squared(y[rows], found[rows]) - r_squared(y[rows], other[rows]))

    return _interval(gain(slice(None)), (gain(rows) for rows in draws))


def _interval(value: float, drawn: Iterable[float]) -> Interval:
    values = np.array([float(each) for each in drawn])
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Interval(value, float(low), float(high))
