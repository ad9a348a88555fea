"""Whether mistakes of an import are named, with their remedy, instead of an answer.

Unseen specimens are simulated, written as measurement files, and imported and inverted with one
mistake each that users make. A mistake counts as named if the import refuses it, or the verdict is
"none", and the text says the remedy.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.cache import cached_rows
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf, write_text
from slipfield.core.places import claimed
from slipfield.core.progress import progress
from slipfield.core.reading import read_json
from slipfield.core.tables import csv_text
from slipfield.kinds.slip.bench.measuring import (
    GRAIN_OPTIONS,
    import_measured,
    strain_options,
    write_measured,
)
from slipfield.kinds.slip.inversion.answers import Model
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.run import RESULT, invert
from slipfield.kinds.slip.measure.unseen import random_parameters, unseen_study
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.study import PARAMETERS, Study, check_study

UNLOADED_STRAIN, UNLOADING_SHARE = 7.5e-4, 0.1
"""Unloading at the end of a test: strain, about half of what an fcc metal springs back, and share
of the time."""
REFINEMENT = 4
"""Forward runs of the refinement; the model was trained without unloading."""

HEAD = ("specimen", "mistake", "stage", "named", "starred", "interval_holds", "text")


@dataclass
class Import:
    """One import: folder of the files, and the options that a user gives."""

    folder: Path
    dic: dict[str, Any]
    grains: dict[str, Any] = field(default_factory=lambda: dict(GRAIN_OPTIONS))


@dataclass(frozen=True)
class Mistake:
    """A mistake, how it is made, and what the text must say."""

    name: str
    make: Callable[[Import, int], None]
    remedy: tuple[str, ...]


def bench_mistakes(
    model: Path, output: Path, specimens: int, cells: int | None = None
) -> list[dict[str, Any]]:
    """Make every mistake on ``specimens`` specimens of ``cells`` elements along each side.

    Without ``cells``, those of the model. Writes ``summary.csv`` with a row for each; what is there
    already is not made again.

    Raises
    ------
    SlipfieldError
        If the model cannot be read, ``output`` holds another bench, or a specimen cannot be
        simulated.
    """
    loaded = Model.load(model)
    cells = cells or loaded.study.specimen.cells_x
    rows, shown = [], progress("make mistakes", specimens * len(MISTAKES))
    with claimed(output, "bench"), shown as advance:
        loaded.claim(output / "bench.json", "bench", {"cells": cells})
        for number in range(specimens):
            work = output / "work" / str(number)
            measured = cache(partial(_measured, loaded.study, number, specimens, cells, work))
            for mistake in MISTAKES:
                name = f"{number}-{mistake.name}".replace(" ", "-").replace("%", "percent")
                make = partial(_tried, model, measured, mistake, number, output / "work" / name)
                rows.append(cached_rows(output / "cases" / f"{name}.json", make))
                advance()
    write_text(output / "summary.csv", csv_text(rows, names=HEAD))
    return rows


def _measured(base: Study, number: int, count: int, cells: int, work: Path) -> Import:
    """Measurement files of one specimen."""
    study = unloading_study(unseen_study(base, count, cells))
    first = base.specimen.microstructures
    grains = make_microstructure(study, first + number)
    solver = Solver.prepare(study, grains, work)
    truth = random_parameters(base, number + 1, seed=first)[number]
    run = solver.run(truth)
    with open_netcdf(solver.microstructure) as data:
        grains = data.load()
    cell, files = study.specimen.height_mm / base.specimen.cells_y, work / "laboratory"
    if not (files / "truth.json").exists():
        write_measured(run, truth, grains, study, cell, number, files)
    return Import(files, strain_options(files))


def unloading_study(study: Study) -> Study:
    """Study whose specimens are unloaded by half at the end."""
    content = study.model_dump(mode="json")
    path = content["loading"]["path"]
    time, displacement = path[-1]
    back = UNLOADED_STRAIN * study.specimen.height_mm
    shortened = [[t * (1 - UNLOADING_SHARE), u] for t, u in path]
    content["loading"]["path"] = [*shortened, [time, displacement - back]]
    return check_study(content, "specimen that unloads")


def _tried(
    model: Path, measured: Callable[[], Import], mistake: Mistake, number: int, folder: Path
) -> dict[str, Any]:
    """Import and invert with one mistake; what came of it."""
    lab = folder / "files"
    given = copied(measured(), lab)
    truth = read_json(lab / "truth.json", "bench-mistakes")["parameters"]
    row: dict[str, Any] = {"specimen": number, "mistake": mistake.name}
    try:
        mistake.make(given, number)
        import_measured(lab, folder / "specimen.nc", given.dic, given.grains)
    except SlipfieldError as error:
        text = str(error).replace(str(lab), "")
        named = all(word in text for word in mistake.remedy)
        return {**row, "stage": "import", "named": named, "starred": False, "text": text} | {
            "interval_holds": ""
        }
    (folder / "result" / RESULT).unlink(missing_ok=True)
    found = invert(
        folder / "specimen.nc",
        [model],
        folder / "result",
        REFINEMENT,
        finer=False,
        membrane=True,  # as made
    )
    text = f"{found.verdict.word}: {found.verdict.sentence}"
    low, high = found.answer.low, found.answer.high
    inside = [bool(a < truth[n] < b) for a, b, n in zip(low, high, PARAMETERS, strict=True)]
    refused = not found.answered and all(word in text for word in mistake.remedy)
    return {
        **row,
        "stage": "verdict",
        "named": refused if mistake.remedy else found.answered,
        "starred": found.answered,
        "interval_holds": " ".join("yn"[not held] for held in inside),
        "text": text,
    }


def copied(made: Import, lab: Path) -> Import:
    """Copy measurement files for a mistake to be made in them, in place of what is there.

    A mistake that a stopped bench has made already is not made twice, which could undo it.
    """
    shutil.rmtree(lab, ignore_errors=True)
    shutil.copytree(made.folder, lab)
    options = {**made.dic, "outline": lab / "outline.csv"}
    return replace(made, folder=lab, dic=options, grains=dict(made.grains))


def _nothing(given: Import, number: int) -> None:
    """Make no mistake."""


def _mirror_x(given: Import, number: int) -> None:
    """Write every row of the orientation map the other way round."""
    path = given.folder / "grains.ctf"
    head, rows = _ctf_rows(path)
    columns = int(next(line for line in head if line.startswith("XCells")).split("\t")[1])
    places = [row[1:3] for row in rows]
    turned = np.arange(len(rows)).reshape(-1, columns)[:, ::-1].ravel()
    mirrored = [[rows[i][0], *place, *rows[i][3:]] for i, place in zip(turned, places, strict=True)]
    write_text(path, "\n".join([*head, *("\t".join(row) for row in mirrored)]) + "\n")


def _ctf_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Phase\t")) + 1
    return lines[:start], [line.split("\t") for line in lines[start:]]


def _mirror_y(given: Import, number: int) -> None:
    given.grains["y_axis"] = "up"


def _euler(given: Import, number: int) -> None:
    given.grains["euler_axes"] = "-y,x"


def _swap(given: Import, number: int) -> None:
    """Exchange the names of x and y, and of exx and eyy, in the strain maps."""
    for path in (given.folder / "dic").glob("*.csv"):
        head, body = path.read_text(encoding="utf-8").split("\n", 1)
        names = {'"x"': '"y"', '"y"': '"x"', '"exx"': '"eyy"', '"eyy"': '"exx"'}
        swapped = ", ".join(names.get(name, name) for name in head.split(", "))
        write_text(path, f"{swapped}\n{body}")


def _thickness(given: Import, number: int) -> None:
    given.dic["thickness"] *= 0.8 if number % 2 else 1.2


def _thickness_little(given: Import, number: int) -> None:
    given.dic["thickness"] *= 1.1 if number % 2 else 0.9


def _kilonewton(given: Import, number: int) -> None:
    """Loads in N under a header that says kN."""
    path = given.folder / "load.csv"
    write_text(path, path.read_text(encoding="utf-8").replace("load_N", "load_kN", 1))


def _scale(given: Import, number: int) -> None:
    given.dic["scale"] *= 2


MISTAKES: Sequence[Mistake] = (
    Mistake("none", _nothing, ()),
    Mistake("map mirrored in x", _mirror_x, ("mirrored left to right", "--y-axis")),
    Mistake("map mirrored in y", _mirror_y, ("mirrored upside down", "--y-axis")),
    Mistake("wrong Euler axes", _euler, ("--euler-axes=",)),
    Mistake("columns x and y swapped", _swap, ("--load-axis",)),
    Mistake("thickness 20 % off", _thickness, ("--thickness",)),
    Mistake("thickness 10 % off", _thickness_little, ("--thickness",)),
    Mistake("kN for N", _kilonewton, ("--load-unit",)),
    Mistake("pixel scale 2 x", _scale, ("--scale",)),
)
