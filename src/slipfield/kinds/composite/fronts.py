"""The Pareto front between two aims: ranges near the targets, and wide boxes.

How far a range is from its target counts in widths of that target, so that misses in GPa and of
Poisson's ratios add up: who asks for a narrow range of one constant minds a small miss of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slipfield.kinds.composite.design import BoxProblem, Design, solve
from slipfield.kinds.composite.parameters import relative_widths
from slipfield.kinds.composite.searches import exchange, padded
from slipfield.kinds.composite.targets import Target, Widths

FRONT_POINTS = 13
BETWEEN = 100
"""Points of a front that are searched for, and boxes evaluated between two neighbours."""


def hypervolume(f1: np.ndarray, f2: np.ndarray, distance: float, width: float) -> float:
    """Raw area in [0, distance] x [0, width] dominated by points of small f1 and large f2."""
    order = np.argsort(-f2)
    height = np.minimum(f2[order], width)
    area, reached = 0.0, distance
    for nearest_so_far, upper, lower in zip(f1[order], height, [*height[1:], 0.0], strict=True):
        reached = min(reached, nearest_so_far)
        area += (distance - reached) * (upper - lower)
    return area


def weighted_sum(
    distance: np.ndarray, width: np.ndarray, on_distance: float, on_width: float
) -> float:
    """Smallest weighted sum of distances (n,) and negative widths (n,)."""
    return float((on_distance * distance - on_width * width).min())


@dataclass
class Front:
    """Pareto front of two aims: a small distance from the targets and a large width.

    Attributes
    ----------
    misses : (n, targets) root of the squared misses of both ends, in the unit of each target.
    distance : (n,) the same of all targets, each over its width.
    width : (n,) smallest normalised width.  boxes : (n, 2, 5).
    searched : (n,) whether a box was searched for, not interpolated between neighbours.
    """

    misses: np.ndarray
    distance: np.ndarray
    width: np.ndarray
    boxes: np.ndarray
    searched: np.ndarray


def in_target_widths(misses: np.ndarray, targets: Sequence[Target]) -> np.ndarray:
    """Distance (...) from targets: misses (..., targets), each over its target's width, summed."""
    return np.asarray(np.linalg.norm(misses / np.array([t.width for t in targets]), axis=-1))


def nearest(problem: BoxProblem, factor: float, first: np.ndarray) -> np.ndarray | None:
    """Variables of the box of normalised widths of at least ``factor`` nearest to the targets.

    The first ten are the box, the others the misses of the target ends over the target's width.
    """
    count = len(problem.targets)
    unit = Widths.of_bounds(problem.bounds)
    size = 10 + 2 * count

    def objective(variables: np.ndarray) -> tuple[float, np.ndarray]:
        miss = variables[10:]
        return float(miss @ miss), np.append(np.zeros(10), 2 * miss)

    def wide(variables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slope = unit.slopes(problem, variables, factor)[:, :10]
        return unit.excess(problem, variables, factor), padded(slope, size)

    def inside(variables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        margin, slope = problem.margins(variables)
        slope = padded(slope, size)
        for i, (k, side, _) in enumerate(problem.active):
            margin[i] += variables[10 + 2 * k + side]
            slope[i, 10 + 2 * k + side] = 1.0
        return margin, slope

    def step(variables: np.ndarray) -> np.ndarray | None:
        return solve(problem, variables, objective, (wide, inside), upper=(1e6,) * 2 * count)

    def allowed(variables: np.ndarray) -> np.ndarray:
        return variables[10:].reshape(-1, 2) + 1e-7

    return exchange(problem, first, step, allowed)


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
    widest_width : where the front ends; where ``start`` is wider, it ends at twice that width.
    start : what :func:`widest` found.
    """
    misses = np.zeros(2 * len(problem.targets))
    variables = np.append(problem.relative(start.box), misses)
    widths, found = [start.value], [variables]
    last = widest_width if widest_width > start.value else min(1.0, 2 * start.value)
    for width in np.linspace(start.value, last, points)[1:] if last > start.value else ():
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
    searched = np.arange(len(ends)) % (between + 1) == 0
    return _evaluated(problem, ends, searched)


def _evaluated(problem: BoxProblem, ends: np.ndarray, searched: np.ndarray) -> Front:
    """Distances and widths of boxes (n, 10) at the positions that the search found active."""
    boxes = problem.to_boxes(ends)
    miss = np.zeros((len(boxes), len(problem.targets), 2))
    for k, side, where in problem.active:
        at = boxes[:, 0] + where * (boxes[:, 1] - boxes[:, 0])
        value = problem.model.values(at)[:, problem.targets[k].number]
        beyond = (1 - 2 * side) * (problem.limits[k, side] - value)
        miss[:, k, side] = np.maximum(miss[:, k, side], beyond)
    width = relative_widths(boxes, problem.bounds).min(axis=1)
    misses = np.linalg.norm(miss, axis=2)
    return Front(misses, in_target_widths(misses, problem.targets), width, boxes, searched)
