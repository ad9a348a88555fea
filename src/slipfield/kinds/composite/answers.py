"""What the command line asks of a composite, and the files and lines that answer it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.recorded import forget, witnessed
from slipfield.core.tables import csv_text
from slipfield.kinds.composite.constants import CONSTANTS, UNITS
from slipfield.kinds.composite.design import Design
from slipfield.kinds.composite.geometry import CELLS
from slipfield.kinds.composite.parameters import (
    FIBRE,
    PARAMETERS,
    check_parameters,
    free_parameters,
    relative_widths,
)
from slipfield.kinds.composite.parameters import UNITS as PARAMETER_UNITS
from slipfield.kinds.composite.question import Question, check_array
from slipfield.kinds.composite.searches import largest, widest

if TYPE_CHECKING:
    from slipfield.kinds.composite.rechecked import Search, Workbench
    from slipfield.kinds.composite.study import CompositeStudy

FRONT = ("front.csv", "front-curve.csv")
DISTANCE = "distance_target_widths"
"""Column of the distance from the targets, over their widths."""

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
    given = dict(zip(PARAMETERS, parameters, strict=True))
    for name in FIBRE:
        if given[name] is None and not void:
            raise SlipfieldError(f"{name}: not given; name the fibre's --ef and --nuf, or --void")
        if given[name] is not None and void:
            raise SlipfieldError(f"{name}: holes have no such constant; leave it or --void out")
    point = [0.0 if value is None else value for value in parameters]
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
        rows = (dict(zip(PARAMETERS, map(float, row), strict=True)) for row in slopes[0])
        content["gradient"] = {
            name: {key: slope for key, slope in row.items() if given[key] is not None}
            for name, row in zip(CONSTANTS, rows, strict=True)
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
        "on_bounds": _on_bounds(design.box, question.bounds),
        "range": {r.name: [r.low, r.high] for r in design.ranges},
        "proved": {r.name: [n for n in r.proved if n in chosen] for r in design.ranges},
        "draws": {"count": draws, "missed": missed},
    }


def _on_bounds(box: np.ndarray, bounds: np.ndarray) -> dict[str, list[str]]:
    """Ends of a box that are bounds of a parameter with a choice, by its name."""
    found: dict[str, list[str]] = {}
    for k in np.flatnonzero(free_parameters(bounds)):
        on = [side for side, i in (("lower", 0), ("upper", 1)) if box[i, k] == bounds[i, k]]
        if on:
            found[PARAMETERS[k]] = on
    return found


def _by_name(box: np.ndarray, names: Sequence[str]) -> dict[str, list[float]]:
    """Ends (2, 5) of parameters by name."""
    ends = dict(zip(PARAMETERS, box.T, strict=True))
    return {name: list(map(float, ends[name])) for name in names}


def named_boxes(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Boxes in the content of ``design.json`` by their kind."""
    kinds = (kind for kind in ("tolerances", "largest") if kind in content)
    return {"widest": content} | {kind: content[kind] for kind in kinds}


def run_design(
    question: Question,
    output: Path,
    front_width: float | None = None,
    draws: int = 10_000,
    solves: int | None = None,
    study: CompositeStudy | None = None,
) -> Iterator[str]:
    """Find the boxes, write ``design.json`` (and ``front.csv``) into ``output``; give lines.

    A front that an earlier question left there is removed.

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

    fronts = [output / name for name in FRONT]
    with witnessed(study, output / "design.json", *(fronts if front_width else ())) as content:
        for path in fronts:
            forget(path)
        cell = Cell.of(question)
        bench = Workbench.prepare(question.bounds, cell, solves or SOLVES, question.seed)
        holes = " of holes" if question.void else ""
        yield f"reduced basis of {bench.reduced.solves} cells, {question.array} array{holes}"
        content |= {
            "targets": {t.name: [t.low, t.high] for t in question.targets},
            "bounds": _by_name(question.bounds, question.names),
            "array": question.array,
            "void": question.void,
            "solves": bench.reduced.solves,
        }
        for name, design, box in _boxes(bench, question, draws):
            content |= box if name == "widest" else {name: box}
            yield from _lines(name, design, box)
            if name == "widest" and front_width:
                yield from _write_front(bench, question, front_width, design, output)
    yield f"written: {output / 'design.json'}"


def _boxes(
    bench: Workbench, question: Question, draws: int
) -> Iterator[tuple[str, Design, dict[str, Any]]]:
    """Kind of each box, the box, and what holds for it."""
    targets, widths, seed = question.targets, question.widths, question.seed
    known: list[Design] = []
    searches: dict[str, Search] = {"widest": lambda p, first: widest(p, seed=seed, first=first)}
    if widths is not None:
        searches["tolerances"] = lambda p, first: widest(p, widths, seed=seed, first=first)
    searches["largest"] = lambda p, first: largest(p, seed=seed, first=first, known=known[0])
    for name, search in searches.items():
        design, values = bench.search(targets, search)
        known.append(design)
        missed = bench.missed(design, targets, draws, seed) if draws else 0
        box = design_content(design, question, missed, draws)
        box["starts"] = sorted(map(float, values))
        if name == "tolerances":
            box["tolerance_factor"] = design.value
        yield name, design, box


def _lines(name: str, design: Design, content: dict[str, Any]) -> Iterator[str]:
    """What is said of a box."""
    if factor := content.get("tolerance_factor"):
        yield f"a box of {factor:.4g} times the tolerances keeps the targets"
    ends = (f"{p} [{low:.5g}, {high:.5g}]" for p, (low, high) in content["box"].items())
    yield f"{name} box: {', '.join(ends)}"
    for found in design.ranges:
        unit = unit_text(found.name)
        yield f"  {found.name} by the cell: [{found.low:.6f}, {found.high:.6f}]{unit}"
    if on := bounds_text(content):
        yield f"  it lies on bounds: {on}; with wider bounds it may grow"
    if draws := content["draws"]["count"]:
        missed = content["draws"]["missed"]
        yield f"  of {draws} materials drawn from it, {missed} miss a target"


def bounds_text(content: dict[str, Any]) -> str:
    """Ends of a box that are bounds, such as 'em upper, nuf lower and upper'; empty if none."""
    return ", ".join(f"{name} {' and '.join(on)}" for name, on in content["on_bounds"].items())


def _write_front(
    bench: Workbench, question: Question, width: float, start: Design, output: Path
) -> Iterator[str]:
    """Write front.csv: re-checked boxes of the front, and front-curve.csv: all of its points."""
    from slipfield.kinds.composite.rechecked import misses

    targets = question.targets
    curve = bench.front(targets, width, start)
    sides = ("low", "high")
    ends = [column(name, end, PARAMETER_UNITS) for name in question.names for end in sides]
    names = [column(t.name, part) for t in targets for part in ("low", "high", "miss")]
    rows: list[list[float | str]] = []
    for design in bench.recheck_front(targets, curve):
        missed = misses(design, targets)
        said = " ".join(t.name for t, miss in zip(targets, missed, strict=True) if miss > 0)
        ranges = [
            number
            for found, miss in zip(design.ranges, missed, strict=True)
            for number in (found.low, found.high, miss)
        ]
        least = relative_widths(design.box, bench.bounds).min()
        box = np.ravel([*_by_name(design.box, question.names).values()])
        rows.append([design.value, least, said, *box, *ranges])
    write_table(output / FRONT[0], [DISTANCE, "width", "missed", *ends, *names], rows)
    header = [DISTANCE, "width", *(column(t.name, "miss") for t in targets)]
    points = np.column_stack([curve.distance, curve.width, curve.misses])
    write_table(output / FRONT[1], header, points)
    yield f"front: {len(rows)} boxes, re-checked, in {output / FRONT[0]}"
    last = ", ".join(
        f"{t.name} by {miss:.4g}{unit_text(t.name)}"
        for t, miss in zip(targets, missed, strict=True)
        if miss > 0
    )
    yield f"  the widest of them, {least:.4g}, misses {last or 'no target'}"


def column(name: str, part: str, units: Mapping[str, str] = UNITS) -> str:
    """Name of a column: C22_low_GPa, or nu12_low of what has no unit."""
    return f"{name}_{part}" + ("" if units[name] == "1" else f"_{units[name]}")


def unit_text(constant: str) -> str:
    """What follows a number of a constant: its unit after a space, or nothing."""
    return "" if UNITS[constant] == "1" else f" {UNITS[constant]}"


def write_table(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[float | str | int]]
) -> None:
    """Write a CSV table; numbers with nine digits."""
    table = [dict(zip(header, row, strict=True)) for row in rows]
    write_text(path, csv_text(table, 9, header))
