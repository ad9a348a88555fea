"""Exact Shapley values of few features: every coalition is evaluated."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import factorial

import numpy as np

MOST_FEATURES = 10


def shapley_values(
    predict: Callable[[np.ndarray], np.ndarray], x: np.ndarray, background: np.ndarray
) -> tuple[np.ndarray, float]:
    """Share of every feature in every prediction.

    The value of a coalition is the mean prediction over the background rows, with the features of
    the coalition set to those of the row (interventional; Lundberg & Lee 2017).

    Parameters
    ----------
    predict : maps (m, features) to (m,).
    x : rows to explain (n, features).
    background : rows (b, features) that stand for what a feature is when it is not known.

    Returns
    -------
    values : ndarray (n, features)
        In the unit of the prediction; base + their sum is the prediction.
    base : float
        Mean prediction of the background.

    Raises
    ------
    ValueError
        For more than :data:`MOST_FEATURES` features.
    """
    count = x.shape[1]
    if count > MOST_FEATURES:
        raise ValueError(f"{count} features; expected {MOST_FEATURES} or fewer")
    worth = {}
    for size in range(count + 1):
        for known in combinations(range(count), size):
            rows = np.repeat(background[None], len(x), axis=0)
            rows[:, :, list(known)] = x[:, None, list(known)]
            found = predict(rows.reshape(-1, count)).reshape(len(x), len(background))
            worth[frozenset(known)] = found.mean(axis=1)
    values = np.zeros(x.shape)
    for coalition, without in worth.items():
        for feature in set(range(count)) - coalition:
            size = len(coalition)
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            values[:, feature] += weight * (worth[coalition | {feature}] - without)
    return values, float(worth[frozenset()].mean())
