"""Measured against computed: residuals at the measured points and what they say about ln k.

The parameters are those that the run has derivatives to: ln k1, ln k2, ln k3, and the logarithms of
constants of the slip law, if any are estimated beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from slipfield.kinds.slip.inversion.stiffening import LoadFactor
from slipfield.kinds.slip.measure.noise import LOAD_FLOOR, STRAIN_FLOOR
from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study import PARAMETERS

Term = TypeVar("Term", float, np.ndarray)

SMALL_LOAD = 0.05
"""Loads below this share of the largest are compared relative to this share of it."""

STEADY = 3.0
"""Changes of the elongation below this multiple of its noise tell no slope of the load: it is held,
and the noise moves it along the steepest slope of the course, which is the elastic one."""

COMMON = 7.0
"""Variance by an error of the model, over what the scatter of the blocks says of it. Of four unseen
specimens of finer meshes, two of them behind a correlation program, too, Mahalanobis' square of the
error at the truth, over its five freedoms, is 0.4 to 15 on the finer mesh of a refinement and 1.4
to 14 on the coarser one, 7.0 in the mean of the twelve."""

ROBUSTNESS = 2.5
"""Root mean square residual of a point, in multiples of the median one, at which it counts half."""


@dataclass(frozen=True)
class Comparison:
    """Residuals r of a run and their derivatives J to p parameters; strain by blocks of the sheet.

    Attributes
    ----------
    point_squares : (n,) mean squared strain residual of each measured point, NaN: never known.
    squares, counts : (blocks,) weighted sums of squared strain residuals, and of ones.
    normals, slopes : (blocks, p, p) and (blocks, p), weighted J'J and J'r of the strain.
    load_squares, load_count : of the residuals of the load, relative to the measured load.
    load_normal, load_slope : (p, p) and (p,) of the relative load.
    """

    point_squares: np.ndarray
    squares: np.ndarray
    counts: np.ndarray
    normals: np.ndarray
    slopes: np.ndarray
    load_squares: float
    load_count: int
    load_normal: np.ndarray
    load_slope: np.ndarray

    @property
    def rms(self) -> tuple[float, float]:
        """Root mean square residuals of strain and relative load; NaN where not measured."""
        known = self.point_squares[np.isfinite(self.point_squares)]
        strain = float(np.sqrt(known.mean())) if known.size else float("nan")
        load = self.load_squares / self.load_count if self.load_count else float("nan")
        return strain, float(np.sqrt(load))

    def to_first(self, count: int) -> Comparison:
        """The comparison with derivatives to the first ``count`` parameters alone."""
        return replace(
            self,
            normals=self.normals[:, :count, :count],
            slopes=self.slopes[:, :count],
            load_normal=self.load_normal[:count, :count],
            load_slope=self.load_slope[:count],
        )

    @property
    def weighted_rms(self) -> float:
        """Root mean square of the strain residuals with the points' weights; NaN without strain."""
        total = self.counts.sum()
        return float(np.sqrt(self.squares.sum() / total)) if total else float("nan")


@dataclass(frozen=True)
class Weights:
    """How much strain and load count.

    Attributes
    ----------
    strain, load : standard deviations that stand for the residuals of strain and relative load.
    points : (n,) weight of each measured point, at most 1.
    common : the strain's variance over the one that the scatter of the blocks asks for, 1 or more.

    Grain maps and meshes are wrong at some boundaries, and there the residual is many times what it
    is elsewhere: such points count less (Cauchy's weights). Neighbouring residuals are alike, from
    filters of the measurement and from errors of the model, and stay alike over the frames. So the
    strain's standard deviation is raised until the information of a block equals the scatter of the
    blocks' scores J'r (a cluster-robust estimate; Liang & Zeger, Biometrika 73, 1986).

    That takes the blocks for independent, as those of noise are. A mesh that does not resolve grain
    boundaries, or a gauge that is another one, is wrong in all blocks alike, and no scatter shows
    it. So the variance beyond that of the noise counts :data:`COMMON` times: an effect that all
    blocks share beside their own (Searle, Casella & McCulloch, Variance Components, 1992). It
    counts before the data meet the priors, since what is known of h0 must outweigh a strain that
    the model does not explain.
    """

    strain: float
    load: float
    points: np.ndarray
    common: float = 1.0

    def combine(self, strain: Term, load: Term) -> Term:
        """Weighted sum of a term of the strain and one of the load."""
        return strain / self.strain**2 + load / self.load**2


def point_weights(found: Comparison) -> np.ndarray:
    """Weights (n,) of the measured points by their residuals; 0 for points never known."""
    squares = found.point_squares
    known = np.isfinite(squares)
    if not known.any():
        return np.zeros(len(squares))
    scale = ROBUSTNESS**2 * max(float(np.median(squares[known])), STRAIN_FLOOR**2)
    return np.where(known, 1 / (1 + np.where(known, squares, 0) / scale), 0.0)


def deviations(
    found: Comparison, points: np.ndarray, load_noise: float, strain_noise: float | None = None
) -> Weights:
    """Judge the strain by what a linear correction of k leaves, the load by its known noise.

    Parameters
    ----------
    found : comparison with the weights ``points``.
    strain_noise : standard deviation of the noise of the strain; what scatters more is taken for
        an error of the model. None: it is not asked for.
    """
    load = max(load_noise, LOAD_FLOOR)
    total = found.counts.sum()
    if not total:
        return Weights(STRAIN_FLOOR, load, points)
    of_k = found.to_first(len(PARAMETERS))
    normals, slopes = of_k.normals, of_k.slopes
    normal, slope = normals.sum(axis=0), slopes.sum(axis=0)
    change = np.linalg.solve(normal, slope)
    variance = max((found.squares.sum() - change @ slope) / total, STRAIN_FLOOR**2)
    scores = slopes - normals @ change
    scatter = np.trace(np.linalg.solve(normal, scores.T @ scores)) / len(change)
    filled = int(np.count_nonzero(found.counts))
    variance = float(max(variance, filled / max(filled - 1, 1) * scatter))
    known = variance if strain_noise is None else min(variance, strain_noise**2)
    whole = known + COMMON * (variance - known)
    return Weights(float(np.sqrt(whole)), load, points, whole / variance)


def compare(
    measurement: Measurement,
    run: Reference,
    load_noise: float,
    points: np.ndarray | None = None,
    factor: LoadFactor | None = None,
) -> Comparison:
    """Compare a measurement with a run; what is not known is left out.

    Parameters
    ----------
    load_noise : standard deviation of the load relative to itself.
    points : (n,) weights of the measured points, by default 1.
    factor : what the sheet's thickness makes of the load; None for a membrane.
    """
    run = run.at(measurement.time)
    blocks, count = measurement.block_count, measurement.points.shape[2]
    weight = np.ones(count) if points is None else points
    size = len(run.strain_rates)
    sums, counts = np.zeros((blocks, size + 1, size + 1)), np.zeros(blocks)
    squares, frames = np.zeros(count), np.zeros(count)
    for frame in range(len(measurement.time)):
        known = np.isfinite(measurement.points[frame, 0])
        if not known.any():
            continue
        fields = np.concatenate([run.strain_rates[:, frame], run.strain[None, frame]])
        there = measurement.sampling[known] @ fields.reshape(3 * (size + 1), -1).T.astype(float)
        there = there.reshape(-1, size + 1, 3)
        there[:, -1] = measurement.points[frame][:, known].T - there[:, -1]
        block, own = measurement.block[known], weight[known]
        sums += _by_block(there, own, block, blocks)
        counts += 3 * np.bincount(block, own, blocks)
        squares[known] += np.square(there[:, -1]).sum(axis=1)
        frames[known] += 3
    return Comparison(
        np.where(frames > 0, squares / np.maximum(frames, 1), np.nan),
        sums[:, -1, -1],
        counts,
        sums[:, :-1, :-1],
        sums[:, :-1, -1],
        *_load_part(measurement, run, load_noise, factor),
    )


def _by_block(values: np.ndarray, own: np.ndarray, block: np.ndarray, blocks: int) -> np.ndarray:
    """Weighted products (blocks, q, q) of the q columns of ``values`` (n, q, 3), block by block."""
    order = np.argsort(block, kind="stable")
    ends = np.searchsorted(block[order], np.arange(blocks + 1))
    columns = np.ascontiguousarray(values[order].transpose(2, 1, 0))
    weighted = columns * own[order]
    found = np.zeros((blocks, values.shape[1], values.shape[1]))
    for number, (low, high) in enumerate(zip(ends[:-1], ends[1:], strict=True)):
        parts = columns[:, :, low:high]
        found[number] = (weighted[:, :, low:high] @ parts.transpose(0, 2, 1)).sum(axis=0)
    return found


def load_divisor(measurement: Measurement, run: Reference, load_noise: float) -> np.ndarray:
    """Loads (time,) N that residuals are divided by, NaN: unknown; ``load_noise`` of it is noise.

    The load itself, or a share of the largest where that is more. The run follows the measured
    elongation, and where its course is steep the load follows a difference of two of these, now
    and when the sheet last yielded: on unloading a thousandth of the elongation is a tenth of the
    load.
    """
    load = np.abs(measurement.load)
    scale = np.maximum(load, SMALL_LOAD * np.nanmax(load))
    if not measurement.elongation_noise:
        return scale
    course = np.diff(run.load, prepend=0.0), np.diff(run.displacement, prepend=0.0)
    moving = np.abs(course[1]) > STEADY * measurement.elongation_noise
    slope = np.abs(course[0]) / np.where(moving, np.abs(course[1]), np.inf)
    slope[~moving] = slope.max()
    slope[:-1] = 0.5 * (slope[:-1] + slope[1:])
    noise = np.sqrt(2) * slope * measurement.elongation_noise
    return np.hypot(scale, noise / max(load_noise, LOAD_FLOOR))


def _load_part(
    measurement: Measurement, run: Reference, load_noise: float, factor: LoadFactor | None
) -> tuple[float, int, np.ndarray, np.ndarray]:
    """Squares, number, J'J and J'r of the relative load."""
    given = np.isfinite(measurement.load)
    if not given.any():
        size = len(run.load_rates)
        return 0.0, 0, np.zeros((size, size)), np.zeros(size)
    load, scale = measurement.load[given], load_divisor(measurement, run, load_noise)[given]
    model, rates = run.load[given], run.load_rates[:, given]
    if factor is None:
        misfit, rates = (load - model) / scale, rates / scale
    else:
        moved = factor.moved(model, rates) / scale
        model, rates = factor.expected(model, rates)
        misfit, rates = (factor.whiten(values / scale, moved) for values in (load - model, rates))
    return float(misfit @ misfit), int(given.sum()), rates @ rates.T, rates @ misfit
