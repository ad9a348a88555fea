"""Refinement: weighted Levenberg-Marquardt in ln k on the forward model, with its sensitivities.

One forward run a step (finite-element model updating). The residual is taken at the measured
points, the model's nodal fields being interpolated there, so that noise enters as it was measured.
The p parameters are ln k1, ln k2, ln k3, and the logarithms of constants of the slip law over what
the model assumes, if any are estimated, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from slipfield.core.errors import NoEquilibrium, SlipfieldError
from slipfield.kinds.slip.inversion.comparison import (
    Comparison,
    Weights,
    compare,
    deviations,
    point_weights,
)
from slipfield.kinds.slip.inversion.stiffening import factor_at
from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.thickness.prior import SheetFactor

CONVERGED = 2e-4
"""Largest change of ln k, by the step without damping, at which the refinement has converged."""

NEAR = 0.1
"""The same in standard deviations, along any sum of parameters: closer tells nothing."""

MESH_SHARE = 1.0
"""Standard deviation of what a mesh does not resolve, as a share of the change by its doubling: the
changes by all further doublings sum up to a third in a method of second order, to all in one of
first order. Behind real correlation programs half of the change was too little."""

FINER_SOLVES = 3
"""Forward runs on a finer mesh: at the coarser one's answer, after one step, after another."""

LONGEST_STEP = 1.0
FIRST_DAMPING, MOST_DAMPING = 1e-3, 1e3
"""Damping after a first step that did not help. None before: where k1 and h0 do nearly the same, a
thousandth of the diagonal is as much as what tells them apart, and halves every step."""


@dataclass(frozen=True)
class Prior:
    """Normal density of the parameters, for what the data do not tell: (p,) and (p,)."""

    mean: np.ndarray
    deviation: np.ndarray

    @property
    def information(self) -> np.ndarray:
        """Inverse covariance (p, p)."""
        return np.diag(self.deviation**-2.0)


@dataclass(frozen=True)
class Iterate:
    """One point of the refinement.

    Attributes
    ----------
    log_parameters : (p,).
    objective : half the weighted sum of squares, prior included, with the weights of that step.
    strain_rms, load_rms : root mean square residuals, 1 and relative (NaN without loads).
    accepted : whether it became the new point.
    """

    log_parameters: np.ndarray
    objective: float
    strain_rms: float
    load_rms: float
    accepted: bool


@dataclass(frozen=True)
class Refined:
    """Result of a refinement.

    Attributes
    ----------
    log_parameters, covariance : (p,) and (p, p).
    data_share : (p,) share of what is known of each that comes from the data, not the prior.
    path : iterates, the start first.
    left : (p,) step without damping that is left at the result.
    run : the forward run at the result.
    weights : the last ones.
    residual : root mean square strain residual with them, NaN without strain.
    grains : covariance (3, 3) of ln k by what is not known of the grains.
    near : length of ``left`` in standard deviations of the data and the prior.
    coarser : the refinement on a mesh half as fine that this one started from, if there was one.
    """

    log_parameters: np.ndarray
    covariance: np.ndarray
    data_share: np.ndarray
    path: list[Iterate]
    left: np.ndarray
    run: Reference
    weights: Weights
    residual: float
    near: float = 0.0
    grains: np.ndarray = field(default_factory=lambda: np.zeros((3, 3)))
    coarser: Refined | None = None

    @property
    def cells(self) -> tuple[int, int]:
        """Elements along x and y of its mesh."""
        rows, columns = (count - 1 for count in self.run.strain.shape[-2:])
        return columns, rows

    @property
    def converged(self) -> bool:
        """Whether hardly a step is left."""
        return bool(np.abs(self.left).max() < CONVERGED or self.near < NEAR)

    @property
    def moved(self) -> np.ndarray:
        """What the doubling of the mesh changed (p,); 0 if it was not doubled."""
        if self.coarser is None:
            return np.zeros(len(self.log_parameters))
        return self.log_parameters - self.coarser.log_parameters

    @property
    def mesh_deviation(self) -> np.ndarray:
        """Standard deviations (p,) that stand for what the mesh does not resolve."""
        return MESH_SHARE * np.abs(self.moved)

    @property
    def whole_covariance(self) -> np.ndarray:
        """Covariance (p, p) of data, grains, step left, and mesh, which shifts all at once."""
        shift = MESH_SHARE * self.moved
        parts = np.outer(shift, shift) + np.outer(self.left, self.left)
        parts[: len(self.grains), : len(self.grains)] += self.grains
        return self.covariance + parts

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviations (p,) of :attr:`whole_covariance`."""
        return np.sqrt(np.diag(self.whole_covariance))


@dataclass(frozen=True)
class Point:
    """A point with its forward run and the comparison there."""

    log_parameters: np.ndarray
    run: Reference
    found: Comparison


@dataclass(frozen=True)
class Problem:
    """What is minimised.

    Attributes
    ----------
    measurement, forward : the data, and the run at k1, k2, k3 and factors on constants (p,).
    load_noise : standard deviation of the load relative to itself.
    prior : keeps undetermined parameters in place.
    factor : of the sheet's thickness on the load; None for a membrane.
    strain_noise : standard deviation of the strain's noise, 1; None: all that the model leaves is
        taken for noise.
    """

    measurement: Measurement
    forward: Callable[[np.ndarray], Reference]
    load_noise: float
    prior: Prior
    factor: SheetFactor | None = None
    strain_noise: float | None = None

    def compare(
        self, log_parameters: np.ndarray, run: Reference, points: np.ndarray | None
    ) -> Comparison:
        """Compare a run at a point, with weights of the measured points."""
        factor = factor_at(self.factor, np.exp(log_parameters), self.load_noise)
        return compare(self.measurement, run, self.load_noise, points, factor)

    def at(self, log_parameters: np.ndarray, points: np.ndarray | None = None) -> Point:
        """Run the model at a point and compare, with weights of the measured points."""
        run = self.measurement.seen(self.forward(np.exp(log_parameters)))
        return Point(log_parameters, run, self.compare(log_parameters, run, points))

    def weigh(self, point: Point) -> tuple[Point, Weights]:
        """Weights that the residuals at a point suggest, and its comparison with them."""
        points = point_weights(point.found)
        found = self.compare(point.log_parameters, point.run, points)
        weighed = Point(point.log_parameters, point.run, found)
        weights = deviations(found, points, self.load_noise, self.strain_noise)
        return weighed, replace(weights, load=weights.load * self._load_ratio(weighed, weights))

    def _load_ratio(self, point: Point, weights: Weights) -> float:
        """How much further the load is off than its noise, 1 or more (Birge, Phys. Rev. 40, 1932).

        After the step that strain, load and prior ask for together. Of n loads the step takes as
        many as it determines by them (MacKay, Neural Comput. 4, 415, 1992).
        """
        if not point.found.load_count:
            return 1.0
        own = len(self.prior.mean)
        found = point.found.to_first(own)
        at = Point(point.log_parameters[:own], point.run, found)
        matrix = self.information(at, weights)
        step = np.linalg.solve(matrix, self.slope(at, weights))
        taken = np.trace(np.linalg.solve(matrix, found.load_normal)) / weights.load**2
        left = found.load_squares + step @ (found.load_normal @ step - 2 * found.load_slope)
        square = float(left) / weights.load**2 / max(found.load_count - taken, 1.0)
        return float(np.sqrt(max(1.0, square)))

    def information(self, point: Point, weights: Weights) -> np.ndarray:
        """Curvature (p, p) of the objective."""
        data = weights.combine(point.found.normals.sum(axis=0), point.found.load_normal)
        return data + self.prior.information

    def slope(self, point: Point, weights: Weights) -> np.ndarray:
        """Descent (p,) of the objective."""
        data = weights.combine(point.found.slopes.sum(axis=0), point.found.load_slope)
        return data + self.prior.information @ (self.prior.mean - point.log_parameters)

    def covariance(self, point: Point, weights: Weights) -> np.ndarray:
        """Covariance (p, p) of the result, nowhere less than the scatter of the blocks allows.

        One standard deviation of the strain stands for the mean scatter of the blocks' scores over
        all directions. Where they scatter more, along one sum of parameters, that counts.
        """
        information = self.information(point, weights)
        found, variance = point.found, weights.strain**2
        strain = found.normals.sum(axis=0) / variance
        change = np.linalg.solve(
            strain + self.prior.information, found.slopes.sum(axis=0) / variance
        )
        scores = (found.slopes - found.normals @ change) / variance
        filled = max(int(np.count_nonzero(found.counts)), 2)
        scatter = weights.common * filled / (filled - 1) * scores.T @ scores
        seen = information - strain + scatter
        root = np.linalg.inv(np.linalg.cholesky(information))
        values, vectors = np.linalg.eigh(root @ seen @ root.T)
        wide = vectors * np.sqrt(np.maximum(values, 1.0))
        half = root.T @ wide
        return half @ half.T

    def step(self, point: Point, weights: Weights, damping: float) -> np.ndarray:
        """Damped Gauss-Newton step (p,), bounded."""
        matrix = self.information(point, weights)
        damped = matrix + damping * np.diag(np.diag(matrix))
        step = np.linalg.solve(damped, self.slope(point, weights))
        return step * min(1.0, LONGEST_STEP / np.abs(step).max())

    def objective(self, point: Point, weights: Weights) -> float:
        """Half the weighted sum of squares, prior included."""
        data = weights.combine(point.found.squares.sum(), point.found.load_squares)
        away = (point.log_parameters - self.prior.mean) / self.prior.deviation
        return 0.5 * float(data + away @ away)

    def iterate(self, point: Point, weights: Weights, accepted: bool) -> Iterate:
        """Record of a point."""
        value = self.objective(point, weights)
        return Iterate(point.log_parameters, value, *point.found.rms, accepted)


def refine(
    problem: Problem,
    start: np.ndarray,
    solves: int,
    report: Callable[[Iterate], None] = lambda iterate: None,
) -> Refined:
    """Refine the parameters (p,) in at most ``solves`` forward runs, the one at the start included.

    Raises
    ------
    SlipfieldError
        If ``solves`` is not positive, or a run fails. A later run without equilibrium only
        shortens the step.
    """
    if solves < 1:
        raise SlipfieldError(f"refine: given {solves}; expected 1 or more forward runs")
    now, weights = problem.weigh(problem.at(np.asarray(start, dtype=float)))
    path = [problem.iterate(now, weights, True)]
    report(path[0])
    damping = 0.0
    while True:
        left = problem.step(now, weights, 0.0)
        near = float(np.sqrt(left @ problem.information(now, weights) @ left))
        there = np.abs(left).max() < CONVERGED or near < NEAR
        if there or damping > MOST_DAMPING or solves == 1:
            break
        solves -= 1
        step = problem.step(now, weights, damping)
        try:
            trial = problem.at(now.log_parameters + step, weights.points)
        except NoEquilibrium:
            damping = max(damping, FIRST_DAMPING) * 100
            continue
        better = problem.objective(trial, weights) < problem.objective(now, weights)
        path.append(problem.iterate(trial, weights, better))
        report(path[-1])
        if better:
            now, weights = problem.weigh(trial)
        damping = _damping(damping, better)
    share = 1 - np.diag(
        np.linalg.solve(problem.information(now, weights), problem.prior.information)
    )
    return Refined(
        now.log_parameters,
        problem.covariance(now, weights),
        share,
        path,
        left,
        now.run,
        weights,
        now.found.weighted_rms,
        near,
    )


def _damping(before: float, better: bool) -> float:
    """Damping of the next step: less after one that helped, none if it was little."""
    if not better:
        return max(10 * before, FIRST_DAMPING)
    return before / 10 if before > FIRST_DAMPING else 0.0


def refine_further(
    coarser: Refined, problem: Problem, report: Callable[[Iterate], None] = lambda iterate: None
) -> Refined:
    """Go on with a refinement on a mesh twice as fine, that of ``problem``."""
    found = refine(problem, coarser.log_parameters, FINER_SOLVES, report)
    return replace(found, coarser=coarser)
