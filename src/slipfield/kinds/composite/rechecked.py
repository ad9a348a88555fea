"""Designs by the reduced model, corrected and re-checked by the cell itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.composite.cell import Cell
from slipfield.kinds.composite.design import BoxProblem, Design
from slipfield.kinds.composite.fronts import Front, front, in_target_widths
from slipfield.kinds.composite.geometry import CELLS
from slipfield.kinds.composite.ranges import exact_range
from slipfield.kinds.composite.reduced import ReducedModel
from slipfield.kinds.composite.snapshots import build, fraction_range
from slipfield.kinds.composite.targets import Target

SOLVES = 16
EXACT_DEGREES = ((0.2, 8), (0.1, 10), (0.0, 12))
"""Degree of the cell that re-checks where the gap between fibres, over their spacing, is at least
this: its stiffnesses are right to 1e-8 or so up to a gap of 0.02."""

INSIDE, ACCURACY = 2e-7, 1e-8
"""How far inside a target a search stays, over the target's width and over its larger end, the more
of both: neither rounding nor what the cell that re-checks is off shall matter."""

NARROW, NARROWER = 0.02, 8.0
"""Share of a constant's change over the bounds below which a target is narrow; how many times less
wide each target is than the one before on the way to it."""

CORRECTIONS = 4
"""Searches after one whose box the cell refuses; from the second on each stays ten times further
inside than the one before."""

Search = Callable[[BoxProblem, Design | None], tuple[Design, np.ndarray]]


def sample(bounds: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Points (count, 5) of an optimised Latin hypercube over bounds (2, 5)."""
    unit = qmc.LatinHypercube(5, seed=seed, optimization="random-cd").random(count)
    return bounds[0] + unit * (bounds[1] - bounds[0])


def exact_degree(array: str, fraction: float, degree: int, void: bool = False) -> int:
    """Degree of the cell that re-checks what cells of ``degree`` said, up to a fraction.

    Around holes the error is larger: in a hexagonal array degree 8 is off by 2e-7 at 0.4.
    """
    gap = 1 - 2 * CELLS[array].radius(fraction)
    found = next(found for least, found in EXACT_DEGREES if gap >= least)
    return max(degree + 2, min(12, found + 2) if void and array == "hexagonal" else found)


def margin(target: Target) -> float:
    """How far inside a target a search stays, in the target's unit."""
    return max(INSIDE * target.width, ACCURACY * max(abs(target.low), abs(target.high)))


@dataclass
class Workbench:
    """A cell, its reduced model over bounds, and the cell that re-checks.

    Attributes
    ----------
    bounds : (2, 5) of the parameters.
    """

    bounds: np.ndarray
    reduced: ReducedModel
    exact: Cell

    @classmethod
    def prepare(
        cls,
        bounds: np.ndarray,
        cell: Cell | None = None,
        solves: int = SOLVES,
        seed: int = 0,
    ) -> Workbench:
        """Solve a few cells over the bounds and build the reduced model of them.

        Parameters
        ----------
        cell : what is solved; the cell that re-checks is of a degree higher by 2 or more.
        """
        cell = cell or Cell()
        reduced = build(cell, sample(bounds, solves, seed), fraction_range(bounds))
        degree = exact_degree(cell.array, float(bounds[1, 4]), cell.mesh.degree, cell.void)
        return cls(bounds, reduced, Cell(cell.array, cell.void, degree))

    def problem(self, targets: Sequence[Target], shifts: np.ndarray | None = None) -> BoxProblem:
        """Search for a box by the reduced model."""
        return BoxProblem(self.reduced, self.bounds, targets, shifts)

    def search(self, targets: Sequence[Target], find: Search) -> tuple[Design, np.ndarray]:
        """Box whose range by the cell, not by the reduced model, keeps the targets.

        The reduced model's errors at the ends of the ranges shift the targets of the next search:
        the largest ones yet, for where fibres nearly touch they differ from box to box.

        Returns
        -------
        The box with its exact ranges, and what the starts of the first search led to.

        Raises
        ------
        SlipfieldError
            If no box is found, or the cell says of the last one that it misses a target.
        """
        inside = np.array([[margin(t), -margin(t)] for t in targets])
        design, values = find(self.problem(targets, inside), self._by_wider(targets, find))
        found = self.recheck(design)
        off = np.full_like(inside, -np.inf) * [1, -1]
        for correction in range(CORRECTIONS):
            if keeps(found, targets):
                break
            pairs = zip(design.ranges, found.ranges, strict=True)
            last = np.array([[a.low - b.low, a.high - b.high] for a, b in pairs])
            off = np.array(
                [[max(a, c), min(b, d)] for (a, b), (c, d) in zip(off, last, strict=True)]
            )
            shifts = off + inside * 10 ** max(0, correction - 1)
            design, _ = find(self.problem(targets, shifts), found)
            found = self.recheck(design)
        if not keeps(found, targets):
            raise SlipfieldError(
                f"target: the cell gives {_in_words(found, targets)} over the best box found by "
                f"the reduced basis of {self.reduced.solves} cells; narrow the bounds"
            )
        return found, values

    def _by_wider(self, targets: Sequence[Target], find: Search) -> Design | None:
        """Box to start from where targets are narrow: by targets less and less wide.

        Points that keep a narrow target are a thin, curved sheet of the bounds, on which no search
        gets far in one go.
        """
        slopes = self.reduced.constants(self.bounds.mean(axis=0)[None])[1][0]
        change = np.abs(slopes * np.ptp(self.bounds, axis=0)).sum(axis=1)
        least = [NARROW * change[t.number] for t in targets]
        first = None
        while any(t.width < width for t, width in zip(targets, least, strict=True)):
            wider = [t.widened(width) for t, width in zip(targets, least, strict=True)]
            try:
                design, _ = find(self.problem(wider), first)
            except SlipfieldError:  # the search for the targets themselves says so better
                return first
            least = [width / NARROWER for width in least]
            close = self.problem(
                [t.widened(width) for t, width in zip(targets, least, strict=True)]
            )
            first = Design(close.shrunk(design.box), 0.0)
        return first

    def recheck(self, design: Design) -> Design:
        """The same box with its ranges by the cell."""
        ranges = [exact_range(self.exact, design.box, r.name, near=r) for r in design.ranges]
        return Design(design.box, design.value, ranges)

    def missed(self, design: Design, targets: Sequence[Target], count: int, seed: int = 0) -> int:
        """How many of ``count`` materials drawn from a box miss a target.

        By the reduced model, less what it is off the cell at the ends of the ranges.
        """
        unit = np.random.default_rng(seed).random((count, 5))
        values = self.reduced.values(design.box[0] + unit * np.ptp(design.box, axis=0))
        missed = np.zeros(count, bool)
        for target, found in zip(targets, design.ranges, strict=True):
            value = values[:, target.number]
            ends = self.reduced.values(np.array([found.at_low, found.at_high]))[:, target.number]
            low, high = target.low + ends[0] - found.low, target.high + ends[1] - found.high
            missed |= (value < low) | (value > high)
        return int(missed.sum())

    def front(self, targets: Sequence[Target], widest_width: float, start: Design) -> Front:
        """Pareto front from a box that keeps the targets, by the reduced model."""
        return front(self.problem(targets), widest_width, start)

    def recheck_front(self, targets: Sequence[Target], curve: Front) -> list[Design]:
        """Boxes of a front that were searched for, with ranges by the cell.

        Their value is the distance from the targets, in target widths.
        """
        found = []
        for box in curve.boxes[curve.searched]:
            near = [exact_range(self.reduced, box, target.name) for target in targets]
            design = self.recheck(Design(box, 0.0, near))
            design.value = float(in_target_widths(misses(design, targets), targets))
            found.append(design)
        return found


def keeps(design: Design, targets: Sequence[Target]) -> bool:
    """Whether the ranges of a box are inside the targets."""
    pairs = zip(design.ranges, targets, strict=True)
    return all(r.low >= t.low and r.high <= t.high for r, t in pairs)


def _in_words(design: Design, targets: Sequence[Target]) -> str:
    """Ranges that miss their targets, and by how much."""
    rows = []
    for r, t in zip(design.ranges, targets, strict=True):
        miss = max(t.low - r.low, r.high - t.high)
        if miss > 0:
            rows.append(f"{r.name} [{r.low:.6g}, {r.high:.6g}], which misses by {miss:.2g},")
    return " and ".join(rows)


def misses(design: Design, targets: Sequence[Target]) -> np.ndarray:
    """Root of the squared misses of both ends of each target (targets,), in its unit; 0: kept."""
    pairs = zip(design.ranges, targets, strict=True)
    ends = [[t.low - r.low, r.high - t.high] for r, t in pairs]
    return np.asarray(np.linalg.norm(np.maximum(ends, 0), axis=1))
