"""Cross-validated errors of the learner and the intervals that follow from them.

Intervals are split-conformal (Lei et al. 2018, with the model's own standard deviation as scale)
with cross-validation in the place of a split: each error comes from a model that saw no sample of
the same microstructure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from slipfield.kinds.slip.projection.learner import Emulator, Estimate, allowed_degrees

FOLDS = 5
TIE = 0.01


@dataclass(frozen=True)
class Training:
    """What the learner is fitted to and judged on.

    Attributes
    ----------
    clean, noisy : ndarray (n, f)
        Features without and with measurement noise.
    log_parameters : ndarray (n, 3)
    groups : ndarray (n,)
        Microstructure (or sample) that keeps rows together in cross-validation.
    noise : ndarray (f, f)
        Covariance of the noise of ``noisy``.
    """

    clean: np.ndarray
    noisy: np.ndarray
    log_parameters: np.ndarray
    groups: np.ndarray
    noise: np.ndarray

    @property
    def box(self) -> np.ndarray:
        """Lower and upper end of ln k, (2, 3)."""
        return np.stack([self.log_parameters.min(axis=0), self.log_parameters.max(axis=0)])

    def fit(self, degree: int, rows: np.ndarray | slice = slice(None)) -> Emulator:
        """Fit the learner to some of the rows."""
        return Emulator.fit(
            self.clean[rows], self.log_parameters[rows], self.noise, degree, self.box
        )


def cross_validate(training: Training, fit: Callable[[np.ndarray], Emulator]) -> Estimate:
    """Estimate every noisy row by a model that ``fit`` makes of the rows of other groups."""
    from sklearn.model_selection import GroupKFold

    result = Estimate.empty(len(training.groups))
    folds = min(FOLDS, len(np.unique(training.groups)))
    for train, test in GroupKFold(folds).split(training.clean, groups=training.groups):
        result.put(test, fit(train).estimate(training.noisy[test], training.noise))
    return result


@dataclass(frozen=True)
class Selection:
    """The chosen degree, with the cross-validated estimates that speak for it.

    Attributes
    ----------
    degree : int
    errors : dict
        Root mean square error of ln k over all parameters, by degree.
    estimate : Estimate
        Of the chosen degree.
    """

    degree: int
    errors: dict[int, float]
    estimate: Estimate


def select_degree(training: Training) -> Selection:
    """Choose the lowest degree whose cross-validated error of ln k is within 1 % of the least."""
    smallest = len(training.groups) * (FOLDS - 1) // FOLDS
    found = {}
    for degree in allowed_degrees(smallest):
        estimate = cross_validate(training, partial(training.fit, degree))
        error = estimate.log_parameters - training.log_parameters
        found[degree] = float(np.sqrt(np.square(error).mean())), estimate
    least = min(error for error, _ in found.values())
    degree = min(d for d, (error, _) in found.items() if error <= (1 + TIE) * least)
    return Selection(degree, {d: error for d, (error, _) in found.items()}, found[degree][1])


def normalised_scores(estimate: Estimate, log_parameters: np.ndarray) -> np.ndarray:
    """Absolute errors of ln k in units of their standard deviation, sorted, (n, 3)."""
    error = np.abs(estimate.log_parameters - log_parameters) / estimate.deviation
    return np.sort(error, axis=0)


def interval(estimate: Estimate, factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends of k1, k2, k3, each (n, 3), symmetric in ln k."""
    half = factors * estimate.deviation
    return np.exp(estimate.log_parameters - half), np.exp(estimate.log_parameters + half)
