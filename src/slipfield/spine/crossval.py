"""Repeated k-fold cross-validation of the estimators of a kind."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.kind import Kind, load
from slipfield.core.progress import progress
from slipfield.core.recorded import witnessed
from slipfield.core.tables import csv_text
from slipfield.spine.folds import fold_table
from slipfield.spine.metrics import mean_predictor_scores, scores
from slipfield.spine.samples import Samples
from slipfield.spine.study import SpineStudy


class Estimator(Protocol):
    """What a kind's models are: scikit-learn's habit; settings go to the constructor."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> Self:
        """Learn from inputs (n, inputs) and targets (n, targets)."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Targets (n, targets), or (n,) if there is one; changes nothing."""


def cross_validate(
    study: SpineStudy, kind: Kind, model: str, samples: Samples, output: Path
) -> list[dict[str, Any]]:
    """Score an estimator on folds that it has not seen.

    Writes the table of :func:`slipfield.spine.folds.fold_table` to ``output`` (JSON) and the
    predictions of the first repeat beside it (CSV): sample, and each target true and predicted.

    Raises
    ------
    SlipfieldError
        If there are fewer groups than folds, or an estimator answers what is not finite or has
        another shape than the targets.
    """
    settings, names = study.crossval, tuple(samples.units)
    groups = len(np.unique(samples.groups))
    if groups < settings.folds:
        raise SlipfieldError(
            f"crossval.folds: given {settings.folds}, but the dataset has {groups} group(s); "
            "use fewer folds or more samples"
        )
    folds, first = [], np.full(samples.y.shape, np.nan)
    with progress(f"cross-validate {model}", settings.repeats * settings.folds) as advance:
        for repeat in range(settings.repeats):
            seed = int(np.random.SeedSequence((settings.seed, repeat)).generate_state(1)[0])
            partition = GroupKFold(settings.folds, shuffle=True, random_state=seed)
            for train, test in partition.split(samples.x, groups=samples.groups):
                began = time.process_time()
                estimator: Estimator = load(kind.models[model].estimator)()
                estimator.fit(samples.x[train], samples.y[train])
                answers = np.asarray(estimator.predict(samples.x[test]))
                found = _checked(answers, samples.y[test], model)
                if repeat == 0:
                    first[test] = found
                folds.append(
                    {
                        "samples": {"train": len(train), "validation": 0, "test": len(test)},
                        "cpu_seconds": time.process_time() - began,
                        "scores": scores(samples.y[test], found, names),
                        "mean_predictor": mean_predictor_scores(
                            samples.y[test], samples.y[train], names
                        ),
                    }
                )
                advance()
    rows = fold_table({"model": model}, folds, samples.units)
    table = {"sample": samples.number}
    for column, name in enumerate(names):
        table |= {f"{name}_true": samples.y[:, column], f"{name}_predicted": first[:, column]}
    predictions = output.with_suffix(".csv")
    with witnessed(study, output, predictions) as written:
        write_text(predictions, csv_text(pd.DataFrame(table), digits=9))
        written.update(model=model, table=rows, folds=folds)
    return rows


def _checked(found: np.ndarray, targets: np.ndarray, model: str) -> np.ndarray:
    """Answers in the shape of the targets; (n,) will do for one target, as scikit-learn has it."""
    one = targets.shape[1] == 1 and found.shape == targets.shape[:1]
    if found.shape != targets.shape and not one:
        raise SlipfieldError(f"{model}: answers have shape {found.shape}; expected {targets.shape}")
    if not np.isfinite(found).all():
        raise SlipfieldError(f"{model}: an answer is not finite; see its settings")
    return found.reshape(targets.shape)
