"""Closed grains from the probability of boundaries: a watershed, whose false lines are dropped."""

from __future__ import annotations

import heapq

import numpy as np

from slipfield.kinds.micrograph.cells import Cells
from slipfield.kinds.micrograph.closing import Closing, Lines
from slipfield.kinds.micrograph.defaults import KEEP, SMALLEST_PX


def from_probability(
    probability: np.ndarray, closing: Closing, keep: float = KEEP, smallest_px: int = SMALLEST_PX
) -> np.ndarray:
    """Closed grains of a map of boundaries.

    Cells are closed by construction (:class:`~slipfield.kinds.micrograph.cells.Cells`), so that a
    boundary with missing stretches stays closed. A line between two cells of which it is less
    likely than ``keep`` that it is a boundary is none: its cells are joined, the least likely line
    first, and the lines of what is joined are judged anew.

    Parameters
    ----------
    probability : (height, width), 0 to 1.
    closing : says how likely a line is a boundary.
    keep : least probability of a line, 1.
    smallest_px : grains of fewer pixels go to the neighbour behind their least likely line.

    Returns
    -------
    uint16 (height, width), or uint32 beyond 65,535 grains; grains from 1.
    """
    cells = Cells.of(probability, closing.border)
    with np.errstate(divide="ignore"):
        least = float(np.log(keep) - np.log1p(-keep))
    return numbered(_Joining(cells, closing).joined(least, smallest_px)[cells.labels])


def numbered(labels: np.ndarray) -> np.ndarray:
    """Labels from 1 without holes, 0 kept for none, in the smallest type that holds them."""
    values, found = np.unique(labels, return_inverse=True)
    start = 0 if values[0] == 0 else 1
    small = len(values) + start <= np.iinfo(np.uint16).max + 1
    return (found.reshape(labels.shape) + start).astype(np.uint16 if small else np.uint32)


class _Joining:
    """Cells that are joined, faintest line first."""

    def __init__(self, cells: Cells, closing: Closing) -> None:
        self.cells, self.closing = cells, closing
        self.area, self.width = cells.area.copy(), cells.width.copy()
        self.owner = list(range(len(cells.area)))
        self.times = [0] * len(cells.area)  # how often a cell has grown: what was queued is stale
        self.near: dict[int, dict[int, tuple[float, ...]]] = {}
        sums = zip(*(each.tolist() for each in cells.lines), strict=True)
        for (one, two), line in zip(cells.pairs.tolist(), sums, strict=True):
            self.near.setdefault(one, {})[two] = line
            self.near.setdefault(two, {})[one] = line

    def joined(self, least: float, smallest_px: int) -> np.ndarray:
        """Owner (cells + 1,) of each cell after joining over lines of less evidence."""
        pairs = self.cells.pairs
        first = self.closing.evidence(self.cells.lines, self.area[pairs], self.width[pairs])
        queue = [
            (evidence, one, two, 0, 0)
            for evidence, (one, two) in zip(first.tolist(), pairs.tolist(), strict=True)
            if evidence < least
        ]
        heapq.heapify(queue)
        while queue:
            _, one, two, grown, other = heapq.heappop(queue)
            if two not in self.near.get(one, {}) or (grown, other) != (
                self.times[one],
                self.times[two],
            ):
                continue
            self._join(one, two)
            for evidence, near in self._lines_of(one):
                if evidence < least:
                    pair = sorted((one, near))
                    heapq.heappush(queue, (evidence, *pair, *(self.times[each] for each in pair)))
        for cell in np.argsort(self.area, kind="stable").tolist():
            if self.area[cell] < smallest_px and self.near.get(cell):
                self._join(min(self._lines_of(cell))[1], cell)
        return np.array([self._root(cell) for cell in range(len(self.owner))])

    def _lines_of(self, cell: int) -> list[tuple[float, int]]:
        """Evidence of each line of a cell, and the cell behind it."""
        others = list(self.near[cell])
        if not others:
            return []
        lines = Lines(*np.array([self.near[cell][other] for other in others]).T)
        both = np.array([[cell, other] for other in others])
        evidence = self.closing.evidence(lines, self.area[both], self.width[both])
        return list(zip(evidence.tolist(), others, strict=True))

    def _join(self, one: int, two: int) -> None:
        """Give cell ``two`` to ``one``."""
        self.owner[two] = one
        self.area[one] += self.area[two]
        self.width[one] = max(self.width[one], self.width[two])
        self.times[one] += 1
        del self.near[one][two]
        moved = self.near.pop(two)
        moved.pop(one)
        for other, line in moved.items():
            mine = self.near[one].get(other)
            if mine is not None:
                added = (a + b for a, b in zip(mine[:-1], line[:-1], strict=True))
                line = (*added, max(mine[-1], line[-1]))
            self.near[one][other] = self.near[other][one] = line
            del self.near[other][two]

    def _root(self, cell: int) -> int:
        while self.owner[cell] != cell:
            cell = self.owner[cell]
        return cell
