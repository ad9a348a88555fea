"""Table of repeated folds: mean, spread and both intervals of every score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from slipfield.spine.metrics import corrected_interval, t_interval

METRICS = ("mae", "rmse", "r2", "median_relative_error")


def fold_table(
    facts: Mapping[str, str], folds: Sequence[Mapping[str, Any]], units: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Rows for each quantity and metric.

    Parameters
    ----------
    facts : what begins every row, such as the model.
    folds : each with ``samples`` (of train, validation, test), ``scores`` and ``mean_predictor``.
    units : unit of each quantity, in the order of the rows.

    Returns
    -------
    list of dict
        Mean, standard deviation, the interval of independent folds (t), the corrected one
        (Nadeau & Bengio 2003) and CV = std / mean in percent.
    """
    sizes = [fold["samples"] for fold in folds]
    test_share = float(np.mean([s["test"] / (s["train"] + s["validation"]) for s in sizes]))
    rows = []
    for parameter, unit in units.items():
        for metric in METRICS:
            values = np.array([fold["scores"][parameter][metric] for fold in folds])
            baseline = np.array([fold["mean_predictor"][parameter][metric] for fold in folds])
            spread = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
            low, high = t_interval(values)
            corrected_low, corrected_high = corrected_interval(values, test_share)
            mean = float(values.mean())
            rows.append(
                {
                    **facts,
                    "parameter": parameter,
                    "metric": metric,
                    "unit": unit if metric in ("mae", "rmse") else "1",
                    "folds": len(values),
                    "mean": mean,
                    "std": spread,
                    "t_low": low,
                    "t_high": high,
                    "corrected_low": corrected_low,
                    "corrected_high": corrected_high,
                    "cv_percent": 100 * spread / abs(mean) if mean else float("nan"),
                    "mean_predictor": float(baseline.mean()),
                }
            )
    return rows
