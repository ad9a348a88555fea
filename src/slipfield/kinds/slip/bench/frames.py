"""Whether an answer depends on when frames were taken.

One unseen specimen is simulated once; its strain maps are written at the times of several
schedules, imported from files, and inverted. The model was trained on frames at equal times.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.cache import cached_rows
from slipfield.core.files import open_netcdf, write_text
from slipfield.core.places import claimed
from slipfield.core.progress import progress
from slipfield.core.tables import csv_text
from slipfield.kinds.slip.bench.measuring import import_measured, strain_options, write_measured
from slipfield.kinds.slip.inversion.answers import Model
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.kinds.slip.inversion.run import RESULT, invert
from slipfield.kinds.slip.measure.unseen import random_parameters, unseen_study
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.study import PARAMETERS, Study, check_study

SHARES: dict[str, tuple[float, ...]] = {
    "every 10 %": tuple(0.1 * n for n in range(1, 11)),
    "irregular": (0.03, 0.09, 0.22, 0.27, 0.49, 0.58, 0.66, 0.71, 0.96, 1.0),
    "every 5 %": tuple(0.05 * n for n in range(1, 21)),
    "every 8 %": tuple(0.08 * n for n in range(1, 13)),
}
"""Times of frames by schedule, as shares of the time of the test."""

REFINEMENT = 4
"""Forward runs of the refinement."""


def bench_frames(model: Path, output: Path, cells: int | None = None) -> list[dict[str, Any]]:
    """Invert one specimen of ``cells`` elements along each side by every schedule.

    Without ``cells``, those of the model.
    Writes ``summary.csv`` with a row for each estimate; what is there already is not made again.

    Raises
    ------
    SlipfieldError
        If the model cannot be read, ``output`` holds another bench, or the specimen cannot be
        simulated.
    """
    rows: list[dict[str, Any]] = []
    loaded = Model.load(model)
    cells = cells or loaded.study.specimen.cells_x
    with claimed(output, "bench"), progress("invert", len(SHARES)) as advance:
        loaded.claim(output / "bench.json", "bench", {"cells": cells})
        for name in SHARES:
            path = output / "cases" / f"{name.replace(' ', '-').replace('%', 'percent')}.json"
            make = partial(_measured, model, loaded.study, cells, name, output / "work", path.stem)
            rows += cached_rows(path, make)
            advance()
    write_text(output / "summary.csv", csv_text(rows))
    return rows


def _measured(
    model: Path, base: Study, cells: int, name: str, work: Path, folder: str
) -> list[dict[str, Any]]:
    """Rows of one schedule."""
    found, truth = _inverted(model, base, cells, name, work, work / folder)
    return _rows(name, found, truth)


def _inverted(
    model: Path, base: Study, cells: int, name: str, work: Path, folder: Path
) -> tuple[Inversion, np.ndarray]:
    """Inversion by one schedule, and the true parameters (3,)."""
    study = timed_study(unseen_study(base, 1, cells))
    index = base.specimen.microstructures
    solver = Solver.prepare(study, make_microstructure(study, index), work / "specimen")
    truth = random_parameters(base, 1, seed=index)[0]
    times = study.loading.path[-1][0] * np.array(SHARES[name])
    run = solver.run(truth).at(times)
    cell = study.specimen.height_mm / base.specimen.cells_y
    with open_netcdf(solver.microstructure) as grains:
        write_measured(run, truth, grains.load(), study, cell, 0, folder / "laboratory")
    _import(folder / "laboratory", run, folder / "specimen.nc")
    (folder / "result" / RESULT).unlink(missing_ok=True)
    result = folder / "result"
    found = invert(folder / "specimen.nc", [model], result, REFINEMENT, finer=False, membrane=True)
    return found, truth


def timed_study(study: Study) -> Study:
    """Study with outputs at the times of all schedules."""
    content = study.model_dump(mode="json")
    end = study.loading.path[-1][0]
    times = np.unique(np.round(np.concatenate([SHARES[name] for name in SHARES]), 6)) * end
    content["loading"] |= {"outputs": len(times), "output_times_s": times.tolist()}
    return check_study(content, "specimen of many frames")


def _import(files: Path, run: Reference, specimen: Path) -> None:
    """Import a folder of measurement files, with the times of the frames in a file."""
    write_text(files / "times.csv", "\n".join(f"{time:g}" for time in run.time) + "\n")
    timed = {**strain_options(files), "interval": None, "times": files / "times.csv"}
    import_measured(files, specimen, timed)


def _rows(name: str, found: Inversion, truth: np.ndarray) -> list[dict[str, Any]]:
    """One row for each estimate: values, ends of the intervals, and whether they hold."""
    masked = next(each.given for each in found.channels if each.name == "masked nodes")
    rows = []
    for answer in found.answers:
        row: dict[str, Any] = {
            "frames": name,
            "count": found.data.sizes["time"],
            "used": len(found.measurement.time) * found.measurement.averaged_frames,
            "masked_nodes": masked,
            "estimate": answer.method,
            "verdict": found.verdict.word,
        }
        for i, parameter in enumerate(PARAMETERS):
            low, high = float(answer.low[i]), float(answer.high[i])
            row[f"{parameter}_true"] = float(truth[i])
            row[parameter] = float(answer.parameters[i])
            row[f"{parameter}_low"], row[f"{parameter}_high"] = low, high
            row[f"{parameter}_held"] = bool(low < truth[i] < high)
        rows.append(row)
    return rows
