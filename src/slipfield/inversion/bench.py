"""Forward runs that refinement needs from the projection and from the centre of the box.

The latter is what finite-element model updating does in practice. Specimens are unseen: fresh
microstructures, random parameters, measured at the nodes with white noise.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import eye_array

from slipfield import __version__
from slipfield.errors import SlipfieldError
from slipfield.figures.inversion import figure_bench
from slipfield.figures.style import save_figure
from slipfield.files import write_text
from slipfield.inversion.launch import Solver
from slipfield.inversion.predict import Model, by_projection
from slipfield.inversion.refine import Problem, Refined, refine
from slipfield.inversion.resample import Measurement, Mesh
from slipfield.inversion.run import DEFAULT_LOAD_NOISE, box_prior
from slipfield.inversion.unseen import random_parameters, unseen_study
from slipfield.progress import progress
from slipfield.projection.reference import Reference
from slipfield.specimen.microstructure import make_microstructure
from slipfield.study import Noise

STARTS = ("projection", "centre")
NOISELESS = 1e-3
"""Weight of a load without noise: the accuracy of the forward model."""


@dataclass(frozen=True)
class Case:
    """One unseen specimen: its number, true ln k and solver."""

    number: int
    truth: np.ndarray
    solver: Solver


def bench_refinement(
    model_folder: Path,
    output: Path,
    specimens: int,
    noises: Sequence[Noise],
    cells: int | None,
    solves: int,
) -> dict[str, Any]:
    """Refine ``specimens`` unseen specimens from both starts; write JSON and a figure.

    Returns
    -------
    dict
        ``cases``: one row per specimen, noise and start, with the errors of ln k after each
        forward run, the reference run included; ``summary``: medians over the specimens.

    Raises
    ------
    SlipfieldError
        If the model is no projection inverter or there are no specimens.
    """
    model = Model.load(model_folder)
    if model.name != "projection" or specimens < 1:
        raise SlipfieldError(f"{model_folder}: needs a projection inverter and 1 specimen or more")
    study = unseen_study(model.study, specimens, cells)
    first = model.study.specimen.microstructures
    parameters = random_parameters(study, specimens, seed=first)
    rows = []
    with progress("refine unseen specimens", specimens) as advance:
        for number in range(specimens):
            grains = make_microstructure(study, first + number)
            solver = Solver.prepare(study, grains, output / "work" / f"{number:02d}")
            case = Case(number, np.log(parameters[number]), solver)
            for noise in noises:
                rows += _both_starts(model, case, noise, solves)
            advance()
    content = {
        "slipfield_version": __version__,
        "cells": [study.specimen.cells_x, study.specimen.cells_y],
        "specimens": specimens,
        "seconds_per_run": float(np.median(_seconds(rows))),
        "summary": summary(rows),
        "cases": rows,
    }
    write_text(output / "refinement.json", json.dumps(content, indent=1) + "\n")
    save_figure(figure_bench(rows), output / "refinement.png")
    return content


def _seconds(rows: Sequence[dict[str, Any]]) -> list[float]:
    return [s for row in rows for s in row["run_seconds"]] or [float("nan")]


def _both_starts(model: Model, case: Case, noise: Noise, solves: int) -> list[dict[str, Any]]:
    """Rows of one specimen under one noise."""
    solver, centre = case.solver, np.array(model.study.sampling.centre)
    grains = solver.microstructure
    measurement = noisy(solver.run(np.exp(case.truth)), grains, noise, case.number)
    load_noise = noise.load_relative_std or NOISELESS
    problem = Problem(measurement, solver.run, load_noise, box_prior(model.study))
    reference = solver.run(centre)
    began = time.perf_counter()
    answer = by_projection(model, reference, measurement, load_noise)
    seconds = time.perf_counter() - began
    rows = []
    for start in STARTS:
        point = answer.parameters if start == "projection" else centre
        before = len(solver.seconds)
        result = refine(problem, np.log(point), solves)
        rows.append(
            {
                "specimen": case.number,
                "strain_noise": noise.strain_std,
                "load_noise": noise.load_relative_std,
                "start": start,
                "runs": _runs(result) + (start == "projection"),
                "converged": result.converged,
                "errors": _errors(result, case.truth, start, centre),
                "final": (result.log_parameters - case.truth).tolist(),
                "deviation": np.sqrt(np.diag(result.covariance)).tolist(),
                "projection_seconds": seconds,
                "run_seconds": solver.seconds[before:],
            }
        )
    return rows


def _runs(result: Refined) -> int:
    return len(result.path)


def _errors(result: Refined, truth: np.ndarray, start: str, centre: np.ndarray) -> list[float]:
    """Largest error of ln k of the best point so far, after each forward run.

    The projection's first run is the reference at the centre; it answers after that.
    """
    found = [float(np.abs(np.log(centre) - truth).max())] if start == "projection" else []
    best = np.inf
    for number, step in enumerate(result.path):
        if step.accepted:
            best = float(np.abs(step.log_parameters - truth).max())
        if start == "projection" and number == 0:
            found[0] = best
        found.append(best)
    return found


def noisy(run: Reference, microstructure: Path, noise: Noise, seed: int) -> Measurement:
    """Measurement at the nodes: a forward run with white noise."""
    import xarray as xr

    with xr.open_dataset(microstructure) as data:
        mesh = Mesh(data["x_mm"].values, data["y_mm"].values)
    random = np.random.default_rng((noise.seed, seed))
    points = run.strain.reshape(len(run.time), 3, -1).astype(float)
    points = points + noise.strain_std * random.standard_normal(points.shape)
    load = run.load * (1 + noise.load_relative_std * random.standard_normal(len(run.time)))
    spacing = tuple(
        np.ptp(v) / (n - 1) for v, n in ((mesh.x, mesh.shape[1]), (mesh.y, mesh.shape[0]))
    )
    sampling = eye_array(points.shape[2]).tocsr()
    return Measurement(run.time, points, load, sampling, mesh, spacing)


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Medians over the specimens for each noise and start."""
    found = []
    for noise in dict.fromkeys(row["strain_noise"] for row in rows):
        for start in STARTS:
            own = [r for r in rows if r["start"] == start and r["strain_noise"] == noise]
            errors = 100 * np.abs(np.expm1([row["final"] for row in own]))
            found.append(
                {
                    "strain_noise": noise,
                    "load_noise": own[0]["load_noise"],
                    "start": start,
                    "median_runs": float(np.median([row["runs"] for row in own])),
                    "most_runs": max(row["runs"] for row in own),
                    "converged": sum(row["converged"] for row in own),
                    "median_error_percent": np.median(errors, axis=0).tolist(),
                    "largest_error_percent": errors.max(axis=0).tolist(),
                }
            )
    return found


def noise_levels(strain: float, load: float = DEFAULT_LOAD_NOISE) -> list[Noise]:
    """Without noise, and with it."""
    return [Noise(), Noise(strain_std=strain, load_relative_std=load)]
