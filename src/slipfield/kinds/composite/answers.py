"""What the command line asks of a composite, and the files and lines that answer it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.recorded import digests
from slipfield.core.tables import csv_text
from slipfield.kinds.composite.constants import CONSTANTS, STIFFNESSES
from slipfield.kinds.composite.design import Design
from slipfield.kinds.composite.geometry import CELLS
from slipfield.kinds.composite.parameters import (
    PARAMETERS,
    check_parameters,
    free_parameters,
    relative_widths,
)
from slipfield.kinds.composite.question import Question, check_array
from slipfield.kinds.composite.searches import largest, widest
from slipfield.kinds.composite.targets import Target

if TYPE_CHECKING:
    from slipfield.kinds.composite.rechecked import Workbench

FRONT = ("front.csv", "front-curve.csv")
FRONT_WIDTH = 0.2
"""Normalised width at which a front ends."""


def stiffness_text(
    parameters: Sequence[float | None], array: str, void: bool, degree: int, gradient: bool
) -> str:
    """Twelve constants of a composite as JSON; with ``gradient`` their derivatives too.

    Raises
    ------
    SlipfieldError
        If a parameter is missing or out of its range.
    """
    check_array(array)
    missing = [n for n, v in zip(PARAMETERS, parameters, strict=True) if v is None]
    if missing and not void:
        raise SlipfieldError(f"{missing[0]}: not given; name the fibre's --ef and --nuf, or --void")
    point = [1.0 if value is None else value for value in parameters]
    check_parameters(dict(zip(PARAMETERS, point, strict=True)), CELLS[array].packing, void)
    from slipfield.kinds.composite.cell import Cell

    with np.errstate(all="ignore"):
        values, slopes = Cell(array, void, degree).constants(np.array([point]))
    if not (np.isfinite(values).all() and np.isfinite(slopes).all()):
        raise SlipfieldError(
            f"em, ef: given {point[0]:g} and {point[2]:g} GPa; numbers of this size give no finite "
            "stiffness"
        )
    content: dict[str, Any] = dict(zip(CONSTANTS, map(float, values[0]), strict=True))
    if gradient:
        content["gradient"] = {
            name: dict(zip(PARAMETERS, map(float, row), strict=True))
            for name, row in zip(CONSTANTS, slopes[0], strict=True)
        }
    return json.dumps(content)


def design_content(design: Design, question: Question, missed: int, draws: int) -> dict[str, Any]:
    """A box and what holds for it, as written to JSON."""
    relative = relative_widths(design.box, question.bounds)
    free = free_parameters(question.bounds)
    chosen = {name for name, is_free in zip(PARAMETERS, free, strict=True) if is_free}
    return {
        "width": float(relative.min()),
        "volume": float(relative.prod()),
        "box": _by_name(design.box, question.names),
        "range": {r.name: [r.low, r.high] for r in design.ranges},
        "proved": {r.name: [n for n in r.proved if n in chosen] for r in design.ranges},
        "draws": {"count": draws, "missed": missed},
    }


def _by_name(box: np.ndarray, names: Sequence[str]) -> dict[str, list[float]]:
    """Ends (2, 5) of parameters by name."""
    ends = dict(zip(PARAMETERS, box.T, strict=True))
    return {name: list(map(float, ends[name])) for name in names}


def run_design(
    question: Question,
    output: Path,
    front_width: float | None = None,
    draws: int = 10_000,
    solves: int | None = None,
    study: dict[str, Any] | None = None,
) -> Iterator[str]:
    """Find the boxes, write ``design.json`` (and ``front.csv``) into ``output``; give lines.

    Parameters
    ----------
    front_width : normalised width at which a front ends; None for no front.
    solves : cells solved for the reduced basis.  study : that asks, to be kept in the answer.

    Raises
    ------
    SlipfieldError
        If no box keeps the targets.
    """
    from slipfield.kinds.composite.cell import Cell
    from slipfield.kinds.composite.rechecked import SOLVES, Workbench

    targets, bounds, seed = question.targets, question.bounds, question.seed
    cell = Cell(question.array, question.void, question.degree)
    bench = Workbench.prepare(bounds, cell, solves or SOLVES, seed)
    holes = " of holes" if question.void else ""
    yield f"reduced basis of {bench.reduced.solves} cells, {question.array} array{holes}"
    searches = {"widest": lambda p, first: widest(p, seed=seed, first=first)}
    if question.widths is not None:
        searches["tolerances"] = lambda p, first: widest(p, question.widths, seed=seed, first=first)
    found: dict[str, dict[str, Any]] = {}
    known: list[Design] = []
    searches["largest"] = lambda p, first: largest(p, seed=seed, first=first, known=known[0])
    for name, search in searches.items():
        design, values = bench.search(targets, search)
        known.append(design)
        missed = bench.missed(design, targets, draws, seed) if draws else 0
        found[name] = design_content(design, question, missed, draws)
        found[name]["starts"] = sorted(map(float, values))
        if name == "tolerances":
            found[name]["tolerance_factor"] = design.value
            yield f"a box of {design.value:.4g} times the tolerances keeps the targets"
        yield from _lines(name, design, question.names, missed, draws)
        if name == "widest" and front_width:
            yield from _write_front(bench, targets, front_width, design, output)
    content = {
        "targets": {t.name: [t.low, t.high] for t in targets},
        "bounds": _by_name(bounds, question.names),
        "array": question.array,
        "void": question.void,
        "solves": bench.reduced.solves,
        **({"study": study, **digests(output / name for name in FRONT)} if study else {}),
        **found.pop("widest"),
        **found,
    }
    write_text(output / "design.json", json.dumps(content, indent=1) + "\n")
    yield f"written: {output / 'design.json'}"


def _lines(
    name: str, design: Design, names: Sequence[str], missed: int, draws: int
) -> Iterator[str]:
    ends = (
        f"{p} [{low:.5g}, {high:.5g}]" for p, (low, high) in _by_name(design.box, names).items()
    )
    yield f"{name} box: {', '.join(ends)}"
    for found in design.ranges:
        unit = " GPa" if found.name in STIFFNESSES or found.name[0] in "EG" else ""
        yield f"  {found.name} by the cell: [{found.low:.6f}, {found.high:.6f}]{unit}"
    if draws:
        yield f"  of {draws} materials drawn from it, {missed} miss a target"


def _write_front(
    bench: Workbench, targets: Sequence[Target], width: float, start: Design, output: Path
) -> Iterator[str]:
    """Write front.csv: re-checked boxes of the front, and front-curve.csv: all of its points."""
    curve = bench.front(targets, width, start)
    ends = [f"{name}_{end}" for name in PARAMETERS for end in ("low", "high")]
    names = [f"{target.name}_{end}" for target in targets for end in ("low", "high")]
    rows: list[list[float]] = []
    for design in bench.recheck_front(targets, curve):
        relative = relative_widths(design.box, bench.bounds)
        ranges = [end for found in design.ranges for end in (found.low, found.high)]
        rows.append([design.value, relative.min(), *design.box.T.ravel(), *ranges])
    write_table(output / FRONT[0], ["distance", "width", *ends, *names], rows)
    points = np.column_stack([curve.distance, curve.width])
    write_table(output / FRONT[1], ["distance", "width"], points)
    yield f"front: {len(rows)} boxes, re-checked, in {output / FRONT[0]}"


def write_table(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[float | str | int]]
) -> None:
    """Write a CSV table; numbers with nine digits."""
    table = [dict(zip(header, row, strict=True)) for row in rows]
    write_text(path, csv_text(table, 9, header))
