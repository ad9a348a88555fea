"""What an inversion costs and reaches, on specimens that no model has seen.

Forward runs that refinement needs from the projection and from the centre of the box (the latter is
what finite-element model updating does in practice), errors, coverage of the intervals and seconds.
Specimens have fresh microstructures and random parameters, and are measured at the nodes of their
mesh, which may be finer than that of the inversion, with white noise. A bench that was stopped goes
on with the specimen at which it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.cache import cached_rows
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf
from slipfield.core.places import claimed
from slipfield.core.progress import progress
from slipfield.kinds.slip.bench.inversion_tables import write_tables
from slipfield.kinds.slip.inversion.answers import Answer, Model, by_prediction, by_projection
from slipfield.kinds.slip.inversion.choice import Fit, choose
from slipfield.kinds.slip.inversion.estimates import refined_answer
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.preparation import DEFAULT_LOAD_NOISE, box_prior
from slipfield.kinds.slip.inversion.refine import Problem, Refined, refine, refine_further
from slipfield.kinds.slip.inversion.report.figures import figure_bench
from slipfield.kinds.slip.measure.noise import strain_noise
from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.measure.unseen import random_parameters, unseen_study
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.mesh import Mesh, bilinear_weights
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.study import Noise, Study
from slipfield.report.style import save_figure

STARTS = ("projection", "centre")
NOISELESS = 1e-3
"""Weight of a load without noise: the accuracy of the forward model."""


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes
    ----------
    specimens, noises : unseen specimens, and the noises that each is measured with.
    cells, measured_cells : elements along each side in the inversion and in the specimen, by
        default those of the model and those of the inversion.
    solves : forward runs that a refinement may take.
    """

    specimens: int
    noises: Sequence[Noise]
    cells: int | None = None
    measured_cells: int | None = None
    solves: int = 12


@dataclass(frozen=True)
class Case:
    """One unseen specimen: its number, true ln k and solvers.

    Attributes
    ----------
    specimen, inversion, finer : on its own mesh, on that of the inversion and on one twice as fine.
    """

    number: int
    truth: np.ndarray
    specimen: Solver
    inversion: Solver
    finer: Solver


def bench_inversion(
    model_folder: Path, output: Path, plan: Plan, network_folder: Path | None = None
) -> list[dict[str, Any]]:
    """Invert unseen specimens; write ``summary.csv``, ``seconds.json`` and ``refinement.png``.

    Parameters
    ----------
    network_folder : folder of a network whose answer is timed on every specimen, too.

    Returns
    -------
    list of dict
        Rows of the summary: medians over the specimens.

    Raises
    ------
    SlipfieldError
        If the model is no projection inverter, or ``output`` holds the cases of another bench.
    """
    model = Model.load(model_folder)
    if not model.projects:
        raise SlipfieldError(f"{model_folder}: needs a projection inverter")
    network = None if network_folder is None else Model.load(network_folder)
    study = unseen_study(model.study, plan.specimens, plan.cells)
    rows = []
    shown = progress("invert unseen specimens", plan.specimens)
    with claimed(output, "bench"), shown as advance:
        _claim(output, model, network, plan, study)
        for number in range(plan.specimens):
            path = output / "cases" / f"{number:03d}.json"
            rows += cached_rows(path, partial(_all_rows, model, network, number, plan, output))
            advance()
    save_figure(figure_bench(rows), output / "refinement.png")
    return write_tables(rows, output)


def _claim(output: Path, model: Model, network: Model | None, plan: Plan, study: Study) -> None:
    """Write down what is measured, or refuse a folder in which something else was."""
    facts = {
        "network_hash": network.weights_hash if network else None,
        "adapted": model.adapted,
        "training_cells": [model.study.specimen.cells_x, model.study.specimen.cells_y],
        "grains": study.specimen.grains,
        "cells": [study.specimen.cells_x, study.specimen.cells_y],
        "measured_cells": plan.measured_cells or study.specimen.cells_x,
        "noises": [noise.model_dump(mode="json") for noise in plan.noises],
        "solves": plan.solves,
        "physics_hash": study.physics_hash(),
    }
    former = {"network_sha256": network.former_hash if network else None}
    model.claim(output / "bench.json", "bench", facts, former)


def _all_rows(
    model: Model, network: Model | None, number: int, plan: Plan, output: Path
) -> list[dict[str, Any]]:
    """Rows of one specimen under every noise."""
    case = _case(model, number, plan, output)
    return [row for noise in plan.noises for row in _rows(model, network, case, noise, plan)]


def _case(model: Model, number: int, plan: Plan, output: Path) -> Case:
    first = model.study.specimen.microstructures
    cells = plan.cells or model.study.specimen.cells_x
    solvers = []
    for each in (plan.measured_cells or cells, cells, 2 * cells):
        own = unseen_study(model.study, plan.specimens, each)
        folder = output / "work" / f"{number:03d}-{each}"
        solvers.append(Solver.prepare(own, make_microstructure(own, first + number), folder))
    truth = random_parameters(model.study, number + 1, seed=first)[number]
    return Case(number, np.log(truth), *solvers)


def _rows(
    model: Model, network: Model | None, case: Case, noise: Noise, plan: Plan
) -> list[dict[str, Any]]:
    """Rows of one specimen under one noise: one for each start."""
    solver, centre = case.inversion, np.array(model.study.sampling.centre)
    measurement = noisy(case.specimen, solver, np.exp(case.truth), noise, case.number)
    load_noise = noise.load_relative_std or NOISELESS
    known = noise.strain_std or strain_noise(measurement.points, measurement.time)
    prior = box_prior(model.study)
    problem = Problem(measurement, solver.run, load_noise, prior, strain_noise=known)
    before = len(solver.cpu)
    reference, began = solver.run(centre), time.process_time()
    answer = by_projection(model, reference, measurement, load_noise)
    own = {"projection": time.process_time() - began, "reference": solver.cpu[before:]}
    if network is not None:
        own["network_wall"] = _network_seconds(network, case, measurement)
    rows = []
    for start in STARTS[: 1 if plan.measured_cells else 2]:
        point = answer.parameters if start == "projection" else centre
        before = len(solver.cpu)
        result = refine(problem, np.log(point), plan.solves)
        fit = Fit(result.residual, known)
        rows.append(
            {
                "specimen": case.number,
                "strain_noise": noise.strain_std,
                "load_noise": noise.load_relative_std,
                "start": start,
                "runs": len(result.path) + (start == "projection"),
                "converged": result.converged,
                "errors": _errors(result, case.truth, start, centre),
                "cpu_seconds": {**own, "refinement": solver.cpu[before:]},
                "projection": _against(answer, case.truth),
                "refined": _against(refined_answer(result, 0.0), case.truth),
                **_chosen(model, case, noise, problem, answer, result, fit),
            }
        )
    return rows


def _chosen(
    model: Model,
    case: Case,
    noise: Noise,
    problem: Problem,
    answer: Answer,
    result: Refined,
    fit: Fit,
) -> dict[str, Any]:
    """Which estimate `invert` would answer with, on a finer mesh where that is called for."""
    lack = fit.lack
    if fit.fails:
        measured = noisy(case.specimen, case.finer, np.exp(case.truth), noise, case.number)
        sharper = replace(problem, measurement=measured, forward=case.finer.run)
        result = refine_further(result, sharper)
        fit = replace(fit, residual=result.residual)
    refined = refined_answer(result, 0.0)
    method = choose([answer, refined], model.adapted, result, fit).method
    final = refined if method == refined.method else answer
    further = len(result.path) if result.coarser is not None else 0
    return {"lack": lack, "finer_runs": further, "answer": _against(final, case.truth)}


def _against(answer: Answer, truth: np.ndarray) -> dict[str, list]:
    """Errors of ln k and whether the intervals hold the truth."""
    low, high = np.log(answer.low), np.log(answer.high)
    error = np.log(answer.parameters) - truth
    return {"error": error.tolist(), "covered": ((low < truth) & (truth < high)).tolist()}


def _network_seconds(network: Model, case: Case, measurement: Measurement) -> float:
    """Wall time of a network's answer, s."""
    with open_netcdf(case.inversion.microstructure) as data:
        grains = data.load()
    began = time.perf_counter()
    by_prediction(network, case.inversion.study, grains, measurement)
    return time.perf_counter() - began


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


def noisy(
    specimen: Solver, inversion: Solver, parameters: np.ndarray, noise: Noise, seed: int
) -> Measurement:
    """Measurement of a specimen at the nodes of its mesh, with white noise.

    Parameters
    ----------
    specimen, inversion : solvers on the mesh of the specimen and on that of the inversion.
    """
    run: Reference = specimen.run(parameters)
    own, mesh = (Mesh.read(solver.microstructure) for solver in (specimen, inversion))
    inside, sampling = bilinear_weights(mesh, own.x.ravel(), own.y.ravel())
    random = np.random.default_rng((noise.seed, seed))
    points = run.strain.reshape(len(run.time), 3, -1).astype(float)
    points = points + noise.strain_std * random.standard_normal(points.shape)
    load = run.load * (1 + noise.load_relative_std * random.standard_normal(len(run.time)))
    spacing = tuple(np.ptp(v) / (n - 1) for v, n in ((own.x, own.shape[1]), (own.y, own.shape[0])))
    return Measurement(run.time, points[:, :, inside], load, sampling, mesh, spacing)


def noise_levels(strain: float, load: float = DEFAULT_LOAD_NOISE) -> list[Noise]:
    """Without noise, and with it."""
    return [Noise(), Noise(strain_std=strain, load_relative_std=load)]
