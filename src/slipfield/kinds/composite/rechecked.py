"""Designs by the reduced model, corrected and re-checked by the cell itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.composite.cell import Cell
from slipfield.kinds.composite.design import BoxProblem, Design
from slipfield.kinds.composite.fronts import Front, front
from slipfield.kinds.composite.ranges import exact_range
from slipfield.kinds.composite.reduced import ReducedModel
from slipfield.kinds.composite.snapshots import build
from slipfield.kinds.composite.targets import Target

SOLVES = 16
EXACT_DEGREE = 8
"""Degree of the cell that re-checks: its stiffnesses are right to 1e-8 or so."""

INSIDE = 2e-7
"""How far inside a target, over its width, a search stays: rounding shall not fail the re-check."""

CORRECTIONS = 3

Search = Callable[[BoxProblem, Design | None], tuple[Design, np.ndarray]]


def sample(bounds: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Points (count, 5) of an optimised Latin hypercube over bounds (2, 5)."""
    unit = qmc.LatinHypercube(5, seed=seed, optimization="random-cd").random(count)
    return bounds[0] + unit * (bounds[1] - bounds[0])


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
        array: str = "square",
        solves: int = SOLVES,
        seed: int = 0,
    ) -> Workbench:
        """Solve a few cells over the bounds and build the reduced model of them."""
        cell = Cell(array)
        fractions = (float(bounds[0, 4]), float(bounds[1, 4]))
        reduced = build(cell, sample(bounds, solves, seed), fractions)
        return cls(bounds, reduced, Cell(array, degree=EXACT_DEGREE))

    def problem(self, targets: Sequence[Target], shifts: np.ndarray | None = None) -> BoxProblem:
        """Search for a box by the reduced model."""
        return BoxProblem(self.reduced, self.bounds, targets, shifts)

    def search(self, targets: Sequence[Target], find: Search) -> tuple[Design, np.ndarray]:
        """Box whose range by the cell, not by the reduced model, keeps the targets.

        The reduced model's errors at the ends of the ranges shift the targets of the next search.

        Returns
        -------
        The box with its exact ranges, and what the starts of the first search led to.

        Raises
        ------
        SlipfieldError
            If no box is found, or the cell says of the last one that it misses a target.
        """
        inside = INSIDE * np.array([[t.width, -t.width] for t in targets])
        design, values = find(self.problem(targets, inside), None)
        found = self.recheck(design)
        for _ in range(CORRECTIONS):
            if keeps(found, targets):
                break
            pairs = zip(design.ranges, found.ranges, strict=True)
            off = np.array([[a.low - b.low, a.high - b.high] for a, b in pairs])
            design, _ = find(self.problem(targets, inside + off), found)
            found = self.recheck(design)
        if not keeps(found, targets):
            ends = ", ".join(f"{r.name} [{r.low:.6g}, {r.high:.6g}]" for r in found.ranges)
            raise SlipfieldError(
                f"target: the cell gives {ends} over the best box found by the reduced basis of "
                f"{self.reduced.solves} cells, which misses a target; narrow the bounds"
            )
        return found, values

    def recheck(self, design: Design) -> Design:
        """The same box with its ranges by the cell."""
        ranges = [exact_range(self.exact, design.box, r.name, near=r) for r in design.ranges]
        return Design(design.box, design.value, ranges)

    def missed(self, design: Design, targets: Sequence[Target], count: int, seed: int = 0) -> int:
        """How many of ``count`` materials drawn from a box miss a target, by the reduced model."""
        unit = np.random.default_rng(seed).random((count, 5))
        values = self.reduced.values(design.box[0] + unit * np.ptp(design.box, axis=0))
        missed = np.zeros(count, bool)
        for target in targets:
            value = values[:, target.number]
            missed |= (value < target.low) | (value > target.high)
        return int(missed.sum())

    def front(self, targets: Sequence[Target], widest_width: float, start: Design) -> Front:
        """Pareto front from a box that keeps the targets, by the reduced model."""
        return front(self.problem(targets), widest_width, start)

    def recheck_front(self, targets: Sequence[Target], curve: Front) -> list[Design]:
        """Boxes of a front that were searched for, with ranges by the cell; value: the distance."""
        found = []
        for box in curve.boxes[curve.searched]:
            near = [exact_range(self.reduced, box, target.name) for target in targets]
            design = self.recheck(Design(box, 0.0, near))
            design.value = distance(design, targets)
            found.append(design)
        return found


def keeps(design: Design, targets: Sequence[Target]) -> bool:
    """Whether the ranges of a box are inside the targets."""
    pairs = zip(design.ranges, targets, strict=True)
    return all(r.low >= t.low and r.high <= t.high for r, t in pairs)


def distance(design: Design, targets: Sequence[Target]) -> float:
    """Root of the squared differences between the ends of ranges and targets."""
    pairs = zip(design.ranges, targets, strict=True)
    return float(np.sqrt(sum((r.low - t.low) ** 2 + (r.high - t.high) ** 2 for r, t in pairs)))
