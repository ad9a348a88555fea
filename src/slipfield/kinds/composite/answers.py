"""What the command line asks of a composite, and the files and lines that answer it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.kinds.composite.constants import CONSTANTS, STIFFNESSES
from slipfield.kinds.composite.design import Design, Target
from slipfield.kinds.composite.geometry import CELLS
from slipfield.kinds.composite.parameters import PARAMETERS, check_parameters
from slipfield.kinds.composite.searches import Front, Widths, largest, widest

BOUNDS = {
    "em": (2.0, 8.0),
    "num": (0.3, 0.4),
    "ef": (50.0, 450.0),
    "nuf": (0.2, 0.35),
    "fraction": (0.2, 0.4),
}
"""Bounds of the parameters (GPa, 1) where none are given: those of the published study."""

FRONT_WIDTH = 0.2
"""Normalised width at which a front ends."""


def check_array(array: str) -> None:
    """Refuse an unknown fibre array.

    Raises
    ------
    SlipfieldError
        Naming the arrays that exist.
    """
    if array not in CELLS:
        raise SlipfieldError(f"array: given {array!r}; arrays are {', '.join(CELLS)}")


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

    values, slopes = Cell(array, void, degree).constants(np.array([point]))
    content: dict[str, Any] = dict(zip(CONSTANTS, map(float, values[0]), strict=True))
    if gradient:
        content["gradient"] = {
            name: dict(zip(PARAMETERS, map(float, row), strict=True))
            for name, row in zip(CONSTANTS, slopes[0], strict=True)
        }
    return json.dumps(content)


@dataclass(frozen=True)
class Question:
    """Targets, bounds of the parameters and tolerances.

    Attributes
    ----------
    bounds : (2, 5).  widths : of the box of the user's tolerances, or None.
    """

    targets: tuple[Target, ...]
    bounds: np.ndarray
    widths: Widths | None
    array: str
    seed: int

    @classmethod
    def parse(
        cls,
        targets: Sequence[tuple[str, float, float]],
        bounds: Sequence[tuple[str, float, float]],
        tolerances: Sequence[tuple[str, str]],
        array: str = "square",
        seed: int = 0,
    ) -> Question:
        """Check what was given.

        Raises
        ------
        SlipfieldError
            Naming what is wrong and what is allowed.
        """
        check_array(array)
        if not targets:
            raise SlipfieldError(
                "target: none given; name a constant and its bounds, such as C22 15.2 16.8"
            )
        found = tuple(Target(*target) for target in targets)
        if len({t.name for t in found}) < len(found):
            raise SlipfieldError("target: a constant is given twice; keep one of them")
        box = dict(BOUNDS)
        for name, low, high in bounds:
            _check_name(name, "bounds")
            if not low < high:
                raise SlipfieldError(
                    f"bounds {name}: given {low} to {high}; the lowest value must be below the "
                    "highest"
                )
            box[name] = (low, high)
        for ends in np.array([box[name] for name in PARAMETERS]).T:
            check_parameters(dict(zip(PARAMETERS, ends, strict=True)), CELLS[array].packing)
        table = np.array([box[name] for name in PARAMETERS]).T
        return cls(found, table, _widths(tolerances), array, seed)


def _check_name(name: str, option: str) -> None:
    if name not in PARAMETERS:
        raise SlipfieldError(f"{option}: given {name!r}; parameters are {', '.join(PARAMETERS)}")


def _widths(tolerances: Sequence[tuple[str, str]]) -> Widths | None:
    """Widths of a box of plus or minus the tolerances; a parameter without one has none."""
    if not tolerances:
        return None
    constant, share = np.zeros(5), np.zeros(5)
    for name, text in tolerances:
        _check_name(name, "tolerance")
        try:
            value = float(text.removesuffix("%"))
        except ValueError:
            value = np.nan
        if not 0 < value < np.inf:
            raise SlipfieldError(
                f"tolerance {name}: given {text!r}; expected a positive number such as 0.25, or a "
                "share such as 5%"
            )
        k = PARAMETERS.index(name)
        if text.endswith("%"):
            share[k] = value / 100
        else:
            constant[k] = 2 * value
    return Widths(constant, share)


def design_content(design: Design, bounds: np.ndarray, missed: int, draws: int) -> dict[str, Any]:
    """A box and what holds for it, as written to JSON."""
    relative = np.ptp(design.box, axis=0) / np.ptp(bounds, axis=0)
    return {
        "width": float(relative.min()),
        "volume": float(relative.prod()),
        "box": {
            n: list(map(float, ends)) for n, ends in zip(PARAMETERS, design.box.T, strict=True)
        },
        "range": {r.name: [r.low, r.high] for r in design.ranges},
        "proved": {r.name: list(r.proved) for r in design.ranges},
        "draws": {"count": draws, "missed": missed},
    }


def run_design(
    question: Question, output: Path, front: bool = False, draws: int = 10_000
) -> Iterator[str]:
    """Find the boxes, write ``design.json`` (and ``front.csv``) into ``output``; give lines.

    Raises
    ------
    SlipfieldError
        If no box keeps the targets.
    """
    from slipfield.kinds.composite.rechecked import Workbench

    targets, bounds = question.targets, question.bounds
    bench = Workbench.prepare(bounds, question.array, seed=question.seed)
    yield f"reduced basis of {bench.reduced.solves} cells, {question.array} array"
    searches = {"widest": lambda p, first: widest(p, seed=question.seed, first=first)}
    if question.widths is not None:
        searches["tolerances"] = lambda p, first: widest(
            p, question.widths, seed=question.seed, first=first
        )
    searches["largest"] = lambda p, first: largest(p, seed=question.seed, first=first)
    found: dict[str, dict[str, Any]] = {}
    for name, search in searches.items():
        design, values = bench.search(targets, search)
        missed = bench.missed(design, targets, draws, question.seed) if draws else 0
        found[name] = design_content(design, bounds, missed, draws)
        found[name]["starts"] = sorted(map(float, values))
        if name == "tolerances":
            found[name]["tolerance_factor"] = design.value
            yield f"a box of {design.value:.4g} times the tolerances keeps the targets"
        yield from _lines(name, design, missed, draws)
        if name == "widest" and front:
            curve = bench.front(targets, FRONT_WIDTH, design)
            write_text(output / "front.csv", front_table(curve))
            yield f"front: {len(curve.width)} boxes in {output / 'front.csv'}"
    content = {
        "targets": {t.name: [t.low, t.high] for t in targets},
        "bounds": {n: list(map(float, b)) for n, b in zip(PARAMETERS, bounds.T, strict=True)},
        "array": question.array,
        **found.pop("widest"),
        **found,
    }
    write_text(output / "design.json", json.dumps(content, indent=1) + "\n")
    yield f"written: {output / 'design.json'}"


def _lines(name: str, design: Design, missed: int, draws: int) -> Iterator[str]:
    ends = (
        f"{p} [{low:.5g}, {high:.5g}]"
        for p, (low, high) in zip(PARAMETERS, design.box.T, strict=True)
    )
    yield f"{name} box: {', '.join(ends)}"
    for found in design.ranges:
        unit = " GPa" if found.name in STIFFNESSES or found.name[0] in "EG" else ""
        yield f"  {found.name} by the cell: [{found.low:.6f}, {found.high:.6f}]{unit}"
    if draws:
        yield f"  of {draws} materials drawn from it, {missed} miss a target"


def front_table(curve: Front) -> str:
    """CSV of a front: distance, width and the ends of every box."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    ends = [f"{name}_{end}" for name in PARAMETERS for end in ("low", "high")]
    writer.writerow(["distance", "width", *ends])
    for distance, width, box in zip(curve.distance, curve.width, curve.boxes, strict=True):
        writer.writerow([f"{value:.9g}" for value in (distance, width, *box.T.ravel())])
    return text.getvalue()
