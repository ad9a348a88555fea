"""Inversion of one measured specimen, from its file to estimates, forward check and report."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.places import claimed
from slipfield.core.progress import say
from slipfield.kinds.slip.inversion.agreement import load_scale, pattern
from slipfield.kinds.slip.inversion.answers import Model
from slipfield.kinds.slip.inversion.assumed import with_refined
from slipfield.kinds.slip.inversion.beginning import Asked, begin, registered
from slipfield.kinds.slip.inversion.blind import invert_blind
from slipfield.kinds.slip.inversion.choice import REFINED, Fit, choose
from slipfield.kinds.slip.inversion.comparison import compare
from slipfield.kinds.slip.inversion.constants import (
    Constant,
    as_assumed,
    estimated_constants,
    with_constants,
)
from slipfield.kinds.slip.inversion.drawn import draw_sheets
from slipfield.kinds.slip.inversion.estimates import (
    grain_covariance,
    known_noise,
    load_models,
    refined_answer,
    widened,
)
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.judge import UNLIKE, judge
from slipfield.kinds.slip.inversion.outcome import Inversion, to_json
from slipfield.kinds.slip.inversion.preparation import prepare
from slipfield.kinds.slip.inversion.refine import (
    Iterate,
    Problem,
    Refined,
    refine,
    refine_further,
)
from slipfield.kinds.slip.inversion.report.page import write_overlay, write_report
from slipfield.kinds.slip.inversion.solids import FEWEST_SHEETS
from slipfield.kinds.slip.inversion.stiffening import factor_at, measured_factor, verdict
from slipfield.kinds.slip.inversion.told import told
from slipfield.kinds.slip.inversion.unusual import channels
from slipfield.kinds.slip.inversion.ways import SUSPECT, Way, better_way
from slipfield.kinds.slip.measure.doubts import doubts
from slipfield.kinds.slip.measure.specimen_file import read_specimen
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study import PARAMETERS

RESULT = "inversion.json"


def invert(
    specimen: Path,
    models: Sequence[Path],
    output: Path,
    solves: int = 0,
    cells: tuple[int, int] | None = None,
    start: str = "prediction",
    draws: int = 3,
    finer: bool = True,
    known: Path | None = None,
    membrane: bool = False,
    sheets: int = 0,
    free: Sequence[str] = (),
    priors: Sequence[str] = (),
    register: bool = True,
    laid: bool = False,
) -> Inversion:
    """Invert a specimen file and write ``inversion.json``, figures and ``report.html``.

    Parameters
    ----------
    models : folders of trained inverters; a projection inverter's answer goes first.
    solves : forward runs that the refinement may take, 0 for none.
    cells : elements along x and y, by default those of the model.
    start : where the refinement starts: "prediction" or "centre" (of the sampling box).
    draws : draws of the orientations where the specimen has none.
    finer : go on with the refinement on a mesh twice as fine where it leaves more than the noise.
    membrane : take the sheet for a membrane, whatever its thickness.
    sheets : number of subsurface sheets that an estimate is corrected by: runs in three dimensions,
        each with other grains drawn below the face; 0 for none.
    free, priors : constants of the slip law that are estimated with the parameters, as
        :func:`~.constants.estimated_constants` takes them.
    register : let a refinement first move the grain map to where the strain maps want it.
    laid : the grain map is known to lie right; no other way to lay it is tried, however it fits.
    known : JSON file with the true ``parameters`` of a simulated specimen, shown beside the answer.

    Raises
    ------
    SlipfieldError
        If an input is missing or does not fit, the output is there already, or a run fails.
    """
    _refuse_existing(output)
    if sheets and (membrane or sheets < FEWEST_SHEETS):
        raise SlipfieldError(
            f"subsurface: given {sheets}{' for a membrane' if membrane else ''}; expected "
            f"{FEWEST_SHEETS} sheets or more, and no --membrane"
        )
    if start not in ("prediction", "centre"):
        raise SlipfieldError(f"start: given {start!r}; expected prediction or centre")
    data = read_specimen(specimen)
    _check_parts(data, specimen)
    loaded = load_models(models, membrane)
    constants = estimated_constants(loaded[0].study.material, free, priors)
    truth = None if known is None else read_known(known)
    with claimed(output, "invert"):
        _refuse_existing(output)
        write_overlay(data, output)
        began = time.perf_counter()
        work = output / "work"
        if "euler" in data:
            asked = Asked(solves, cells, start, finer, membrane, sheets, constants, register, laid)
            found = _invert_known(specimen, data, loaded, work, asked)
        else:
            found = invert_blind(specimen, data, loaded, work, cells, draws, membrane)
        if sheets and found.drawn is None:
            found.notes.append(NOT_DRAWN)
        thick = found.factor or measured_factor(data, found.study, found.microstructure)
        aware = loaded[0].knows_thickness and found.choice.method == loaded[0].name
        known_range = loaded[0].known_thickness if aware else None
        k, load = found.answer.parameters, "load" in data
        if found.drawn is not None and thick is not None:
            found.notes.append(found.drawn.note(thick.thickness_text))
        else:
            found.notes += verdict(thick, membrane, k, load, known_range)
        found.known = truth
        found.seconds["whole"] = time.perf_counter() - began
        write_report(found, output)
        write_text(output / RESULT, json.dumps(to_json(found, loaded), indent=1) + "\n")
    return found


NOT_DRAWN = (
    "No subsurface sheets were run: they need load, thickness and orientations, and a grain map "
    "that lies right."
)


def _refuse_existing(output: Path) -> None:
    if (output / RESULT).exists():
        raise SlipfieldError(f"output: {output / RESULT} exists already; choose another folder")


def read_known(path: Path) -> np.ndarray:
    """Read the true k1, k2, k3 (3,) of a simulated specimen from a file of `export`.

    Raises
    ------
    SlipfieldError
        If it cannot be read or one is missing.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))["parameters"]
        return np.array([float(values[name]) for name in PARAMETERS])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SlipfieldError(
            f"{path}: no known parameters ({error!r}); expected JSON as `export` writes it"
        ) from error


def _check_parts(data: xr.Dataset, path: Path) -> None:
    if "strain" not in data:
        raise SlipfieldError(f"{path}: no strain maps; import them with `import dic`")
    if "grain_id" not in data:
        raise SlipfieldError(
            f"{path}: no grains; import them with `import ebsd` or `import grains`"
        )


def _invert_known(
    source: Path, data: xr.Dataset, models: Sequence[Model], work: Path, asked: Asked
) -> Inversion:
    """Invert a specimen whose orientations are known."""
    trained, preferred = models[0].study, models[0]
    begun = begin(source, data, models, work, asked)
    if asked.solves and asked.register:
        data, motion = registered(begun)
        if motion is not None:
            say(motion.text)
            begun = begin(source, data, models, work / "registered", asked, begun.solver)
            begun.found.registered = motion
            begun.found.notes.append(motion.text)
            write_overlay(data, work.parent)
    found, solver, of_k = begun.found, begun.solver, begun.problem
    if preferred.projects:
        factor = None if preferred.knows_thickness else found.factor
        grains = grain_covariance(found, factor, found.answers[0].parameters)
        first = begun.first.of_k
        found.answers[0] = widened(found.answers[0], of_k, first, found.assumed, grains)
    noise, base = of_k.load_noise, found
    way, lies_right = (None, True) if asked.laid else _lay(found, begun.first, work)
    problem = _with_constants(of_k, solver, asked.constants)
    if asked.solves and lies_right:
        start = found.answers[0].parameters
        if asked.start == "centre":
            start = np.array(trained.sampling.centre)
        refined, seconds = _refine(found, problem, solver, start, asked.solves)
        found.fit = Fit(refined.residual, known_noise(found))
        found.refined = refined = _with_grains(refined, found)
        if found.fit.fails and asked.finer:
            found, solver, further = _on_finer_mesh(found, problem, solver, asked.constants)
            refined, seconds = found.refined or refined, seconds + further
        found.answers.append(refined_answer(refined, seconds))
        found.assumed = with_refined(found.assumed, refined)
    found.choice = choose(found.answers, preferred.adapted, found.refined, found.fit)
    if asked.sheets and lies_right:
        names = [constant.name for constant in asked.constants]
        found.drawn = draw_sheets(
            found, solver, asked.sheets, problem.prior, names, noise, work / "subsurface"
        )
    found.channels = channels(
        data,
        base.microstructure,
        begun.seen.study,
        trained,
        begun.seen.measurement,
        found.answers,
    )
    _check(found, replace(problem, measurement=found.measurement), solver, way, asked.constants)
    found.notes += list(doubts(data))
    found.seconds |= {f"answer of {answer.method}": answer.seconds for answer in found.answers}
    runs = solver.seconds
    found.seconds |= {"forward runs": float(sum(runs)), "number of forward runs": len(runs)}
    return found


def _with_constants(problem: Problem, solver: Solver, constants: Sequence[Constant]) -> Problem:
    """The problem of ln k and the constants, from that of ln k."""
    forward = partial(solver.run, constants=[constant.name for constant in constants])
    return replace(problem, forward=forward, prior=with_constants(problem.prior, constants))


def _check(
    found: Inversion,
    problem: Problem,
    solver: Solver,
    way: Way | None,
    constants: Sequence[Constant],
) -> None:
    """Compare the answer's run with the measurement; say what the data tell, and the verdict."""
    own = found.refined if found.choice.method == REFINED else None
    names = [constant.name for constant in constants]
    found.check = (
        own.run
        if own is not None
        else found.measurement.seen(solver.run(found.answer.parameters, names))
    )
    at = factor_at(found.factor, found.check.parameters, problem.load_noise)
    found.comparison = compare(found.measurement, found.check, problem.load_noise, factor=at)
    sizes = found.microstructure["size"].values
    found.told = told(problem, found.check, found.answer, own, sizes)
    held = replace(problem, prior=as_assumed(problem.prior, constants))
    found.verdict = judge(
        pattern(found.measurement, found.check),
        way,
        load_scale(held, found.check),
        found.fit,
        found.refined,
        found.channels,
        found.alike,
        found.assumed,
        "" if found.factor is None else found.factor.thickness_text,
        found.drawn is None and "load" in found.data,
    )


def _lay(found: Inversion, first: Reference, work: Path) -> tuple[Way | None, bool]:
    """Look for a better way to lay the grain map, if the run at the first answer asks for it.

    Returns the way, if there is one, and whether the map may be right: then it is worth refining.
    """
    seen = pattern(found.measurement, first).correlation
    if not seen < SUSPECT * found.alike:
        return None, True
    say(f"the strain patterns correlate to {seen:.2f} only; other ways to lay the grain map:")
    began = time.perf_counter()
    way, _ = better_way(found.data, found.trained, work / "ways")
    found.seconds["other ways to lay the grain map"] = time.perf_counter() - began
    return way, way is None and seen >= UNLIKE * found.alike


def _refine(
    found: Inversion, problem: Problem, solver: Solver, start: np.ndarray, solves: int
) -> tuple[Refined, float]:
    """Refine from ``start``; returns the seconds that it took beyond its forward runs, too."""
    began, before = time.perf_counter(), sum(solver.seconds)
    constants = np.zeros(len(problem.prior.mean) - len(start))
    result = refine(problem, np.append(np.log(start), constants), solves, _say)
    if not result.converged:
        found.notes.append(
            f"The refinement had not converged after {solves} forward runs: a step of "
            f"{result.near:.2g} standard deviations was left; allow it more."
        )
    weak = [n for n, s in zip(PARAMETERS, result.data_share, strict=False) if s < 0.5]
    if weak:
        found.notes.append(
            f"What is known of {', '.join(weak)} comes from the sampling box more than from the "
            "data."
        )
    return result, time.perf_counter() - began - (sum(solver.seconds) - before)


def _on_finer_mesh(
    found: Inversion, problem: Problem, solver: Solver, constants: Sequence[Constant]
) -> tuple[Inversion, Solver, float]:
    """Go on with a refinement on a mesh twice as fine; the forward check then is on that mesh.

    Returns the seconds that it took beyond its forward runs, too.
    """
    specimen = found.study.specimen
    cells = (2 * specimen.cells_x, 2 * specimen.cells_y)
    lack = found.fit.lack
    left = "an unknown part" if np.isnan(lack) else f"{lack:.2g} times the noise"
    say(f"refine: {left} is left; on with {cells[0]} x {cells[1]} elements")
    finer = prepare(found.source, found.data, found.trained, cells, membrane=found.factor is None)
    fine = Solver.prepare(finer.study, finer.microstructure, solver.folder / "finer", solver)
    forward = partial(fine.run, constants=[constant.name for constant in constants])
    sharper = replace(problem, measurement=finer.measurement, forward=forward)
    began, before = time.perf_counter(), sum(fine.seconds)
    assert found.refined is not None
    result = refine_further(found.refined, sharper, _say)
    seconds = time.perf_counter() - began - (sum(fine.seconds) - before)
    if not result.converged:
        found.notes.append(
            f"The refinement had not converged on the finer mesh: a step of {result.near:.2g} "
            "standard deviations was left, and stands in the interval. Begin on that mesh "
            f"(--cells {cells[0]} {cells[1]}), with more forward runs."
        )
    finer.fit = replace(found.fit, residual=result.residual)
    result = _with_grains(result, finer)
    same = {
        name: getattr(found, name)
        for name in ("answers", "seconds", "notes", "assumed", "registered")
    }
    return replace(finer, refined=result, **same), fine, seconds


def _with_grains(refined: Refined, found: Inversion) -> Refined:
    """A refinement with what is not known of the grains added to its covariance."""
    k = np.exp(refined.log_parameters[: len(PARAMETERS)])
    return replace(refined, grains=grain_covariance(found, found.factor, k))


def _say(iterate: Iterate) -> None:
    values = ", ".join(
        f"{name} {value:.4g}"
        for name, value in zip(PARAMETERS, np.exp(iterate.log_parameters), strict=False)
    )
    made = "refine" if iterate.accepted else "refine, rejected (no better)"
    say(f"{made}: {values}, strain residual {iterate.strain_rms:.3g}")
