"""Scores of predictions, and what repeated scores say: mean, spread and intervals.

MAE, RMSE and R^2 follow the paper's section 3.3.3; relative errors and the corrected interval
are Slipfield's additions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Scores = dict[str, dict[str, float]]


def r_squared(true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Coefficient of determination over the first axis; NaN where ``true`` is constant."""
    total = np.square(true - true.mean(axis=0)).sum(axis=0)
    residual = np.square(true - predicted).sum(axis=0)
    return 1 - residual / np.where(np.ptp(true, axis=0) > 0, total, np.nan)


def scores(true: np.ndarray, predicted: np.ndarray, names: Sequence[str]) -> Scores:
    """Score predictions of the quantities ``names`` in physical units.

    Parameters
    ----------
    true, predicted : ndarray (n, len(names))

    Returns
    -------
    dict
        For each name ``mae`` and ``rmse`` in its own unit, ``r2``, and the median and 95th
        percentile of |predicted - true| / |true|; under "overall" the mean ``r2`` (as published)
        and the relative errors of all of them together.
    """
    error = np.abs(predicted - true)
    relative = error / np.abs(true)
    found = {
        name: {
            "mae": float(error[:, i].mean()),
            "rmse": float(np.sqrt(np.square(error[:, i]).mean())),
            "r2": float(r_squared(true[:, i], predicted[:, i])),
            **_relative_errors(relative[:, i]),
        }
        for i, name in enumerate(names)
    }
    mean_r2 = float(np.mean([found[name]["r2"] for name in names]))
    return {**found, "overall": {"r2": mean_r2, **_relative_errors(relative)}}


def mean_predictor_scores(true: np.ndarray, training: np.ndarray, names: Sequence[str]) -> Scores:
    """Score the predictor that always gives the mean of the training values."""
    return scores(true, np.broadcast_to(training.mean(axis=0), true.shape), names)


def _relative_errors(relative: np.ndarray) -> dict[str, float]:
    return {
        "median_relative_error": float(np.median(relative)),
        "p95_relative_error": float(np.percentile(relative, 95)),
    }


def t_interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Confidence interval of the mean of independent ``values``, m - 1 degrees of freedom."""
    return _interval(values, 1 / len(values), level)


def corrected_interval(
    values: np.ndarray, test_share: float, level: float = 0.95
) -> tuple[float, float]:
    """Confidence interval of the mean of cross-validation scores, whose training sets overlap.

    The variance of the mean is (1/m + test_share) s^2 instead of s^2/m, with ``test_share`` =
    (test samples) / (training samples) (Nadeau & Bengio 2003, eq. 13).
    """
    return _interval(values, 1 / len(values) + test_share, level)


def _interval(values: np.ndarray, factor: float, level: float) -> tuple[float, float]:
    count = len(values)
    if count < 2:
        return float("nan"), float("nan")
    from scipy.special import stdtrit  # a tenth of a second, and most need scores alone

    half = stdtrit(count - 1, (1 + level) / 2) * np.std(values, ddof=1) * np.sqrt(factor)
    mean = float(np.mean(values))
    return mean - float(half), mean + float(half)
