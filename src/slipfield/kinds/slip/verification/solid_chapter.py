"""The chapter of the solid in the verification report."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from slipfield.kinds.slip.verification import solid
from slipfield.kinds.slip.verification.energy import TOLERANCES
from slipfield.kinds.slip.verification.ranks import RANKS, run_on
from slipfield.kinds.slip.verification.result import Chapter, Table

MESHES = (16, 32, 64)


def chapter() -> Chapter:
    """Run all checks of the solid."""
    found = Chapter(
        "solid",
        "A sheet with a thickness",
        "The solid of hexahedra. Patch test: the surface of a distorted mesh of one crystal "
        "follows an affine field, the inside must too, with the stress of a material point. Thin "
        "limit: a sheet of 0.005 mm against the membrane, a crystal with [110] along the load "
        "first (rigid grips forbid another crystal's shear across them, which costs one row of "
        "elements there), then 13 columns on finer meshes; a continuous mesh cannot let the "
        "transverse shear jump at a grain boundary, so that the excess falls with the element "
        "size. Locking: 13 columns in 0.25 mm to 2 %, elements that take F as it is against those "
        "that take the change of volume at their centre, on the same stairs. Energy, steps and "
        "ranks as for the sheet.",
    )
    moved, stress = solid.patch_errors()
    found.check("patch test: displacement over its largest value", moved, 1e-8)
    found.check("patch test: stress against one material point (relative)", stress, 1e-6)
    found.check("elastic tangent against differences of the residual", solid.tangent_error(), 1e-7)
    load, strain = solid.thin_crystal()
    found.check("thin crystal against the membrane: load", load, 1e-3)
    found.check("thin crystal against the membrane: strain, L2", strain, 1e-3)
    _thin(found)
    _locking(found)
    _steps(found)
    _ranks(found)
    return found


def _thin(found: Chapter) -> None:
    """Add the thin polycrystal's convergence to the membrane."""
    rows: list[list] = [[f"{n} x {n}", *solid.thin_polycrystal(n)] for n in MESHES]
    columns = ["mesh", "excess of the load", "strain difference, L2"]
    found.tables.append(Table("Thin polycrystal against the membrane", columns, rows))
    falling = min(a[1] / b[1] for a, b in zip(rows, rows[1:], strict=False))
    found.check("thin polycrystal: excess of the load falls by a factor of", falling, 1.5, True)
    found.check("thin polycrystal: excess of the load, finest mesh", rows[-1][1], 5e-3)


def _locking(found: Chapter) -> None:
    """Add the comparison of elements."""
    rows = solid.locking_rows()
    last, before = rows[-1][2], rows[-2][2]
    limit = 2 * last - before  # the error halves with the element size
    table = [[*row, row[1] / limit - 1, row[2] / limit - 1] for row in rows]
    columns = ["mesh", "plain, N", "centre's volume, N", "plain, error", "centre's volume, error"]
    found.tables.append(Table("Locking", columns, table))
    found.check(
        "load error of plain hexahedra over ours, coarsest", table[0][3] / table[0][4], 2, True
    )
    found.check("load error of ours, coarsest", table[0][4], 0.03)


def _steps(found: Chapter) -> None:
    """Add energy balance and errors of the time step."""
    rows, worst = [], []
    for tolerance in TOLERANCES[:2]:
        energies = solid.energies_of(tolerance)
        worst.append(float(np.abs(energies.imbalance).max() / energies.external[-1]))
        drift = float(np.abs(np.expm1(energies.log_determinant)).max())
        rows.append([tolerance, len(energies.time) - 1, worst[-1], drift])
    columns = ["step tolerance", "steps", "largest imbalance / final work", "det Fp drift"]
    found.tables.append(Table("Energy of a solid", columns, rows))
    found.check("imbalance over final work, default tolerance", worst[0], 1e-3)
    found.check("reduction of the imbalance by ten times finer steps", worst[0] / worst[1], 3, True)
    errors = solid.step_errors()
    columns = ["step_tolerance", "strain, L2", "load / largest load", "steps"]
    found.tables.append(Table("Time steps of a solid", columns, errors))
    found.check("default settings: strain error, L2 over all outputs", errors[1][1], 1.5e-3)
    found.check("default settings: load error", errors[1][2], 2e-3)


def _ranks(found: Chapter) -> None:
    """Add the comparison of ranks."""
    with tempfile.TemporaryDirectory() as folder:
        module = "slipfield.kinds.slip.verification.solid_ranks"
        runs = {ranks: run_on(ranks, 12, Path(folder), module=module) for ranks in RANKS}
    one, rows = runs[RANKS[0]], []
    for ranks, run in runs.items():
        same = len(run["steps"]) == len(one["steps"])
        step = float(np.abs(run["steps"] / one["steps"] - 1).max()) if same else np.inf
        changes = [
            float(np.abs(run["strain"] - one["strain"]).max()),
            *(float(np.abs(run[n] / one[n] - 1).max()) for n in ("load", "roughness")),
        ]
        rows.append([ranks, len(run["steps"]), step, *changes])
    columns = ["ranks", "steps", "step sizes, relative", "strain", "load, relative", "roughness"]
    found.tables.append(Table("Difference from one rank, solid", columns, rows))
    found.check("steps on 2 and 4 ranks: relative difference", max(r[2] for r in rows), 1e-6)
    found.check("strain on 2 and 4 ranks: largest difference", max(r[3] for r in rows), 1e-8)
