"""Numbers of a grain size: G of ASTM E112, intervals over fields, relative accuracy."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
GRAINS_A_FIELD = 30.0
"""Fields are cut so that they hold as many grains on average, from 2 x 2 to 5 x 5."""
WANTED_RA = 10.0
"""Relative accuracy, %, that ASTM E112 section 15 holds for good enough."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % confidence interval."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float | None]:
        """For a JSON file; what is not known is null."""
        return {k: v if np.isfinite(v) else None for k, v in asdict(self).items()}


def g_of_intercept(intercept_um: float) -> float:
    """ASTM grain size number of a mean lineal intercept, um (E112-13, table 6)."""
    return float(-6.643856 * np.log10(intercept_um / 1000.0) - 3.288)


def g_of_density(per_mm2: float) -> float:
    """ASTM grain size number of the number of grains per mm^2 (E112-13, table 6)."""
    return float(3.321928 * np.log10(per_mm2) - 2.954)


def over_fields(values: np.ndarray, weights: np.ndarray) -> Estimate:
    """Weighted mean of field values (n,) and its t interval over the fields.

    The variance of a ratio of sums (values x weights over weights), with n - 1 degrees of freedom;
    infinite if there are fewer than two fields with weight.
    """
    held = weights > 0
    values, weights = values[held], weights[held]
    if len(values) == 0:
        return Estimate(np.nan, np.nan, np.nan)
    mean = float(np.average(values, weights=weights))
    count = len(values)
    if count < 2:
        return Estimate(mean, np.nan, np.nan)
    share = weights / weights.sum()
    error = float(np.sqrt(count / (count - 1) * np.sum((share * (values - mean)) ** 2)))
    half = float(stats.t.ppf(0.5 + CONFIDENCE / 2, count - 1)) * error
    return Estimate(mean, mean - half, mean + half)


def relative_accuracy(estimate: Estimate) -> float:
    """%RA of E112 section 15: half the interval over the mean, %."""
    return 50.0 * (estimate.high - estimate.low) / estimate.value


def fields_missing(accuracy: float, fields: int) -> int:
    """Further fields like these that :data:`WANTED_RA` takes."""
    if not np.isfinite(accuracy):
        return 5
    return max(int(np.ceil(fields * (accuracy / WANTED_RA) ** 2)) - fields, 0)


def field_slices(shape: tuple[int, int], grains: int) -> list[tuple[slice, slice]]:
    """Fields of equal size, 2 x 2 to 5 x 5, into which an image of so many grains is cut."""
    side = int(np.clip(np.sqrt(grains / GRAINS_A_FIELD), 2, 5))
    edges = [np.linspace(0, size, side + 1).round().astype(int) for size in shape]
    return [
        (slice(top, bottom), slice(left, right))
        for top, bottom in zip(edges[0], edges[0][1:], strict=False)
        for left, right in zip(edges[1], edges[1][1:], strict=False)
    ]
