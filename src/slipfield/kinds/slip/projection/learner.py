"""The learner: a statistical model of the features given ln k, and its inversion.

The features z of a specimen with parameters p = ln k, scaled to the box, are taken as normal:

    z ~ N(m(p), s(p) C + N)

with a polynomial mean m, the scatter C between microstructures, which grows away from the
reference as the polynomial ln s does, and the known covariance N of measurement noise. All but N
is fitted to noise-free simulations, so that any noise, and any missing feature, can be accounted
for afterwards. A measurement is inverted by maximising the density over p (iteratively reweighted
Gauss-Newton); the curvature there gives the covariance.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.projection.polynomial import basis, gradient, term_count

BOX_VARIANCE = 1 / 3
"""Variance of a uniform draw on [-1, 1]: the weak prior that holds unidentified parameters."""

REACH = 1.3
"""Estimates are kept within this multiple of the trained half range."""

SPREAD_DEGREE, SHIFT_DEGREE = 2, 1
GRID = np.linspace(-0.8, 0.8, 5)
ITERATIONS, CONVERGED = 15, 1e-6
SMALL = 1e-12
JITTER = 1e-8
"""Added to the noise correlations, which are singular where support fields are collinear."""


@dataclass(frozen=True)
class Estimate:
    """Estimated ln k of n measurements.

    Attributes
    ----------
    log_parameters : ndarray (n, 3)
    covariance : ndarray (n, 3, 3)
        Of ln k.
    misfit : ndarray (n,)
        Mean squared deviation of the features from the model in standard deviations; about 1.
    """

    log_parameters: np.ndarray
    covariance: np.ndarray
    misfit: np.ndarray

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviations of ln k, (n, 3)."""
        return np.sqrt(np.einsum("naa->na", self.covariance))

    @classmethod
    def empty(cls, count: int) -> Self:
        """Room for ``count`` estimates."""
        return cls(np.full((count, 3), np.nan), np.full((count, 3, 3), np.nan), np.zeros(count))

    def put(self, rows: np.ndarray, part: Estimate) -> None:
        """Fill in the estimates of ``rows``."""
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(part, field.name)


@dataclass(frozen=True)
class Emulator:
    """Fitted model of the features; all arrays are plain, so that it can be written to a file.

    Attributes
    ----------
    centre, half : ndarray (3,)
        Middle and half range of the trained ln k.
    degree : int
        Total degree of the mean.
    mean : ndarray (terms, f)
        Coefficients of the mean.
    spread : ndarray (10,), spread_range : ndarray (2,)
        Coefficients of ln s and its range in training.
    scatter : ndarray (f, f)
        Covariance C between microstructures at s = 1.
    noise : ndarray (f, f)
        Covariance N of measurement noise, unless another one is given.
    used : ndarray (f,) bool
        Features that every training sample has.
    """

    centre: np.ndarray
    half: np.ndarray
    degree: int
    mean: np.ndarray
    spread: np.ndarray
    spread_range: np.ndarray
    scatter: np.ndarray
    noise: np.ndarray
    used: np.ndarray

    @classmethod
    def fit(
        cls,
        features: np.ndarray,
        log_parameters: np.ndarray,
        noise: np.ndarray,
        degree: int,
        box: np.ndarray,
    ) -> Self:
        """Fit to noise-free features.

        Parameters
        ----------
        features : ndarray (n, f)
        log_parameters : ndarray (n, 3)
        noise : ndarray (f, f)
            Covariance of measurement noise.
        degree : int
            Total degree of the mean; n has to exceed the number of its terms.
        box : ndarray (2, 3)
            Lower and upper end of the trained ln k.
        """
        centre, half = box.mean(axis=0), 0.5 * (box[1] - box[0])
        used = np.isfinite(features).all(axis=0) & (np.diag(noise) > 0)
        mean = np.zeros((term_count(degree), len(noise)))
        empty = cls(centre, half, degree, mean, np.zeros(1), np.zeros(2), noise, noise, used)
        return empty.adapted(features, log_parameters, degree)

    def adapted(
        self, features: np.ndarray, log_parameters: np.ndarray, degree: int = SHIFT_DEGREE
    ) -> Self:
        """Shift the mean by a polynomial and renew the scatter, to suit other measurements.

        Parameters
        ----------
        features : ndarray (n, f)
            Noise-free features, for example of the same specimens on a finer mesh.
        log_parameters : ndarray (n, 3)
        degree : int
            Total degree of the shift; n has to exceed the number of its terms.

        Raises
        ------
        SlipfieldError
            If it does not.
        """
        if len(features) <= term_count(degree):
            raise SlipfieldError(
                f"training: {len(features)} samples for the {term_count(degree)} terms of a shift; "
                "simulate more"
            )
        used = self.used & np.isfinite(features).all(axis=0)
        scaled = (log_parameters - self.centre) / self.half
        unit = np.sqrt(np.diag(self.noise)[used])
        terms = basis(scaled, self.degree)
        rest = (features[:, used] - terms @ self.mean[:, used]) / unit
        low = terms[:, : term_count(degree)]
        shift = np.linalg.lstsq(low, rest, rcond=None)[0]
        rest = rest - low @ shift
        level = np.log(np.square(rest).mean(axis=1) + SMALL)
        quadratic = basis(scaled, SPREAD_DEGREE)
        spread = np.linalg.lstsq(quadratic, level, rcond=None)[0]
        fitted = quadratic @ spread
        rest = rest / np.exp(0.5 * fitted)[:, None]
        scatter = np.zeros_like(self.noise)
        freedom = len(rest) / (len(rest) - len(shift))
        scatter[np.ix_(used, used)] = freedom * _shrunk_covariance(rest) * np.outer(unit, unit)
        mean = np.where(used, self.mean, 0)
        mean[: len(shift), used] += shift * unit
        limits = np.array([fitted.min(), fitted.max()])
        return replace(
            self, mean=mean, spread=spread, spread_range=limits, scatter=scatter, used=used
        )

    def problem(self) -> str:
        """Say what is wrong with arrays that were read from a file; empty if nothing."""
        count, terms = len(self.used), term_count(self.degree)
        shapes = {
            "centre": (3,),
            "half": (3,),
            "mean": (terms, count),
            "spread": (term_count(SPREAD_DEGREE),),
            "spread_range": (2,),
            "scatter": (count, count),
            "noise": (count, count),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != shape:
                return f"{name} has the shape {array.shape}, expected {shape}"
            if not np.isfinite(array).all():
                return f"{name} is not finite"
        return ""

    def estimate(self, features: np.ndarray, noise: np.ndarray | None = None) -> Estimate:
        """Invert measurements.

        Parameters
        ----------
        features : ndarray (n, f)
            NaN where missing: such features are left out of the density.
        noise : ndarray (f, f), optional
            Covariance of the measurements' noise, by default that of the training.
        """
        known = np.isfinite(features) & self.used
        result = Estimate.empty(len(features))
        for pattern in np.unique(known, axis=0):
            rows = np.flatnonzero((known == pattern).all(axis=1))
            model = _Diagonal(self, pattern, self.noise if noise is None else noise)
            scaled, covariance, misfit = model.invert(features[np.ix_(rows, pattern)])
            part = Estimate(
                self.centre + self.half * scaled,
                covariance * np.outer(self.half, self.half),
                misfit,
            )
            result.put(rows, part)
        return result

    def misfit(
        self, features: np.ndarray, log_parameters: np.ndarray, noise: np.ndarray | None = None
    ) -> np.ndarray:
        """Misfit (n,) of features at given ln k (n, 3); NaN features are left out."""
        scaled = (log_parameters - self.centre) / self.half
        known = np.isfinite(features) & self.used
        result = np.zeros(len(features))
        for pattern in np.unique(known, axis=0):
            rows = np.flatnonzero((known == pattern).all(axis=1))
            if not pattern.any():
                result[rows] = np.nan
                continue
            model = _Diagonal(self, pattern, self.noise if noise is None else noise)
            result[rows] = model.misfit(features[np.ix_(rows, pattern)], scaled[rows])
        return result


def _shrunk_covariance(rest: np.ndarray) -> np.ndarray:
    """Covariance (f, f) of centred rows (n, f), their correlations shrunk towards none.

    Rows are hardly more than features, often fewer: the sample covariance would claim directions
    without any scatter (Ledoit & Wolf 2004).
    """
    from sklearn.covariance import ledoit_wolf

    deviation = np.sqrt(np.square(rest).mean(axis=0)) + SMALL
    correlation, _ = ledoit_wolf(rest / deviation, assume_centered=True)
    return correlation * np.outer(deviation, deviation)


class _Diagonal:
    """The emulator for some of the features, in coordinates where C and N are diagonal."""

    def __init__(self, emulator: Emulator, pattern: np.ndarray, noise: np.ndarray) -> None:
        self.emulator = emulator
        block = np.ix_(pattern, pattern)
        unit = np.sqrt(np.diag(noise)[pattern])
        correlation = noise[block] / np.outer(unit, unit) + JITTER * np.eye(len(unit))
        factor = np.linalg.inv(np.linalg.cholesky(correlation)) / unit
        values, vectors = np.linalg.eigh(factor @ emulator.scatter[block] @ factor.T)
        self._transform = factor.T @ vectors
        self._scatter = np.maximum(values, 0)
        self._mean = emulator.mean[:, pattern] @ self._transform

    def _variance(self, scaled: np.ndarray) -> np.ndarray:
        """Variances (n, f) at parameters (n, 3)."""
        level = basis(scaled, SPREAD_DEGREE) @ self.emulator.spread
        return 1 + np.exp(np.clip(level, *self.emulator.spread_range))[:, None] * self._scatter

    def misfit(self, features: np.ndarray, scaled: np.ndarray) -> np.ndarray:
        """Mean squared deviation in standard deviations, (n,)."""
        rest = features @ self._transform - basis(scaled, self.emulator.degree) @ self._mean
        return (np.square(rest) / self._variance(scaled)).mean(axis=1)

    def invert(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Most probable parameters (n, 3), their covariance (n, 3, 3) and the misfit (n,)."""
        values = features @ self._transform
        scaled = self._start(values)
        for _ in range(ITERATIONS):
            information, slope = self._normal_equations(values, scaled)
            step = np.linalg.solve(information, slope[..., None])[..., 0]
            scaled = np.clip(scaled + np.clip(step, -0.5, 0.5), -REACH, REACH)
            if np.abs(step).max() < CONVERGED:
                break
        information, _ = self._normal_equations(values, scaled)
        return scaled, np.linalg.inv(information), self.misfit(features, scaled)

    def _start(self, values: np.ndarray) -> np.ndarray:
        """Best point of a coarse grid for each measurement, (n, 3)."""
        grid = np.stack(np.meshgrid(GRID, GRID, GRID), axis=-1).reshape(-1, 3)
        means = basis(grid, self.emulator.degree) @ self._mean
        weights = 1 / self._variance(grid)
        objective = np.square(values) @ weights.T - 2 * values @ (weights * means).T
        objective += (weights * np.square(means) - np.log(weights)).sum(axis=1)
        return grid[objective.argmin(axis=1)]

    def _normal_equations(
        self, values: np.ndarray, scaled: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Information matrix (n, 3, 3) and gradient (n, 3) of the log density with the prior."""
        degree = self.emulator.degree
        rest = values - basis(scaled, degree) @ self._mean
        slopes = np.einsum("nta,tf->naf", gradient(scaled, degree), self._mean)
        weighted = slopes / self._variance(scaled)[:, None]
        information = weighted @ slopes.swapaxes(1, 2) + np.eye(3) / BOX_VARIANCE
        return information, (weighted @ rest[..., None])[..., 0] - scaled / BOX_VARIANCE


def allowed_degrees(samples: int, highest: int = 4) -> list[int]:
    """Degrees whose terms are at most half of the samples; at least the lowest."""
    return [d for d in range(1, highest + 1) if 2 * term_count(d) <= samples] or [1]
