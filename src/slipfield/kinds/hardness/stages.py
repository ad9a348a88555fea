"""Stages of a hardness study: its table, each model left out, the choice and what it explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from slipfield.core.files import write_text
from slipfield.core.reading import read_json, reading
from slipfield.core.recorded import witnessed
from slipfield.core.tables import csv_text
from slipfield.kinds.hardness.models import make
from slipfield.kinds.hardness.shapley import shapley_values
from slipfield.kinds.hardness.study import HardnessStudy, study_table
from slipfield.kinds.hardness.table import (
    FEATURES,
    HARDNESS,
    Alloys,
    alloys_of,
    read_table,
)
from slipfield.kinds.hardness.validation import (
    draws_of,
    left_out,
    nested_choice,
    r2_gain,
    r2_interval,
)

SCHEMES = {"alloy": "one alloy", "composition": "one composition"}
"""What is left out at a time, and how it is called."""


def table_text(study: HardnessStudy) -> str:
    """Table of a study as CSV."""
    return csv_text(study_table(study), digits=9)


def validate(study: HardnessStudy, table: Path, model: str, output: Path) -> dict[str, Any]:
    """Score a model on alloys and on compositions that it has not seen, and write JSON.

    Returns
    -------
    dict
        ``predictions`` (each scheme's, HV) and ``scores``: ``mae_HV``, ``rmse_HV`` and ``r2`` with
        ``low`` and ``high``.
    """
    alloys = alloys_of(read_table(table))
    predictions, scores = {}, {}
    for scheme in SCHEMES:
        groups = alloys.alloys if scheme == "alloy" else alloys.groups
        if len(np.unique(groups)) < 3:
            continue
        found = left_out(lambda: make(model), alloys.x, alloys.y, groups)
        draws = draws_of(groups, study.validation.draws, study.validation.seed)
        predictions[scheme] = found.tolist()
        scores[scheme] = score(alloys, found, draws)
    content = {"model": model, "predictions": predictions, "scores": scores}
    with witnessed(study, output) as written:
        written.update(content)
    return content


def score(alloys: Alloys, found: np.ndarray, draws: Sequence[np.ndarray]) -> dict[str, Any]:
    """MAE, RMSE and R^2 with its interval over bootstrap draws (of :func:`draws_of`)."""
    error = found - alloys.y
    return {
        "mae_HV": float(np.abs(error).mean()),
        "rmse_HV": float(np.sqrt(np.square(error).mean())),
        "r2": asdict(r2_interval(alloys.y, found, draws)),
    }


def read_scores(path: Path, count: int) -> dict[str, Any]:
    """Read what :func:`validate` wrote of ``count`` alloys.

    Raises
    ------
    SlipfieldError
        If it is missing, damaged or of another number of alloys.
    """
    content = read_json(path, "hardness validate")
    with reading(path, "hardness validate"):
        for scheme, found in content["predictions"].items():
            if np.array(found, dtype=float).shape != (count,):
                raise ValueError("predictions of other alloys")
            for name in ("value", "low", "high"):
                float(content["scores"][scheme]["r2"][name])
        if "alloy" not in content["predictions"]:
            raise ValueError("no predictions of alloys that were left out")
    return dict(content)


def explain(study: HardnessStudy, table: Path, scores: Path, output: Path) -> dict[str, Any]:
    """Choose a model, score the choice, and explain what it has learnt: JSON and CSV.

    The model that is explained has the smallest leave-one-out error of ``validation.choice``. The
    score is that of the nested choice, which pays for choosing. Shapley values of each alloy go to
    the CSV beside ``output``.

    Parameters
    ----------
    scores : folder of what :func:`validate` wrote.
    """
    alloys = alloys_of(read_table(table))
    settings = study.validation
    files = {name: read_scores(scores / f"{name}.json", len(alloys.y)) for name in settings.models}
    names = min(settings.choice, key=lambda name: files[name]["scores"]["alloy"]["rmse_HV"])
    makers = {name: partial(make, name) for name in settings.choice}
    left = {name: np.array(files[name]["predictions"]["alloy"]) for name in settings.models}
    found, chosen = nested_choice(makers, alloys.x, alloys.y, alloys.alloys, left)
    draws = draws_of(alloys.alloys, settings.draws, settings.seed)
    gains = {}
    if "line" in files:
        for name in settings.models:
            gains[name] = asdict(r2_gain(alloys.y, left[name], left["line"], draws))
    model = make(names).fit(alloys.x, alloys.y)
    values, base = shapley_values(model.predict, alloys.x, alloys.x)
    content = {
        "model": names,
        "nested": {
            "predictions": found.tolist(),
            "chosen": chosen,
            "scores": score(alloys, found, draws),
        },
        "r2_gain_on_line": gains,
        "base_HV": base,
        "importance_HV": _importance(values),
        "law_importance_HV": _law_importance(study, alloys),
        "residual_HV": float(np.abs(values.sum(1) + base - model.predict(alloys.x)).max()),
    }
    columns = {
        f"shapley_{name}_HV": column for name, column in zip(FEATURES, values.T, strict=True)
    }
    features = {name: column for name, column in zip(FEATURES, alloys.x.T, strict=True)}
    rows_table = pd.DataFrame({**features, HARDNESS: alloys.y, **columns})
    shares = output.with_suffix(".csv")
    with witnessed(study, output, shares) as written:
        write_text(shares, csv_text(rows_table, digits=9))
        written.update(content)
    return content


def _importance(values: np.ndarray) -> dict[str, float]:
    """Mean size of each feature's Shapley values, HV."""
    return {name: float(size) for name, size in zip(FEATURES, np.abs(values).mean(0), strict=True)}


def _law_importance(study: HardnessStudy, alloys: Alloys) -> dict[str, float] | None:
    """Importance in the planted law, HV, or None for a user's table.

    In a sum, a feature's Shapley value is its term less the term's mean.
    """
    if study.table.file is not None:
        return None
    terms = study.table.law.terms(alloys.x)
    return _importance(terms - terms.mean(axis=0))
