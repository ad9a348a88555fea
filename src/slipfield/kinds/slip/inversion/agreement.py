"""How well a forward run and a measurement agree, free of the noise's size: pattern and scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slipfield.kinds.slip.inversion.comparison import (
    compare,
    deviations,
    load_divisor,
    point_weights,
)
from slipfield.kinds.slip.inversion.refine import Problem
from slipfield.kinds.slip.inversion.stiffening import factor_at
from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.thickness.factor import load_exponent

ELASTIC = 0.15
"""Sum of |d ln(load) / d ln k| of a change of load below which it is elastic."""

FEWEST_NODES = 20


@dataclass(frozen=True)
class Pattern:
    """Strain fluctuations at the nodes, measured against computed.

    Attributes
    ----------
    correlation : of both, all components together, 1; NaN: not known.
    contrast : measured fluctuations over computed ones, 1 (slope of a line through both).
    """

    correlation: float
    contrast: float


def pattern(measurement: Measurement, run: Reference) -> Pattern:
    """Compare the strain fluctuations of the frame with the largest strain."""
    measured, computed = measurement.nodal, run.at(measurement.time).strain
    known = np.isfinite(measured[:, 1])
    counts = known.sum(axis=(1, 2))
    means = np.where(known, measured[:, 1], 0).sum(axis=(1, 2)) / np.maximum(counts, 1)
    frame = int(np.where(counts >= FEWEST_NODES, np.abs(means), -1).argmax())
    if counts[frame] < FEWEST_NODES:
        return Pattern(float("nan"), float("nan"))
    return fluctuations(measured[frame], computed[frame])


def fluctuations(measured: np.ndarray, computed: np.ndarray) -> Pattern:
    """Compare fields (3, y, x), each component about its mean; NaN is left out."""
    known = np.isfinite(measured).all(axis=0)
    one, other = (np.asarray(part, dtype=float)[:, known] for part in (measured, computed))
    one, other = (part - part.mean(axis=1, keepdims=True) for part in (one, other))
    products = [float((a * b).sum()) for a, b in ((one, one), (one, other), (other, other))]
    if not (products[0] > 0 and products[2] > 0):
        return Pattern(float("nan"), float("nan"))
    return Pattern(products[1] / np.sqrt(products[0] * products[2]), products[1] / products[2])


@dataclass(frozen=True)
class LoadScale:
    """Factor between measured loads and those that the strain maps ask for.

    Attributes
    ----------
    factor, deviation : measured over computed load, and standard deviation of its logarithm.
    elastic : the same from elastic changes of the load alone, NaN where there are none.
    """

    factor: float
    deviation: float
    elastic: float

    @property
    def evidence(self) -> float:
        """Square of ln factor over its standard deviation: chi-square of one freedom."""
        return float((np.log(self.factor) / self.deviation) ** 2)


def load_scale(problem: Problem, run: Reference) -> LoadScale | None:
    """Estimate the scale of the load beside ln k; None without loads or strain.

    A wrong thickness or load unit multiplies all loads alike. Strain maps tell k1, k2 and k3
    relative to h0 and the elastic constants, so that the scale of the load can be free: one
    Gauss-Newton step in (ln k, ln scale) from ``run``. A sheet's factor M is no scale: its mean is
    taken off, and its standard deviation counts as one of the scale. Points where the model is off,
    as at the pixel steps of grain boundaries, count less: they pull the scale of monotonic tests
    down by a twentieth. Elastic changes of the load, as on unloading, tell the scale whatever k is.
    """
    factor = factor_at(problem.factor, run.parameters, problem.load_noise)
    found = compare(problem.measurement, run, problem.load_noise)
    if not found.counts.sum() or found.load_count < 2:
        return None
    points = point_weights(found)
    found = compare(problem.measurement, run, problem.load_noise, points)
    weights = deviations(found, points, problem.load_noise, problem.strain_noise)
    here = run.at(problem.measurement.time)
    given = np.isfinite(problem.measurement.load)
    load = problem.measurement.load[given]
    scale = load_divisor(problem.measurement, here, problem.load_noise)[given]
    spread = 0.0
    if factor is not None:
        of_membrane = here.load[given], here.load_rates[:, given]
        load = load * np.exp(-factor.mean * load_exponent(factor.along, *of_membrane))
        spread = float(np.linalg.norm(factor.moved(*of_membrane) / scale, axis=0).max())
    rates = np.vstack([here.load_rates[:, given], here.load[given]]) / scale
    misfit = (load - here.load[given]) / scale
    matrix, slope = rates @ rates.T / weights.load**2, rates @ misfit / weights.load**2
    matrix[:-1, :-1] += found.normals.sum(axis=0) / weights.strain**2 + problem.prior.information
    slope[:-1] += found.slopes.sum(axis=0) / weights.strain**2
    slope[:-1] += problem.prior.information @ (problem.prior.mean - np.log(run.parameters))
    covariance = np.linalg.inv(matrix)
    return LoadScale(
        float(np.exp((covariance @ slope)[-1])),
        float(np.hypot(np.sqrt(covariance[-1, -1]), spread)),
        _elastic_scale(load, here.load[given], here.load_rates[:, given]),
    )


def _elastic_scale(measured: np.ndarray, computed: np.ndarray, rates: np.ndarray) -> float:
    """Measured over computed elastic changes of the load from frame to frame, NaN: none."""
    one, other = (np.diff(part, prepend=0.0) for part in (measured, computed))
    change = np.abs(np.diff(rates, prepend=0.0, axis=1)).sum(axis=0)
    elastic = (change < ELASTIC * np.abs(other)) & (np.abs(other) > 0.1 * np.abs(computed).max())
    if not elastic.any():
        return float("nan")
    return float((one * other)[elastic].sum() / np.square(other[elastic]).sum())
