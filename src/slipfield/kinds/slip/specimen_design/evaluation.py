"""What a search may ask of sheets: how well they tell k1, k2, k3, how strong and even they are."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_netcdf
from slipfield.core.kind import Evaluation
from slipfield.kinds.slip.inversion.forward import Solver, start_verb
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.specimen_design.information import (
    information,
    localisation,
    standard_errors,
)
from slipfield.kinds.slip.specimen_design.variables import VARIABLES, designed
from slipfield.kinds.slip.study import PARAMETERS, Study

WORST = "worst_error_ln_k"
ERRORS = tuple(f"error_ln_{name}" for name in PARAMETERS)
LOAD, LOCALISATION = "load_N", "localisation"
OUTPUTS = (WORST, *ERRORS, LOAD, LOCALISATION)
"""Standard errors of ln k, load at the end, N, and localisation of the strain there."""


def evaluate(study: Study, inputs: Mapping[str, float], seed: int) -> dict[str, float]:
    """Outputs of one design at the centre of the sampling box, mean over fresh grain maps.

    There are ``specimen.microstructures`` of them; with two or more, NAME_std is the standard
    deviation of the mean.

    Raises
    ------
    SlipfieldError
        If the design is refused or a run fails.
    """
    sheet = designed(study, inputs, 1000 * seed)
    with tempfile.TemporaryDirectory(prefix="slipfield-design-") as folder:
        runs = reference_runs(sheet, Path(folder))
    rows = [_of_one(sheet, run) for run in runs]
    table = {name: np.array([row[name] for row in rows]) for name in OUTPUTS}
    found = {name: float(values.mean()) for name, values in table.items()}
    if len(rows) > 1:
        root = len(rows) ** 0.5
        found |= {f"{n}_std": float(v.std(ddof=1) / root) for n, v in table.items()}
    return found


def reference_runs(sheet: Study, folder: Path) -> list[Reference]:
    """Runs with sensitivities of all grain maps of a sheet, by one process of the solver."""
    count = sheet.specimen.microstructures
    solver = Solver.prepare(sheet, make_microstructure(sheet, 0), folder)
    maps = [solver.microstructure, *(folder / f"grains-{n}.nc" for n in range(1, count))]
    runs = [folder / f"run-{number}.nc" for number in range(count)]
    for number, path in enumerate(maps[1:], start=1):
        write_netcdf(make_microstructure(sheet, number), path, sheet)
    more = [
        str(each)
        for grains, run in zip(maps[1:], runs[1:], strict=True)
        for each in ("--microstructure", grains.resolve(), "--output", run.resolve())
    ]
    files = {"config": "study.yaml", "microstructure": maps[0].name}
    start_verb("reference", folder, files, runs[0].name, more)
    return [Reference.read(run) for run in runs]


def _of_one(sheet: Study, run: Reference) -> dict[str, float]:
    specimen = sheet.specimen
    if not (run.load > 0).all():
        raise SlipfieldError("load: not positive at all outputs; unload by less")
    cell = (specimen.width_mm * specimen.height_mm / specimen.cells_x / specimen.cells_y) ** 0.5
    fisher = information(run, cell, sheet.noise)
    errors = standard_errors(fisher, np.array(sheet.sampling.box))
    return {
        WORST: float(errors.max()),
        **dict(zip(ERRORS, errors.tolist(), strict=True)),
        LOAD: float(run.load[-1]),
        LOCALISATION: localisation(run.strain[-1, 1]),
    }


SHEET = Evaluation(inputs=VARIABLES, outputs=OUTPUTS, run=evaluate)
"""The evaluation ``sheet`` of this kind."""
