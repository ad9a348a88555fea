"""How the tables of a projection study are made: one split, one way to fit, one way to score."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.files import write_text
from slipfield.core.tables import csv_text
from slipfield.kinds.slip.learning.intervals import conformal_factors, coverage
from slipfield.kinds.slip.projection.intervals import (
    Training,
    interval,
    normalised_scores,
    select_degree,
)
from slipfield.kinds.slip.study import PARAMETERS
from slipfield.spine.metrics import r_squared

Row = dict[str, Any]
LEVEL = 0.95


@dataclass(frozen=True)
class Bench:
    """Projected samples with the split that all tables share.

    Attributes
    ----------
    clean, noisy : ndarray (n, f)
        Features without and with measurement noise.
    noise : ndarray (f, f)
        Covariance of that noise.
    parameters : ndarray (n, 3)
        k1, k2, k3.
    groups : ndarray (n,)
        Microstructures.
    train, test : ndarray
        Rows; no microstructure is in both.
    """

    clean: np.ndarray
    noisy: np.ndarray
    noise: np.ndarray
    parameters: np.ndarray
    groups: np.ndarray
    train: np.ndarray
    test: np.ndarray

    def training(self) -> Training:
        """What the learner may see."""
        rows = self.train
        return Training(
            self.clean[rows],
            self.noisy[rows],
            np.log(self.parameters[rows]),
            self.groups[rows],
            self.noise,
        )

    def keep(self, columns: np.ndarray) -> Bench:
        """Hide all features but those marked in ``columns`` (f,) bool."""
        hidden = {
            name: np.where(columns, getattr(self, name), np.nan) for name in ("clean", "noisy")
        }
        return replace(self, **hidden)

    def with_samples(self, count: int) -> Bench:
        """Train with the first ``count`` samples of a fixed order of the microstructures."""
        rows = np.concatenate(self._rows_by_specimen())
        return replace(self, train=np.sort(rows[:count]))

    def with_specimens(self, each: int) -> Bench:
        """Train with as many samples as there are microstructures, ``each`` of one of them."""
        specimens = self._rows_by_specimen()
        rows = np.concatenate([own[:each] for own in specimens])
        return replace(self, train=np.sort(rows[: len(specimens)]))

    def most_samples(self) -> int:
        """Largest number of training samples of one microstructure."""
        return max(len(rows) for rows in self._rows_by_specimen())

    def _rows_by_specimen(self) -> list[np.ndarray]:
        """Training rows of each microstructure, in a fixed order of the microstructures."""
        owners = self.groups[self.train]
        names = np.random.default_rng(0).permutation(np.unique(owners))
        return [self.train[owners == name] for name in names]


def judge(case: str, bench: Bench) -> list[Row]:
    """Fit the learner, predict the test rows and score them, one row a parameter."""
    started = time.process_time()
    training = bench.training()
    selection = select_degree(training)
    emulator = training.fit(selection.degree)
    seconds = time.process_time() - started
    estimate = emulator.estimate(bench.noisy[bench.test])
    scores = normalised_scores(selection.estimate, training.log_parameters)
    ends = interval(estimate, conformal_factors(scores, LEVEL))
    covered = coverage(*ends, bench.parameters[bench.test])
    rows = score(case, bench, np.exp(estimate.log_parameters))
    for row, share in zip(rows, covered, strict=True):
        row.update(coverage_percent=100 * share, degree=selection.degree, cpu_seconds=seconds)
    return rows


def score(case: str, bench: Bench, predicted: np.ndarray) -> list[Row]:
    """Score predictions (n, 3) of the test rows, one row a parameter."""
    head = {
        "case": case,
        "training_samples": len(bench.train),
        "training_microstructures": len(np.unique(bench.groups[bench.train])),
        "test_samples": len(bench.test),
    }
    return [{**head, **row} for row in score_predictions(bench.parameters[bench.test], predicted)]


def score_predictions(true: np.ndarray, predicted: np.ndarray) -> list[Row]:
    """Score predicted k1, k2, k3 (n, 3), one row a parameter."""
    relative = 100 * (predicted / true - 1)
    fit = r_squared(true, predicted)
    return [
        {
            "parameter": name,
            "r2": fit[i],
            "median_percent": np.median(np.abs(relative[:, i])),
            "p95_percent": np.percentile(np.abs(relative[:, i]), 95),
            "worst_percent": np.abs(relative[:, i]).max(),
            "shift_percent": np.median(relative[:, i]),
        }
        for i, name in enumerate(PARAMETERS)
    ]


def write_table(rows: Iterable[Row], path: Path) -> None:
    """Write rows as CSV, numbers with five significant digits; R^2, which may be near 1, whole."""
    whole = [{n: repr(float(v)) if n == "r2" else v for n, v in row.items()} for row in rows]
    write_text(path, csv_text(whole, digits=5))
