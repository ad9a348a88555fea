"""The widest box, the largest one and the box of given tolerances that keep targets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.composite.design import EXCHANGES, BoxProblem, Design, solve
from slipfield.kinds.composite.ranges import exact_range
from slipfield.kinds.composite.targets import Widths

SMALLEST_WIDTH = 1e-4
"""Width, relative to the bounds, that a box of largest volume keeps in every parameter, or a tenth
of a starting box's smallest one."""


def padded(slope: np.ndarray, size: int) -> np.ndarray:
    """Slopes with zeros for the variables (up to ``size``) that they do not know."""
    return np.pad(slope, ((0, 0), (0, size - slope.shape[1])))


def exchange(
    problem: BoxProblem,
    start: np.ndarray,
    step: Callable[[np.ndarray], np.ndarray | None],
    allowed: Callable[[np.ndarray], float | np.ndarray],
) -> np.ndarray | None:
    """Repeat ``step`` from ``start`` until no position of the box violates a target."""
    variables = start
    for _ in range(EXCHANGES):
        found = step(variables)
        if found is None or not problem.add_violated(found, allowed(found)):
            return found
        variables = found
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
        return margin, padded(slope, 11)

    def step(variables: np.ndarray) -> np.ndarray | None:
        return solve(problem, variables, objective, (wide, inside), upper=(1e3,))

    begin = _beginnings(problem, starts, seed, first, [0.0])
    found = [v for s in begin if (v := exchange(problem, s, step, _none)) is not None]
    return _best(problem, found, [float(v[10]) for v in found])


def largest(
    problem: BoxProblem,
    starts: int = 6,
    seed: int = 0,
    first: Design | None = None,
    known: Design | None = None,
) -> tuple[Design, np.ndarray]:
    """Box of largest volume, relative to the bounds, that keeps the targets.

    Parameters
    ----------
    first : a box to start from instead of ``starts`` ones.
    known : a box that keeps the targets: no smaller one is the answer.

    Returns
    -------
    The best box, its value the volume, and the volumes (n,) that the starts led to.
    """
    begin = _beginnings(problem, starts, seed, first, [])
    least = min(SMALLEST_WIDTH, *(0.1 * float((s[5:] - s[:5]).min()) for s in begin))
    least = max(least, 1e-12)

    def width(variables: np.ndarray) -> np.ndarray:
        return np.maximum(variables[5:10] - variables[:5], least / 2)

    def objective(variables: np.ndarray) -> tuple[float, np.ndarray]:
        share = 1 / width(variables)
        return -float(np.log(width(variables)).sum()), np.concatenate([share, -share])

    slope = np.hstack([-np.eye(5), np.eye(5)])

    def wide(variables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return slope @ variables - least, slope

    def step(variables: np.ndarray) -> np.ndarray | None:
        return solve(problem, variables, objective, (wide, problem.margins))

    found = [v for s in begin if (v := exchange(problem, s, step, _none)) is not None]
    if known is not None:
        found.append(problem.relative(known.box))
    return _best(problem, found, [float(np.prod(width(v))) for v in found])


def _none(_: np.ndarray) -> float:
    """No violation of a target is allowed."""
    return 0.0


def _beginnings(
    problem: BoxProblem, starts: int, seed: int, first: Design | None, more: list[float]
) -> list[np.ndarray]:
    if first is None:
        return [np.append(start, more) for start in problem.starts(starts, seed)]
    return [np.append(problem.relative(first.box), [first.value] if more else [])]


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
