"""Estimates of one specimen by trained models and by refinement, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.numbers import NORMAL_95
from slipfield.kinds.slip.inversion.answers import (
    Answer,
    Model,
    by_prediction,
    by_projection,
)
from slipfield.kinds.slip.inversion.assumed import Assumed
from slipfield.kinds.slip.inversion.choice import REFINED
from slipfield.kinds.slip.inversion.comparison import deviations
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.kinds.slip.inversion.preparation import load_noise
from slipfield.kinds.slip.inversion.refine import Point, Problem, Refined
from slipfield.kinds.slip.inversion.size_error import size_covariance
from slipfield.kinds.slip.inversion.stiffening import without_factor
from slipfield.kinds.slip.measure.noise import strain_noise
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study import PARAMETERS
from slipfield.kinds.slip.thickness.prior import SheetFactor


def load_models(folders: Sequence[Path], membrane: bool = False) -> list[Model]:
    """Read trained inverters, those that project on the specimen's own sensitivities first.

    Parameters
    ----------
    membrane : they are asked to take a sheet for a membrane.

    Raises
    ------
    SlipfieldError
        If there are none, or two of the same kind, or one that knows only solids is asked for a
        membrane.
    """
    if not folders:
        raise SlipfieldError("model: none given; name the folder of a trained inverter")
    models = sorted((Model.load(folder) for folder in folders), key=lambda m: not m.projects)
    names = [model.name for model in models]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise SlipfieldError(f"model: {names.count(twice)} of the kind {twice!r}; give one of each")
    solid = next((model for model in models if model.knows_thickness), None)
    if membrane and solid:
        raise SlipfieldError(
            f"membrane: {solid.folder} was adapted to sheets in three dimensions, and takes this "
            "for one; use the model that it was adapted from"
        )
    return models


def known_noise(found: Inversion) -> float:
    """Standard deviation of the strain that is compared, 1; NaN: too few frames to tell.

    As given with the specimen, else as the frames show it, before anything is done to them.
    """
    given = found.data.attrs.get("strain_noise")
    frames = found.data["strain"].values, found.data["time"].values
    single = float(given) if given else strain_noise(*frames)
    return single / np.sqrt(found.measurement.averaged_frames)


def counted_noise(found: Inversion) -> float:
    """The same, or that of the training data where too few frames tell it."""
    known = known_noise(found)
    return known if known > 0 else found.trained.noise.strain_std


def predictions(found: Inversion, models: Sequence[Model], solver: Solver) -> list[Answer]:
    """Answers of all models, in their order."""
    answers, grains = [], found.microstructure
    reference = None
    for model in models:
        if model.projects:
            reference = solver.run(np.array(model.study.sampling.centre))
            noise = load_noise(found.data, model.study)
            answers.append(_projected(model, reference, found, noise))
            continue
        try:
            answers.append(by_prediction(model, found.study, grains, found.measurement, reference))
        except SlipfieldError as error:
            if len(models) == 1:
                raise
            reason = str(error).removeprefix(f"{model.name}: ")
            found.notes.append(f"No answer of {model.name}: {reason}.")
    return answers


def _projected(model: Model, reference: Reference, found: Inversion, noise: float) -> Answer:
    """Answer of a projection inverter, with what the sheet's thickness does to the load."""
    factor = found.factor
    if factor is None or model.knows_thickness:
        return by_projection(model, reference, found.measurement, noise)
    middle, lower, upper = (
        by_projection(
            model, reference, without_factor(found.measurement, reference, factor, ln_m), noise
        )
        for ln_m in factor.mean + factor.deviation * np.array([0.0, -1.0, 1.0])
    )
    return with_scatter(middle, lower, upper)


def with_scatter(answer: Answer, lower: Answer, upper: Answer) -> Answer:
    """An answer whose intervals also hold what one standard deviation of ln M moves it by."""
    moved = 0.5 * np.abs(np.log(upper.parameters) - np.log(lower.parameters))
    middle = np.log(answer.parameters)
    down, up = (
        np.hypot(np.log(end) - middle, NORMAL_95 * moved) for end in (answer.low, answer.high)
    )
    return replace(answer, low=np.exp(middle - down), high=np.exp(middle + up))


def widened(
    answer: Answer,
    problem: Problem,
    run: Reference,
    constants: Sequence[Assumed],
    grains: np.ndarray,
) -> Answer:
    """Add to an answer's interval what a forward run, constants and grains suggest.

    A trained model knows the scatter of its training data. What is wrong with this specimen's grain
    map or strain maps shows in the residuals, block by block of the sheet. It trusts the constants
    of its study; where those have a prior, their scatter about what it assumes counts in full.

    Parameters
    ----------
    problem, run : of ln k, and its run at the answer as the gauge sees it.
    grains : covariance (3, 3) of ln k by what is not known of the grains.
    """
    at = np.log(answer.parameters)
    point = Point(at, run, problem.compare(at, run, None))
    weights = deviations(point.found, np.ones(len(point.found.point_squares)), problem.load_noise)
    variance = np.diag(np.linalg.inv(problem.information(point, weights)) + grains)
    for constant in constants:
        if constant.prior is not None:
            square = constant.prior.mean**2 + constant.prior.deviation**2
            variance = variance + constant.pull**2 * square
    middle = np.log(answer.parameters)
    down, up = (
        np.sqrt((np.log(end) - middle) ** 2 + NORMAL_95**2 * variance)
        for end in (answer.low, answer.high)
    )
    return replace(answer, low=np.exp(middle - down), high=np.exp(middle + up))


def grain_covariance(found: Inversion, factor: SheetFactor | None, k: np.ndarray) -> np.ndarray:
    """Covariance (3, 3) of ln k by errors of the grain sizes, and by grains below the face.

    Parameters
    ----------
    factor : of the sheet's thickness; None for a membrane.
    k : (3,) k1, k2, k3.
    """
    sizes = size_covariance(found.data, found.microstructure, k)
    if factor is None:
        return sizes
    shared = factor.exchanged(k, factor.shared)
    return sizes + np.outer(shared, shared)


def refined_answer(result: Refined, seconds: float) -> Answer:
    """Estimate and 95 % intervals of a refinement that took ``seconds`` beyond its forward runs."""
    own = len(PARAMETERS)
    centre, half = result.log_parameters[:own], NORMAL_95 * result.deviation[:own]
    return Answer(REFINED, np.exp(centre), np.exp(centre - half), np.exp(centre + half), seconds)
