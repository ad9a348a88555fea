"""Boxes of parameters whose exact ranges keep the targets.

A box holds if every point of it keeps every target: infinitely many conditions, of which a few are
active. The conditions are kept at relative positions in the box, from 0 at its lower to 1 at its
upper end; the exact range of a found box adds the positions that it violates (the exchange method
for semi-infinite programs; Hettich and Kortanek 1993, doi:10.1137/1035089).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import least_squares, minimize
from scipy.stats import qmc

from slipfield.core.errors import SlipfieldError
from slipfield.core.sobol import sobol_points
from slipfield.kinds.composite.parameters import free_parameters
from slipfield.kinds.composite.ranges import ExactRange, Model, exact_range
from slipfield.kinds.composite.targets import Target

CANDIDATES = 512
"""Points among which starting boxes are looked for."""

HALF_START = 0.02
"""Half of a starting box's width over that of the bounds, where the targets are wide enough."""

EXCHANGES = 12
"""Rounds of adding violated positions before a search is given up."""

ON_BOUND = 1e-9
"""Distance from a bound, over the width of the bounds, below which an end is the bound itself."""

TOLERANCE = 1e-9
"""Violation of a target, over its width, that counts as none."""


@dataclass
class Design:
    """A box of parameters and what was found about it.

    Attributes
    ----------
    box : (2, 5) lower and upper ends.
    value : what was maximised, or the distance that was minimised, in target widths.
    ranges : exact range of each targeted constant.
    """

    box: np.ndarray
    value: float
    ranges: list[ExactRange] = field(default_factory=list)


Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]
"""Value and gradient of what is minimised, of the variables of a problem."""


class BoxProblem:
    """Search for a box in ``bounds`` that keeps targets.

    Variables are the ends of the box relative to ``bounds`` (10 numbers in [0, 1]) and more of the
    search's own: the width that all parameters must have, or the distance from the targets. A
    parameter whose bounds are one number has the ends 0 and 1 throughout.

    Parameters
    ----------
    model : gives constants and gradients.  bounds : (2, 5) of the parameters.
    targets : at least one.  shifts : (targets, 2) added to the lower and upper bounds of the
        targets, to make up for what a surrogate is known to lack.
    """

    def __init__(
        self,
        model: Model,
        bounds: np.ndarray,
        targets: Sequence[Target],
        shifts: np.ndarray | None = None,
    ):
        if not targets:
            raise SlipfieldError("target: none given; name a constant and its bounds")
        self.model, self.bounds, self.targets = model, np.asarray(bounds, float), list(targets)
        self.span = self.bounds[1] - self.bounds[0]
        self.free = free_parameters(self.bounds)
        shifts = np.zeros((len(targets), 2)) if shifts is None else shifts
        self.limits = np.array([[t.low, t.high] for t in targets]) + shifts
        # active positions: (target, side 0 low / 1 high, relative position (5,))
        self.active: list[tuple[int, int, np.ndarray]] = []
        middle = self.bounds.mean(axis=0)
        for k, target in enumerate(self.targets):
            slope = model.constants(middle[None])[1][0, target.number]
            self.active += [(k, 0, (slope < 0) * 1.0), (k, 1, (slope > 0) * 1.0)]

    def to_box(self, variables: np.ndarray) -> np.ndarray:
        """Box (2, 5) of the first ten variables."""
        return np.asarray(self.to_boxes(variables[None, :10])[0])

    def to_boxes(self, ends: np.ndarray) -> np.ndarray:
        """Boxes (n, 2, 5) of relative ends (n, 10); an end on a bound is the bound itself."""
        ends = np.clip(ends.reshape(-1, 2, 5), 0, 1)
        ends[:, 1] = ends.max(axis=1)
        inside = self.bounds[0] + ends * self.span
        return np.where(
            ends < ON_BOUND, self.bounds[0], np.where(ends > 1 - ON_BOUND, self.bounds[1], inside)
        )

    def relative(self, box: np.ndarray) -> np.ndarray:
        """The ten variables of a box (2, 5)."""
        ends = (box - self.bounds[0]) / np.where(self.free, self.span, 1.0)
        ends[1, ~self.free] = 1.0
        return np.clip(ends, 0, 1).ravel()

    def limits_of_ends(self) -> list[tuple[float, float]]:
        """Bounds of the ten variables."""
        lower = [(0.0, float(free)) for free in self.free]
        return lower + [(float(not free), 1.0) for free in self.free]

    def margins(self, variables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far active positions are inside, over the target's width, and the slopes (n, 10)."""
        box = self.to_box(variables)
        at = np.array([box[0] + where * (box[1] - box[0]) for _, _, where in self.active])
        values, gradients = self.model.constants(at)
        margin, slope = np.empty(len(at)), np.empty((len(at), 10))
        for i, (k, side, where) in enumerate(self.active):
            target, sign = self.targets[k], 1 - 2 * side
            margin[i] = sign * (values[i, target.number] - self.limits[k, side]) / target.width
            change = sign * gradients[i, target.number] * self.span / target.width
            slope[i] = np.concatenate([(1 - where) * change, where * change])
        return margin, slope

    def starts(self, count: int, seed: int) -> list[np.ndarray]:
        """Small boxes around points whose constants keep the targets, or come near."""
        relative = sobol_points(qmc.Sobol(5, seed=seed), CANDIDATES)
        values = self.model.values(self.bounds[0] + relative * self.span)
        off = np.zeros(len(relative))
        for target, (low, high) in zip(self.targets, self.limits, strict=True):
            off += ((values[:, target.number] - (low + high) / 2) / target.width) ** 2
        near = relative[np.argsort(off)[: 4 * count]]
        chosen = near[np.random.default_rng(seed).permutation(len(near))[:count]]
        return [self._small_box(self._towards_targets(point)) for point in chosen]

    def _off(self, relative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Constants off the middle of the targets, over their widths, and slopes (targets, 5)."""
        values, gradients = self.model.constants((self.bounds[0] + relative * self.span)[None])
        numbers = [target.number for target in self.targets]
        width = np.array([target.width for target in self.targets])
        off = (values[0, numbers] - self.limits.mean(axis=1)) / width
        return off, gradients[0, numbers] * self.span / width[:, None]

    def _towards_targets(self, relative: np.ndarray) -> np.ndarray:
        """A point that misses a target, moved until it keeps all or none can be kept better."""
        if (np.abs(self._off(relative)[0]) < 0.5).all():
            return relative
        free = np.flatnonzero(self.free)

        def placed(part: np.ndarray) -> np.ndarray:
            at = relative.copy()
            at[free] = part
            return at

        found = least_squares(
            lambda part: self._off(placed(part))[0],
            np.clip(relative[free], 1e-6, 1 - 1e-6),
            jac=lambda part: self._off(placed(part))[1][:, free],
            bounds=(0, 1),
            max_nfev=30,
        )
        return placed(found.x)

    def shrunk(self, box: np.ndarray) -> np.ndarray:
        """A box (2, 5) of the shape of another one and near its middle that keeps the targets."""
        ends = self.relative(box).reshape(2, 5)
        middle = self._towards_targets(ends.mean(axis=0))
        half = (ends[1] - ends[0]) / 2
        change = float((np.abs(self._off(middle)[1]) @ np.where(self.free, half, 0.0)).max())
        half = half * min(1.0, 0.5 / max(change, 1e-300))
        return self.to_box(self._ends(middle - half, middle + half))

    def _small_box(self, relative: np.ndarray) -> np.ndarray:
        """Ten variables of a box around a point, as wide as its slopes let the targets be kept."""
        steepest = float(np.abs(self._off(relative)[1]).sum(axis=1).max())
        half = min(HALF_START, 0.5 / max(steepest, 1e-300))
        return self._ends(relative - half, relative + half)

    def _ends(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Ten variables of ends (5,), inside the bounds."""
        lower, upper = np.clip([lower, upper], 0, 1)
        return np.concatenate([np.where(self.free, lower, 0.0), np.where(self.free, upper, 1.0)])

    def ranges(self, variables: np.ndarray) -> list[ExactRange]:
        """Exact ranges of the targeted constants."""
        box = self.to_box(variables)
        return [exact_range(self.model, box, target.name) for target in self.targets]

    def add_violated(self, variables: np.ndarray, allowed: float | np.ndarray = 0.0) -> bool:
        """Add positions where a target is missed by more than ``allowed`` target widths.

        A position that the search holds already is not added again.

        Parameters
        ----------
        allowed : one number, or (targets, 2) for the lower and upper ends.
        """
        allowed = np.broadcast_to(allowed, self.limits.shape)
        box, added = self.to_box(variables), False
        width = np.maximum(box[1] - box[0], 1e-300)
        for k, (target, found) in enumerate(zip(self.targets, self.ranges(variables), strict=True)):
            for side, value, at in ((0, found.low, found.at_low), (1, found.high, found.at_high)):
                miss = (1 - 2 * side) * (self.limits[k, side] - value) / target.width
                where = np.clip((at - box[0]) / width, 0, 1)
                known = any(
                    (k, side) == (j, s) and np.allclose(where, w, atol=1e-6)
                    for j, s, w in self.active
                )
                if miss > allowed[k, side] + TOLERANCE and not known:
                    self.active.append((k, side, where))
                    added = True
        return added


def solve(
    problem: BoxProblem,
    start: np.ndarray,
    objective: Objective,
    constraints: Sequence[Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]],
    upper: Sequence[float] = (),
) -> np.ndarray | None:
    """Minimise by sequential quadratic programming; None where it does not converge.

    Parameters
    ----------
    constraints : values (n,) that must not be negative, with slopes (n, variables).
    upper : upper bounds of the variables beyond the ten of the box; their lower bound is 0.
    """
    ordered = np.hstack([-np.eye(5), np.eye(5), np.zeros((5, len(start) - 10))])
    last: dict[str, object] = {}

    def every(variables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        key = variables.tobytes()
        if last.get("key") != key:
            parts = [constraint(variables) for constraint in constraints]
            parts.append((ordered @ variables, ordered))
            last["found"] = tuple(np.concatenate([p[i] for p in parts]) for i in range(2))
            last["key"] = key
        return last["found"]  # type: ignore[return-value]

    found = minimize(
        objective,
        start,
        jac=True,
        method="SLSQP",
        bounds=problem.limits_of_ends() + [(0, bound) for bound in upper],
        constraints={
            "type": "ineq",
            "fun": lambda v: every(v)[0],
            "jac": lambda v: every(v)[1],
        },
        options={"maxiter": 200, "ftol": 1e-12},
    )
    kept = every(found.x)[0].min() > -1e-7
    return np.clip(found.x, 0, None) if kept and found.status in (0, 8) else None
