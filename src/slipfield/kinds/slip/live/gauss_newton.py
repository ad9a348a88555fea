"""The estimate of a projection inverter, started at the last one: Gauss-Newton in information form.

The same density as in :mod:`slipfield.kinds.slip.projection.learner`, z ~ N(m(p), s(p) C + N), and
the same normal equations. Where that room diagonalises C and N once for many specimens, here the
covariance of the features so far is factorised at each step (Cholesky): from the last estimate some
five steps do, and each costs a tenth of a diagonalisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from slipfield.kinds.slip.projection.learner import (
    BOX_VARIANCE,
    JITTER,
    REACH,
    SPREAD_DEGREE,
    Emulator,
)
from slipfield.kinds.slip.projection.polynomial import basis, gradient

LARGEST_STEP, MOST_STEPS, CONVERGED = 0.5, 30, 1e-7
"""Of steps in the scaled box. One is some 0.05 of the one before: what is left is below 1e-8."""


@dataclass(frozen=True)
class Features:
    """Some of an emulator's features, with the noise of their measurement.

    Attributes
    ----------
    used : (f,) bool, the features that are known.
    noise : (f, f) covariance of the noise of all of them.
    """

    emulator: Emulator
    used: np.ndarray
    noise: np.ndarray

    @cached_property
    def _blocks(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of the known features: noise (m, m) with its jitter, scatter (m, m), mean (terms, m)."""
        block = np.ix_(self.used, self.used)
        noise = self.noise[block]
        noise[np.diag_indices_from(noise)] *= 1 + JITTER
        return noise, self.emulator.scatter[block], self.emulator.mean[:, self.used]

    def _factor(self, scaled: np.ndarray) -> tuple[np.ndarray, bool]:
        """Cholesky factor of s C + N at parameters (3,)."""
        emulator, (noise, scatter, _) = self.emulator, self._blocks
        level = basis(scaled[None], SPREAD_DEGREE) @ emulator.spread
        spread = float(np.exp(np.clip(level, *emulator.spread_range))[0])
        covariance = noise + spread * scatter
        return cho_factor(covariance.T, lower=True, overwrite_a=True, check_finite=False)

    def _rest(self, features: np.ndarray, scaled: np.ndarray) -> np.ndarray:
        """What the mean at parameters (3,) leaves of features (f,), the known ones."""
        mean = basis(scaled[None], self.emulator.degree)[0] @ self._blocks[2]
        return features[self.used] - mean

    def _equations(
        self, features: np.ndarray | None, scaled: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Information (3, 3) and slope (3,) of the log density with the prior, scaled."""
        slopes = gradient(scaled[None], self.emulator.degree)[0].T @ self._blocks[2]
        weighted = cho_solve(self._factor(scaled), slopes.T, check_finite=False).T
        information = weighted @ slopes.T + np.eye(3) / BOX_VARIANCE
        if features is None:
            return information, np.zeros(3)
        return information, weighted @ self._rest(features, scaled) - scaled / BOX_VARIANCE

    def covariance(self, log_parameters: np.ndarray) -> np.ndarray:
        """Covariance (3, 3) of ln k, if the features are measured, at ln k (3,)."""
        emulator = self.emulator
        scaled = (log_parameters - emulator.centre) / emulator.half
        information, _ = self._equations(None, scaled)
        return np.linalg.inv(information) * np.outer(emulator.half, emulator.half)

    def estimate(self, features: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Most probable ln k (3,) of features (f,), from ``start`` (3,) on."""
        emulator = self.emulator
        scaled = np.clip((start - emulator.centre) / emulator.half, -REACH, REACH)
        for _ in range(MOST_STEPS):
            information, slope = self._equations(features, scaled)
            step = np.clip(np.linalg.solve(information, slope), -LARGEST_STEP, LARGEST_STEP)
            moved = np.clip(scaled + step, -REACH, REACH)
            still = np.abs(moved - scaled).max() < CONVERGED
            scaled = moved
            if still:
                break
        return emulator.centre + emulator.half * scaled

    def misfit(self, features: np.ndarray, log_parameters: np.ndarray) -> float:
        """Mean squared deviation of features (f,) in standard deviations; NaN without any."""
        if not self.used.any():
            return float("nan")
        scaled = (log_parameters - self.emulator.centre) / self.emulator.half
        rest = self._rest(features, scaled)
        return float(rest @ cho_solve(self._factor(scaled), rest, check_finite=False) / rest.size)
