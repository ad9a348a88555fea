"""How an inversion begins: a prepared specimen, first answers, their run, the grain map laid."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.core.progress import say
from slipfield.kinds.slip.inversion.agreement import load_scale
from slipfield.kinds.slip.inversion.answers import Model
from slipfield.kinds.slip.inversion.assumed import assumed_constants
from slipfield.kinds.slip.inversion.constants import Constant, assumed_value
from slipfield.kinds.slip.inversion.estimates import counted_noise, predictions
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.kinds.slip.inversion.preparation import box_prior, load_noise, prepare
from slipfield.kinds.slip.inversion.refine import Point, Problem
from slipfield.kinds.slip.inversion.registration import Placed, Registered, register
from slipfield.kinds.slip.inversion.sheet import measured_microstructure
from slipfield.kinds.slip.inversion.shown import for_models
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study.constants import constants_of


@dataclass(frozen=True)
class Asked:
    """What an inversion shall do, as :func:`invert` takes it, and the constants it estimates."""

    solves: int
    cells: tuple[int, int] | None
    start: str
    finer: bool
    membrane: bool
    sheets: int
    constants: tuple[Constant, ...]
    register: bool
    laid: bool = False


@dataclass(frozen=True)
class Begun:
    """An inversion with its first answers.

    Attributes
    ----------
    found, seen : the inversion, and the specimen as the models see it.
    solver, problem : of ln k.
    first : run at the first answer, with derivatives to all constants.
    """

    found: Inversion
    seen: Inversion
    solver: Solver
    problem: Problem
    first: Reference


def begin(
    source: Path,
    data: xr.Dataset,
    models: Sequence[Model],
    work: Path,
    asked: Asked,
    parent: Solver | None = None,
) -> Begun:
    """Prepare a specimen, let the models answer, and run the first answer.

    The runs count among those of ``parent``, if there is one.
    """
    trained, began = models[0].study, time.perf_counter()
    found = prepare(source, data, trained, asked.cells, membrane=asked.membrane)
    found.seconds["preparation"] = time.perf_counter() - began
    solver = Solver.prepare(found.study, found.microstructure, work, parent, say)
    of_k = Problem(
        found.measurement,
        solver.run,
        load_noise(data, trained),
        box_prior(trained),
        found.factor,
        counted_noise(found),
    )
    seen, their_solver = for_models(found, solver)
    found.answers = predictions(seen, models, their_solver)
    first = _examine(found, of_k, solver, asked.constants)
    return Begun(found, seen, solver, of_k, first)


def registered(begun: Begun) -> tuple[xr.Dataset, Registered | None]:
    """Move the grain map to where the strain maps want it, at the first answer."""
    found, solver = begun.found, begun.solver
    parameters = found.answers[0].parameters

    def again(data: xr.Dataset, number: int) -> Placed:
        grains, study = measured_microstructure(data, found.study)
        other = Solver.prepare(study, grains, solver.folder / f"motion-{number}", solver)
        ran = found.measurement.seen(other.run(parameters))
        return Placed(replace(begun.problem, forward=other.run), ran)

    return register(found.data, Placed(begun.problem, begun.first.of_k), again)


def _examine(
    found: Inversion, problem: Problem, solver: Solver, constants: Sequence[Constant]
) -> Reference:
    """Run the first answer with derivatives to all constants, and judge them by it."""
    material = found.trained.material
    values = {name: assumed_value(material, name) for name in constants_of(material)}
    values = {name: value for name, value in values.items() if value > 0}
    run = found.measurement.seen(solver.run(found.answers[0].parameters, list(values)))
    at = np.log(run.parameters)
    point = Point(at, run, problem.compare(at, run, None))
    scale = load_scale(problem, run.of_k)
    found.assumed = assumed_constants(problem, point, values, constants, scale)
    return run
