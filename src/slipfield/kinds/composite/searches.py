"""The widest box, the largest one, the box of given tolerances, and the front between two aims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.composite.design import EXCHANGES, BoxProblem, Design, solve
from slipfield.kinds.composite.ranges import exact_range

SMALLEST_WIDTH = 1e-4
"""Width, relative to the bounds, that a box of largest volume keeps in every parameter."""

FRONT_POINTS = 13
BETWEEN = 100
"""Points of a front that are searched for, and boxes evaluated between two neighbours."""


@dataclass(frozen=True)
class Widths:
    """Widths that a box shall have times a common factor: constant + share * (low + high).

    Attributes
    ----------
    constant : (5,) in the units of the parameters.  share : (5,), half a relative width.
    """

    constant: np.ndarray
    share: np.ndarray

    @classmethod
    def of_bounds(cls, bounds: np.ndarray) -> Widths:
        """Widths of the bounds: the factor is the smallest normalised width."""
        return cls(bounds[1] - bounds[0], np.zeros(5))

    def excess(self, problem: BoxProblem, variables: np.ndarray, factor: float) -> np.ndarray:
        """Widths (5,) of the box beyond ``factor`` times these, relative to the bounds."""
        box = problem.to_box(variables)
        wanted = self.constant + self.share * box.sum(axis=0)
        return (box[1] - box[0] - factor * wanted) / problem.span

    def slopes(self, problem: BoxProblem, variables: np.ndarray, factor: float) -> np.ndarray:
        """Derivatives (5, 11) of :meth:`excess` in the ends of the box and in the factor."""
        unit = np.eye(5)
        low = -unit - factor * np.diag(self.share)
        high = unit - factor * np.diag(self.share)
        box = problem.to_box(variables)
        wanted = self.constant + self.share * box.sum(axis=0)
        return np.hstack([low, high, -(wanted / problem.span)[:, None]])


def _padded(slope: np.ndarray, size: int) -> np.ndarray:
    return np.pad(slope, ((0, 0), (0, size - slope.shape[1])))


def _exchange(
    problem: BoxProblem,
    start: np.ndarray,
    step: Callable[[np.ndarray], np.ndarray | None],
    allowed: Callable[[np.ndarray], float],
) -> np.ndarray | None:
    """Repeat ``step`` from ``start`` until no position of the box violates a target."""
    variables: np.ndarray | None = start
    for _ in range(EXCHANGES):
        variables = step(variables)
        if variables is None or not problem.add_violated(variables, allowed(variables)):
            return variables
    return None


def widest(
    problem: BoxProblem,
    widths: Widths | None = None,
    starts: int = 6,
    seed: int = 0,
    first: Design | None = None,
) -> tuple[Design, np.ndarray]:
    """Box with the largest common factor on its widths that keeps the targets.

    Parameters
    ----------
    widths : default those of the bounds.  first : a box to start from instead of ``starts`` ones.

    Returns
    -------
    The best box, its value the factor, and the factors (n,) that the starts led to.

    Raises
    ------
    SlipfieldError
        If no start leads to a box that keeps the targets.
    """
    widths = widths or Widths.of_bounds(problem.bounds)

    def objective(variables: np.ndarray) -> tuple[float, np.ndarray]:
        return -variables[10], np.append(np.zeros(10), -1.0)

    def wide(variables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        factor = variables[10]
        return widths.excess(problem, variables, factor), widths.slopes(problem, variables, factor)

    def inside(variables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        margin, slope = problem.margins(variables)
        return margin, _padded(slope, 11)

    def step(variables: np.ndarray) -> np.ndarray | None:
        return solve(problem, variables, objective, (wide, inside), upper=(1e3,))

    begin = _beginnings(problem, starts, seed, first, [0.0])
    found = [v for s in begin if (v := _exchange(problem, s, step, _none)) is not None]
    return _best(problem, found, [float(v[10]) for v in found])


def largest(
    problem: BoxProblem, starts: int = 6, seed: int = 0, first: Design | None = None
) -> tuple[Design, np.ndarray]:
    """Box of largest volume, relative to the bounds, that keeps the targets.

    Returns
    -------
    The best box, its value the volume, and the volumes (n,) that the starts led to.
    """

    def width(variables: np.ndarray) -> np.ndarray:
        return np.maximum(variables[5:10] - variables[:5], SMALLEST_WIDTH / 2)

    def objective(variables: np.ndarray) -> tuple[float, np.ndarray]:
        share = 1 / width(variables)
        return -float(np.log(width(variables)).sum()), np.concatenate([share, -share])

    slope = np.hstack([-np.eye(5), np.eye(5)])

    def wide(variables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return slope @ variables - SMALLEST_WIDTH, slope

    def step(variables: np.ndarray) -> np.ndarray | None:
        return solve(problem, variables, objective, (wide, problem.margins))

    begin = _beginnings(problem, starts, seed, first, [])
    found = [v for s in begin if (v := _exchange(problem, s, step, _none)) is not None]
    return _best(problem, found, [float(np.prod(width(v))) for v in found])


def _none(_: np.ndarray) -> float:
    """No violation of a target is allowed."""
    return 0.0


def _beginnings(
    problem: BoxProblem, starts: int, seed: int, first: Design | None, more: list[float]
) -> list[np.ndarray]:
    if first is None:
        return [np.append(start, more) for start in problem.starts(starts, seed)]
    relative = (first.box - problem.bounds[0]) / problem.span
    value = [first.value] if more else []
    return [np.append(np.clip(relative, 0, 1).ravel(), value)]


def _best(
    problem: BoxProblem, found: list[np.ndarray], values: list[float]
) -> tuple[Design, np.ndarray]:
    if not found:
        names = ", ".join(f"{t.name} in [{t.low:g}, {t.high:g}]" for t in problem.targets)
        whole = (exact_range(problem.model, problem.bounds, t.name) for t in problem.targets)
        spans = ", ".join(f"{r.name} takes {r.low:.4g} to {r.high:.4g}" for r in whole)
        raise SlipfieldError(
            f"target: no box within the bounds keeps {names}; there {spans}; change one of them"
        )
    best = found[int(np.argmax(values))]
    return Design(problem.to_box(best), max(values), problem.ranges(best)), np.array(values)


@dataclass
class Front:
    """Pareto front of two aims: a small distance from the targets and a large width.

    Attributes
    ----------
    distance : (n,) root of the squared misses of all target ends.
    width : (n,) smallest normalised width.  boxes : (n, 2, 5).
    """

    distance: np.ndarray
    width: np.ndarray
    boxes: np.ndarray

    def hypervolume(self, distance: float, width: float) -> float:
        """Raw area dominated in [0, distance] x [0, width], by the points as they are."""
        order = np.argsort(-self.width)
        area, reached = 0.0, distance
        height = np.minimum(self.width[order], width)
        for f1, f2, lower in zip(self.distance[order], height, [*height[1:], 0.0], strict=True):
            reached = min(reached, f1)
            area += (distance - reached) * (f2 - lower)
        return area

    def weighted(self, on_distance: float, on_width: float) -> tuple[float, int]:
        """Smallest weighted sum of distance and negative width, and the point's number."""
        values = on_distance * self.distance - on_width * self.width
        return float(values.min()), int(values.argmin())


def nearest(problem: BoxProblem, factor: float, first: np.ndarray) -> np.ndarray | None:
    """Variables of the box of normalised widths of at least ``factor`` nearest to the targets.

    The first ten are the box, the others the misses of the target ends in their units.
    """
    count = len(problem.targets)
    unit = Widths.of_bounds(problem.bounds)
    size = 10 + 2 * count
    scale = np.array([t.width for t in problem.targets])

    def objective(variables: np.ndarray) -> tuple[float, np.ndarray]:
        miss = variables[10:]
        return float(miss @ miss), np.append(np.zeros(10), 2 * miss)

    def wide(variables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slope = unit.slopes(problem, variables, factor)[:, :10]
        return unit.excess(problem, variables, factor), _padded(slope, size)

    def inside(variables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        margin, slope = problem.margins(variables)
        slope = _padded(slope, size)
        for i, (k, side, _) in enumerate(problem.active):
            margin[i] += variables[10 + 2 * k + side] / scale[k]
            slope[i, 10 + 2 * k + side] = 1 / scale[k]
        return margin, slope

    def step(variables: np.ndarray) -> np.ndarray | None:
        return solve(problem, variables, objective, (wide, inside), upper=(1e6,) * 2 * count)

    def allowed(variables: np.ndarray) -> float:
        return float((variables[10:].reshape(-1, 2) / scale[:, None]).max()) + 1e-7

    return _exchange(problem, first, step, allowed)


def front(
    problem: BoxProblem,
    widest_width: float,
    start: Design,
    points: int = FRONT_POINTS,
    between: int = BETWEEN,
) -> Front:
    """Pareto front by continuation from the widest box that keeps the targets.

    Between two neighbours the boxes are interpolated and evaluated: they are attainable points, a
    little behind the front.

    Parameters
    ----------
    widest_width : where the front ends.  start : what :func:`widest` found.
    """
    misses = np.zeros(2 * len(problem.targets))
    box = np.clip((start.box - problem.bounds[0]) / problem.span, 0, 1).ravel()
    variables = np.append(box, misses)
    widths, found = [start.value], [variables]
    for width in np.linspace(start.value, max(widest_width, start.value), points)[1:]:
        grown = variables.copy()
        missing = np.maximum(width - (grown[5:10] - grown[:5]), 0)
        grown[:5] = np.clip(grown[:5] - missing / 2, 0, 1 - width)
        grown[5:10] = np.maximum(grown[5:10], grown[:5] + width)
        nearer = nearest(problem, width, grown)
        if nearer is None:
            break
        variables = nearer
        widths.append(float(width))
        found.append(nearer)
    share = np.linspace(0, 1, between + 2)[:, None]
    line = [
        (1 - share[:-1]) * a[:10] + share[:-1] * b[:10]
        for a, b in zip(found[:-1], found[1:], strict=True)
    ]
    ends = np.concatenate([*line, found[-1][None, :10]])
    return _evaluated(problem, ends)


def _evaluated(problem: BoxProblem, ends: np.ndarray) -> Front:
    """Distances and widths of boxes (n, 10) at the positions that the search found active."""
    boxes = problem.bounds[0] + ends.reshape(-1, 2, 5) * problem.span
    shape = (len(problem.targets), 2)
    miss = np.zeros((len(boxes), *shape))
    for k, side, where in problem.active:
        at = boxes[:, 0] + where * (boxes[:, 1] - boxes[:, 0])
        value = problem.model.constants(at)[0][:, problem.targets[k].number]
        beyond = (1 - 2 * side) * (problem.limits[k, side] - value)
        miss[:, k, side] = np.maximum(miss[:, k, side], beyond)
    width = ((boxes[:, 1] - boxes[:, 0]) / problem.span).min(axis=1)
    return Front(np.sqrt((miss**2).sum(axis=(1, 2))), width, boxes)
