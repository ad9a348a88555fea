"""Unseen specimens through real optics: simulated, photographed, correlated, imported, inverted.

Each specimen is simulated on a finer mesh than the model's, painted with speckles, and correlated
by a real program from its images. Orientation map and load curve have the errors of instruments.
What is compared with the truth is what `import` and `invert` make of the files, as a user would
call them. A run that was stopped goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
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
from slipfield.kinds.slip.inversion.answers import Answer, Model
from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.kinds.slip.inversion.run import RESULT, invert
from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_orientation_map
from slipfield.kinds.slip.measure.loads import add_load
from slipfield.kinds.slip.measure.specimen_file import read_specimen, write_specimen
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from slipfield.kinds.slip.study import PARAMETERS
from slipfield.kinds.slip.virtual_lab.camera import Camera
from slipfield.kinds.slip.virtual_lab.files import Errors, off_by, write_others
from slipfield.kinds.slip.virtual_lab.images import Correlation, strain_maps
from slipfield.kinds.slip.virtual_lab.specimens import Sheet, simulated

SPECIMEN = "specimen.nc"


@dataclass(frozen=True)
class Plan:
    """What is measured, and how.

    Attributes
    ----------
    specimens, first : number of unseen specimens, and number of the first one.
    cells : elements along each side of the specimens.
    frames : strain maps of each test, at most those of the model.
    solves : forward runs that a refinement may take.
    camera, correlation, errors : the instruments.
    """

    specimens: int
    cells: int
    first: int = 0
    frames: int = 20
    solves: int = 5
    camera: Camera = field(default_factory=Camera)
    correlation: Correlation = field(default_factory=Correlation)
    errors: Errors = field(default_factory=Errors)


def virtual_lab(model: Path, output: Path, plan: Plan) -> list[dict[str, Any]]:
    """Measure and invert unseen specimens; write ``summary.csv``, a row for each.

    Raises
    ------
    SlipfieldError
        If the model is no projection inverter, ``output`` holds another plan, or a step fails.
    """
    loaded = Model.load(model)
    if not loaded.projects:
        raise SlipfieldError(f"{model}: needs a projection inverter")
    numbers = range(plan.first, plan.first + plan.specimens)
    shown = progress("measure and invert", len(numbers))
    with claimed(output, "virtual-lab"), shown as advance:
        _claim(output, loaded, plan)
        for number in numbers:
            work = output / "work" / f"{number:03d}"
            path = output / "cases" / f"{number:03d}.json"
            cached_rows(path, partial(measured, model, loaded, number, work, plan))
            advance()
    cases = sorted((output / "cases").glob("*.json"))
    rows = [read_json(case, "virtual-lab") for case in cases]
    write_text(output / "summary.csv", csv_text(rows, digits=6))
    return rows


def _claim(output: Path, model: Model, plan: Plan) -> None:
    """Write down what is measured, or refuse a folder in which something else was."""
    facts = {
        "cells": plan.cells,
        "frames": plan.frames,
        "solves": plan.solves,
        **{name: asdict(getattr(plan, name)) for name in ("camera", "correlation", "errors")},
    }
    model.claim(output / "plan.json", "plan", facts)


def measured(model: Path, loaded: Model, number: int, work: Path, plan: Plan) -> dict[str, Any]:
    """Row of one specimen: truth, estimates, errors and intervals."""
    sheet = simulated(loaded.study, number, plan.cells, work / "simulated")
    files = work / "files"
    scene = strain_maps(sheet, plan.camera, plan.correlation, number, plan.frames, files)
    if not (files / "outline.csv").exists():
        with open_netcdf(sheet.microstructure) as data:
            grains = data.load()
        time, load = sheet.time, sheet.load
        write_others(grains, sheet.study, time, load, plan.errors, number, files)
    if not (work / SPECIMEN).exists():
        specimen = sheet.study.specimen
        options = StrainOptions(
            scale=scene.scale,
            times=files / "times.csv",
            measure="green_lagrange",
            corner=scene.corner,
            sheet=(specimen.width_mm, specimen.height_mm),
            outline=files / "outline.csv",
            thickness=specimen.thickness_mm,
            subset=plan.correlation.subset,
            step=plan.correlation.step,
            strain_window=plan.correlation.strain_window,
        )
        data = import_strain(sorted(files.glob("dic/*/*.csv")), options)
        data = add_load(data, files / "load.csv", None, 0.0, None)
        marks = GrainOptions(control_points=files / "marks.csv" if plan.errors.marks else None)
        data = add_orientation_map(data, files / "grains.ctf", marks)
        write_specimen(data, work / SPECIMEN)
    (work / "inverted" / RESULT).unlink(missing_ok=True)
    known = work / "simulated" / "truth.json"
    found = invert(
        work / SPECIMEN, [model], work / "inverted", plan.solves, known=known, membrane=True
    )
    imported = read_specimen(work / SPECIMEN)["affine"].values
    return row_of(number, sheet, found) | _map_places(sheet, plan.errors, imported, found)


def _map_places(
    sheet: Sheet, errors: Errors, imported: np.ndarray, found: Inversion
) -> dict[str, float]:
    """How far the orientation map lies off, as imported and where the refinement moved it."""
    row: dict[str, float] = {}
    moved = found.data["affine"].values
    for label, affine in (("imported", imported), ("registered", moved)):
        distance, turn = off_by(affine, sheet.study, errors)
        row |= {f"map_{label}_off_um": distance, f"map_{label}_turned_deg": turn}
    return row


def row_of(number: int, sheet: Sheet, found: Inversion) -> dict[str, Any]:
    """What came of one specimen, flat."""
    named = dict(zip(PARAMETERS, sheet.parameters, strict=True))
    row: dict[str, Any] = {
        "specimen": number,
        **{f"{name}_true": float(value) for name, value in named.items()},
        "verdict": found.verdict.word,
        "cause": found.verdict.cause,
        "answer": found.choice.method if found.answered else "",
        "strain_residual": float(found.fit.residual),
        "strain_noise": float(found.fit.noise),
        "forward_runs": found.seconds["number of forward runs"],
    }
    for answer in (found.answer, *found.answers):
        label = "answer" if answer is found.answer and "answer_k1" not in row else answer.method
        row |= _estimate(label, answer, sheet.parameters)
    return row


def _estimate(label: str, answer: Answer, truth: np.ndarray) -> dict[str, Any]:
    """Value, interval, error and half-width in per cent, and whether the interval holds."""
    row: dict[str, Any] = {}
    values = zip(PARAMETERS, answer.parameters, answer.low, answer.high, truth, strict=True)
    for name, value, low, high, true in values:
        row |= {
            f"{label}_{name}": float(value),
            f"{label}_{name}_low": float(low),
            f"{label}_{name}_high": float(high),
            f"{label}_{name}_error_percent": float(100 * (value / true - 1)),
            f"{label}_{name}_half_width_percent": float(50 * (high - low) / value),
            f"{label}_{name}_holds": bool(low < true < high),
        }
    return row


def summary_lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Medians over the specimens of each estimate."""
    lines = []
    for label in ("answer", "projection", "refined"):
        own = [row for row in rows if f"{label}_k1" in row]
        if not own:
            continue
        error, half = (
            ", ".join(
                f"{np.median([abs(row[f'{label}_{name}_{part}_percent']) for row in own]):.2g}"
                for name in PARAMETERS
            )
            for part in ("error", "half_width")
        )
        holds = sum(row[f"{label}_{name}_holds"] for row in own for name in PARAMETERS)
        lines.append(
            f"{label}: median error of k1, k2, k3 {error} %, half-width {half} %, "
            f"{holds} of {3 * len(own)} intervals hold the truth"
        )
    return [*lines, *_map_lines(rows)]


def _map_lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Where the orientation maps lie, at worst."""
    own = [row for row in rows if "map_registered_off_um" in row]
    return [
        f"orientation maps as {label}: off by {max(r[f'map_{label}_off_um'] for r in own):.2g} um, "
        f"turned by {max(r[f'map_{label}_turned_deg'] for r in own):.2g} degrees at most"
        for label in ("imported", "registered")
        if own
    ]
