"""Inversion of one measured specimen, from its file to estimates, forward check and report."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.errors import SlipfieldError
from slipfield.files import write_text
from slipfield.inversion.comparison import compare, deviations
from slipfield.inversion.launch import Solver
from slipfield.inversion.outcome import Inversion, to_json
from slipfield.inversion.predict import Answer, Model, by_network, by_projection
from slipfield.inversion.refine import Iterate, Prior, Problem, refine
from slipfield.inversion.resample import Mesh, resample
from slipfield.inversion.sheet import measured_microstructure, measured_study
from slipfield.inversion.specimen_file import read_specimen
from slipfield.inversion.unusual import channels
from slipfield.study import PARAMETERS, Study

RESULT = "inversion.json"
DEFAULT_LOAD_NOISE = 5e-3
NORMAL_95 = 1.96


def invert(
    specimen: Path,
    models: Sequence[Path],
    output: Path,
    solves: int = 0,
    cells: tuple[int, int] | None = None,
    start: str = "prediction",
    draws: int = 3,
) -> Inversion:
    """Invert a specimen file and write ``inversion.json``, figures and ``report.html``.

    Parameters
    ----------
    models : folders of trained inverters; a projection inverter's answer goes first.
    solves : forward runs that the refinement may take, 0 for none.
    cells : elements along x and y, by default those of the model.
    start : where the refinement starts: "prediction" or "centre" (of the sampling box).
    draws : draws of the orientations where the specimen has none.

    Raises
    ------
    SlipfieldError
        If an input is missing or does not fit, the output is there already, or a run fails.
    """
    from slipfield.inversion.report import write_overlay, write_report

    if (output / RESULT).exists():
        raise SlipfieldError(f"output: {output / RESULT} exists already; choose another folder")
    if start not in ("prediction", "centre"):
        raise SlipfieldError(f"start: given {start!r}; expected prediction or centre")
    data = read_specimen(specimen)
    _check_parts(data, specimen)
    loaded = sorted((Model.load(path) for path in models), key=lambda m: m.name != "projection")
    if not loaded:
        raise SlipfieldError("model: none given; name the folder of a trained inverter")
    output.mkdir(parents=True, exist_ok=True)
    write_overlay(data, output)
    began = time.perf_counter()
    if "euler" in data:
        found = _invert_known(specimen, data, loaded, output / "work", solves, cells, start)
    else:
        from slipfield.inversion.blind import invert_blind

        found = invert_blind(specimen, data, loaded, output / "work", cells, draws)
    found.seconds["whole"] = time.perf_counter() - began
    write_report(found, output)
    write_text(output / RESULT, json.dumps(to_json(found, loaded), indent=1) + "\n")
    return found


def _check_parts(data: xr.Dataset, path: Path) -> None:
    if "strain" not in data:
        raise SlipfieldError(f"{path}: no strain maps; import them with `import dic`")
    if "grain_id" not in data:
        raise SlipfieldError(
            f"{path}: no grains; import them with `import ebsd` or `import grains`"
        )


def prepare(
    source: Path,
    data: xr.Dataset,
    trained: Study,
    cells: tuple[int, int] | None,
    random: np.random.Generator | None = None,
) -> Inversion:
    """Bring a specimen to the solver's mesh and outputs."""
    study = measured_study(data, trained, cells)
    microstructure, study = measured_microstructure(data, study, random)
    mesh = Mesh(microstructure["x_mm"].values, microstructure["y_mm"].values)
    measurement = resample(data, study, mesh)
    found = Inversion(source, data, study, microstructure, measurement, trained)
    if "load" not in data:
        found.notes.append(
            "No load was measured. All stresses scale together, so the strain maps alone say "
            "little about the common scale of k1, k2 and k3: it rests on h0, the elastic constants "
            "and the sampling box."
        )
    return found


def load_noise(data: xr.Dataset, trained: Study) -> float:
    """Standard deviation of the load relative to itself."""
    known = data.attrs.get("load_noise", trained.noise.load_relative_std)
    return float(known) or DEFAULT_LOAD_NOISE


def box_prior(trained: Study) -> Prior:
    """Normal density that is as wide as the sampling box."""
    box = np.log(np.array(trained.sampling.box))
    return Prior(box.mean(axis=1), 0.5 * np.ptp(box, axis=1))


def _invert_known(
    source: Path,
    data: xr.Dataset,
    models: Sequence[Model],
    work: Path,
    solves: int,
    cells: tuple[int, int] | None,
    start: str,
) -> Inversion:
    """Invert a specimen whose orientations are known."""
    trained = models[0].study
    began = time.perf_counter()
    found = prepare(source, data, trained, cells)
    found.seconds["preparation"] = time.perf_counter() - began
    solver = Solver.prepare(found.study, found.microstructure, work)
    problem = Problem(found.measurement, solver.run, load_noise(data, trained), box_prior(trained))
    answers = predictions(found, models, solver)
    if answers[0].method == "projection":
        answers[0] = widened(answers[0], problem)
    first, answers = answers[0], [*answers[1:], answers[0]]
    if solves:
        begin = first.parameters if start == "prediction" else trained.sampling.centre
        answers.append(_refined(found, problem, solver, np.array(begin), solves))
    found.answers = answers
    found.seconds |= {f"answer of {answer.method}": answer.seconds for answer in answers}
    found.check = solver.run(found.answer.parameters)
    found.comparison = compare(found.measurement, found.check)
    found.channels = channels(
        data, found.microstructure, found.study, trained, found.measurement, answers
    )
    found.seconds["forward runs"] = float(sum(solver.seconds))
    found.seconds["number of forward runs"] = len(solver.seconds)
    return found


def predictions(found: Inversion, models: Sequence[Model], solver: Solver) -> list[Answer]:
    """Answers of all models, the projection's first."""
    answers = []
    for model in models:
        if model.name == "projection":
            reference = solver.run(np.array(model.study.sampling.centre))
            noise = load_noise(found.data, model.study)
            answers.append(by_projection(model, reference, found.measurement, noise))
            continue
        try:
            answers.append(by_network(model, found.study, found.microstructure, found.measurement))
        except SlipfieldError as error:
            if len(models) == 1:
                raise
            found.notes.append(f"The network gave no answer. {error}.")
    return answers


def widened(answer: Answer, problem: Problem) -> Answer:
    """Add to an answer's interval what the residuals of a forward run there suggest.

    A trained model knows the scatter of its training data. What is wrong with this specimen's grain
    map or strain maps shows in the residuals, block by block of the sheet.
    """
    point = problem.at(np.log(answer.parameters))
    weights = deviations(point.found, np.ones(len(point.found.point_squares)), problem.load_noise)
    variance = np.diag(np.linalg.inv(problem.information(point, weights)))
    middle = np.log(answer.parameters)
    down, up = (
        np.sqrt((np.log(end) - middle) ** 2 + NORMAL_95**2 * variance)
        for end in (answer.low, answer.high)
    )
    return replace(answer, low=np.exp(middle - down), high=np.exp(middle + up))


def _refined(
    found: Inversion, problem: Problem, solver: Solver, start: np.ndarray, solves: int
) -> Answer:
    """Refine from ``start`` and keep the path for the report."""
    began, before = time.perf_counter(), sum(solver.seconds)
    result = refine(problem, np.log(start), solves, _say)
    found.refined = result
    if not result.converged:
        found.notes.append(
            f"The refinement had not converged after {solves} forward runs; allow it more."
        )
    half = NORMAL_95 * np.sqrt(np.diag(result.covariance))
    weak = [n for n, s in zip(PARAMETERS, result.data_share, strict=True) if s < 0.5]
    if weak:
        found.notes.append(
            f"What is known of {', '.join(weak)} comes from the sampling box more than from the "
            "data."
        )
    seconds = time.perf_counter() - began - (sum(solver.seconds) - before)
    centre = result.log_parameters
    return Answer("refined", np.exp(centre), np.exp(centre - half), np.exp(centre + half), seconds)


def _say(iterate: Iterate) -> None:
    values = ", ".join(
        f"{name} {value:.4g}"
        for name, value in zip(PARAMETERS, np.exp(iterate.log_parameters), strict=True)
    )
    print(f"refine: {values}, strain residual {iterate.strain_rms:.3g}", flush=True)
