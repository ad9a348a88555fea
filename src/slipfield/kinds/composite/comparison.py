"""Surrogates of one constant on Sobol points and at all corners: the rows of one table.

The corners are those of the central composite design, where boxes of interest end. The reduced
bases are compared here; polynomials and Gaussian processes, fitted to the cells of the study, in
``baselines.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.kinds.composite.answers import write_table
from slipfield.kinds.composite.constants import STIFFNESSES
from slipfield.kinds.composite.samples import FIT, TEST, of_role, read_cells
from slipfield.kinds.composite.study import CompositeStudy

HEADER = ["surrogate", "solves", "inside_rms", "inside_max", "corners_max"]


@dataclass(frozen=True)
class Errors:
    """Relative errors: root mean square and maximum inside, maximum at the corners."""

    inside_rms: float
    inside_max: float
    corners_max: float

    @classmethod
    def of(cls, inside: np.ndarray, corners: np.ndarray) -> Errors:
        """From relative errors of any shape."""
        rms = float(np.sqrt(np.mean(inside**2)))
        return cls(rms, float(np.abs(inside).max()), float(np.abs(corners).max()))

    def row(self, name: str, solves: int) -> list[float | str | int]:
        """Row of the table."""
        return [name, solves, self.inside_rms, self.inside_max, self.corners_max]


def test_cells(data: xr.Dataset) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Sobol points and corners of solved cells, each with its constants."""
    points, constants = of_role(data, FIT)
    corners = 2 ** int((np.ptp(points, axis=0) > 0).sum())
    return of_role(data, TEST), (points[:corners], constants[:corners])


def compare_reduced(study: CompositeStudy, cells: Path, output: Path) -> list[str]:
    """Errors of reduced bases of the study's sizes, of C22 and of all six stiffnesses (CSV)."""
    from slipfield.kinds.composite.cell import Cell
    from slipfield.kinds.composite.rechecked import sample
    from slipfield.kinds.composite.snapshots import build, fraction_range

    sets = test_cells(read_cells(cells))
    bounds, cell = study.box(), Cell.of(study.cell)
    rows, lines, number = [], [], STIFFNESSES.index("C22")
    for solves in sorted({*study.surrogate.compared, study.surrogate.solves}):
        model = build(cell, sample(bounds, solves, study.surrogate.seed), fraction_range(bounds))
        inside, corners = (model.stiffness(p) / exact[:, :6] - 1 for p, exact in sets)
        rows.append(
            Errors.of(inside[:, number], corners[:, number]).row("reduced basis, C22", solves)
        )
        every = Errors.of(inside, corners)
        rows.append(every.row("reduced basis, all six", solves))
        lines.append(
            f"{solves} solves: all six within {max(every.inside_max, every.corners_max):.1e}"
        )
    write_table(output, HEADER, rows)
    return lines
