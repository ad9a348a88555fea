"""Designs by the reduced model, corrected and re-checked by the cell itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.composite.cell import Cell, Described
from slipfield.kinds.composite.design import BoxProblem, Design
from slipfield.kinds.composite.fronts import Front, front, in_target_widths
from slipfield.kinds.composite.geometry import CELLS
from slipfield.kinds.composite.ranges import exact_range
from slipfield.kinds.composite.reduced import ReducedModel
from slipfield.kinds.composite.snapshots import build, fraction_range
from slipfield.kinds.composite.targets import Target

SOLVES = 16
FINEST = 12
GAPS = ((0.2, 8), (0.1, 10), (0.0, FINEST))
GAPS_OF_SOFT = {
    "square": ((0.3, 8), (0.15, 10), (0.0, FINEST)),
    "hexagonal": ((0.45, 8), (0.25, 10), (0.0, FINEST)),
}
RADII = ((0.2, 8), (0.155, 10), (0.0, FINEST))
"""Degree of the cell that re-checks where the gap between fibres, or their radius, is at least this
share of their spacing. Holes, and fibres softer than the matrix, need more."""

INSIDE, MORE = 2e-7, 1.1
"""How far inside a target a search stays, over the target's width and over what the cell that
re-checks is unsure of, the more of both: neither rounding nor that cell's error shall matter."""

ACCURACY = {"square": 1e-8, "hexagonal": 1e-7}
"""What the cell that re-checks is unsure of, relative; from degree 12 on it is measured, too."""

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


def exact_degree(meant: Described, bounds: np.ndarray) -> int:
    """Degree of the cell that re-checks over bounds (2, 5) what a cell said."""
    soft = meant.void or bounds[0, 2] < bounds[1, 0]
    outline = CELLS[meant.array]
    gap = 1 - 2 * outline.radius(float(bounds[1, 4]))
    finest = max(
        next(found for least, found in table if value >= least)
        for value, table in (
            (gap, GAPS_OF_SOFT[meant.array] if soft else GAPS),
            (outline.radius(float(bounds[0, 4])), RADII),
        )
    )
    return max(meant.degree + 2, finest)


@dataclass
class Workbench:
    """A cell, its reduced model over bounds, and the cell that re-checks.

    Attributes
    ----------
    bounds : (2, 5) of the parameters.
    coarser : a cell of a degree lower by 2, which says what the one that re-checks is unsure of
        where no degree is fine enough.
    """

    bounds: np.ndarray
    reduced: ReducedModel
    exact: Cell
    coarser: Cell | None = None

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
        degree = exact_degree(cell, bounds)
        coarser = Cell(cell.array, cell.void, degree - 2) if degree >= FINEST else None
        return cls(bounds, reduced, Cell(cell.array, cell.void, degree), coarser)

    def problem(self, targets: Sequence[Target], shifts: np.ndarray | None = None) -> BoxProblem:
        """Search for a box by the reduced model."""
        return BoxProblem(self.reduced, self.bounds, targets, shifts)

    def unsure(self, targets: Sequence[Target], found: Design | None = None) -> np.ndarray:
        """What ranges by the cell may be off (targets,), in the unit of each; measured if found."""
        ends = np.array([max(abs(t.low), abs(t.high)) for t in targets])
        accuracy = ACCURACY[self.exact.array] * ends
        if found is None or self.coarser is None:
            return accuracy
        changes = [
            self.coarser.values(np.array([r.at_low, r.at_high]))[:, t.number] - [r.low, r.high]
            for r, t in zip(found.ranges, targets, strict=True)
        ]
        return np.maximum(accuracy, np.abs(changes).max(axis=1))

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
        inside = _inside(targets, self.unsure(targets))
        design, values = find(self.problem(targets, inside), self._by_wider(targets, find))
        found = self.recheck(design)
        off = np.full_like(inside, -np.inf) * [1, -1]
        unsure = self.unsure(targets, found)
        for correction in range(CORRECTIONS):
            if keeps(found, targets, unsure):
                break
            inside = _inside(targets, unsure)
            pairs = zip(design.ranges, found.ranges, strict=True)
            last = np.array([[a.low - b.low, a.high - b.high] for a, b in pairs])
            off = np.array(
                [[max(a, c), min(b, d)] for (a, b), (c, d) in zip(off, last, strict=True)]
            )
            shifts = off + inside * 10 ** max(0, correction - 1)
            design, _ = find(self.problem(targets, shifts), found)
            found = self.recheck(design)
            unsure = self.unsure(targets, found)
        if not keeps(found, targets, unsure):
            raise SlipfieldError(
                f"target: the cell gives {_in_words(found, targets, unsure)} over the best box "
                f"found by the reduced basis of {self.reduced.solves} cells; narrow the bounds"
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


def _inside(targets: Sequence[Target], unsure: np.ndarray) -> np.ndarray:
    """How far inside its ends a search keeps targets (targets, 2), in the unit of each."""
    margin = np.maximum([INSIDE * t.width for t in targets], MORE * unsure)
    return np.column_stack([margin, -margin])


def _beyond(design: Design, targets: Sequence[Target]) -> np.ndarray:
    """How far the lower and upper ends of ranges are outside their targets (targets, 2)."""
    pairs = zip(design.ranges, targets, strict=True)
    return np.array([[t.low - r.low, r.high - t.high] for r, t in pairs])


def keeps(design: Design, targets: Sequence[Target], by: np.ndarray | float = 0.0) -> bool:
    """Whether the ranges of a box are inside the targets, ``by`` (targets,) at least."""
    return bool((_beyond(design, targets).max(axis=1) <= -np.asarray(by)).all())


def _in_words(design: Design, targets: Sequence[Target], by: np.ndarray) -> str:
    """Ranges that miss their targets less ``by`` (targets,), and how far."""
    rows = []
    for r, miss, unsure in zip(design.ranges, _beyond(design, targets), by, strict=True):
        if miss.max() + unsure > 0:
            rows.append(
                f"{r.name} [{r.low:.6g}, {r.high:.6g}], known to {unsure:.1g}, which misses by "
                f"{miss.max() + unsure:.2g},"
            )
    return " and ".join(rows)


def misses(design: Design, targets: Sequence[Target]) -> np.ndarray:
    """Root of the squared misses of both ends of each target (targets,), in its unit; 0: kept."""
    return np.asarray(np.linalg.norm(np.maximum(_beyond(design, targets), 0), axis=1))
