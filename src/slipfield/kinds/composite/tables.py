"""The published tables, beside what the exact cell says of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from slipfield.kinds.composite import paper
from slipfield.kinds.composite.answers import write_table
from slipfield.kinds.composite.constants import CONSTANTS
from slipfield.kinds.composite.intervals import Directed
from slipfield.kinds.composite.parameters import PARAMETERS
from slipfield.kinds.composite.quadratic import PAIRS, Quadratic, quality
from slipfield.kinds.composite.ranges import Model, exact_range
from slipfield.kinds.composite.samples import FIT, TEST, of_role, read_cells

C22 = CONSTANTS.index("C22")
TERM_NAMES = (
    "1",
    *PARAMETERS,
    *(f"{PARAMETERS[i]} {PARAMETERS[j]}" for i, j in PAIRS),
    *(f"{name}^2" for name in PARAMETERS),
)
RECHECK = [
    "table",
    "row",
    "kind",
    "claimed_low_GPa",
    "claimed_high_GPa",
    "surface_low_GPa",
    "surface_high_GPa",
    "exact_low_GPa",
    "exact_high_GPa",
    "claimed_distance_GPa",
    "exact_distance_GPa",
    "width",
]


def write_surface(cells: Path, folder: Path) -> list[str]:
    """Write table 1: coefficients and quality of the quadratic surface of C22, printed and ours."""
    data = read_cells(cells)
    points, constants = of_role(data, FIT)
    values = constants[:, C22]
    ours = Quadratic.fit(points, values)
    printed = paper.published_surface().coefficients
    rows = list(zip(TERM_NAMES, paper.PRINTED, printed, ours.coefficients, strict=True))
    header = ["term", "printed", "repaired", "ours"]
    write_table(folder / "table1-composite.csv", header, rows)
    fit = quality(points, values)
    test, exact = of_role(data, TEST)
    off = ours(test) - exact[:, C22]
    theirs = paper.published_surface()(test) - exact[:, C22]
    quantities = [
        ("R2", paper.QUALITY["r2"], fit.r2),
        ("standard error of the estimate, GPa", paper.QUALITY["sigma"], fit.sigma),
        ("sum of squares on 47 test points, GPa2", paper.QUALITY["press"], 47 * np.mean(off**2)),
        (
            "the same of the printed surface by the exact cell, GPa2",
            np.nan,
            47 * np.mean(theirs**2),
        ),
        ("sum of squares with each point left out, GPa2", np.nan, fit.leave_one_out),
    ]
    write_table(folder / "table1-quality.csv", ["quantity", "published", "ours"], quantities)
    return [f"quadratic surface of C22 on {len(points)} cells: R2 = {fit.r2:.5f}"]


def recheck_rows(close: Model, exact_model: Model) -> list[list[float | str]]:
    """Claimed, reproduced and exact range of every printed design.

    Parameters
    ----------
    close : finds where the ends of the ranges are.  exact_model : says what they are.
    """
    surface, wanted = paper.published_surface(), Directed(paper.TARGET.low, paper.TARGET.high)
    rows: list[list[float | str]] = []
    for design in paper.published_designs():
        again = paper.by_vertices(surface, design.box)
        near = exact_range(close, design.box, "C22")
        found = exact_range(exact_model, design.box, "C22", near=near)
        exact = Directed(found.low, found.high)
        ends = [end for r in (design.claimed, again, exact) for end in (r.first, r.last)]
        kind = "matched" if design.matched else "wide"
        tail = [design.distance, exact.distance(wanted), design.width]
        rows.append([design.table, design.row, kind, *ends, *tail])
    return rows


def write_recheck(close: Model, exact_model: Model, folder: Path) -> list[str]:
    """Write the re-check of the printed designs of tables 2 to 4, and table 2 of weighted sums."""
    rows = recheck_rows(close, exact_model)
    write_table(folder / "recheck-composite.csv", RECHECK, rows)
    ends = np.array([row[3:7] for row in rows], float)
    matched = [row for row in rows if row[2] == "matched"]
    exact = np.array([row[10] for row in matched], float)
    sums: list[list[float | str]] = []
    for variant, row in zip("ABC", (rows[0], rows[1], rows[2]), strict=True):
        on_distance, on_width = paper.WEIGHTS[variant]
        claimed, true, width = (float(value) for value in row[9:12])
        pair = [on_distance * d - on_width * width for d in (claimed, true)]
        sums.append([variant, on_distance, on_width, paper.SUMS[variant], *pair])
    header = ["variant", "on_distance", "on_width", "printed", "from_claim", "exact"]
    write_table(folder / "table2-composite.csv", header, sums)
    off = np.abs(ends[:, 2:] - ends[:, :2]).max()
    return [
        f"{len(rows)} printed designs: reproduced within {off:.4f} GPa",
        f"{len(matched)} matched ones by the exact cell: distance {exact.min():.3f} to "
        f"{exact.max():.3f} GPa, median {np.median(exact):.3f}",
    ]
