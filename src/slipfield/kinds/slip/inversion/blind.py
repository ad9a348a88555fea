"""Inversion without orientations: the load curve, over an ensemble of random orientations.

Without them the strain of a grain cannot be predicted, so the strain maps are left out: they give
the elongation only. The load depends on orientations through their average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.special import stdtrit

from slipfield.core.errors import SlipfieldError
from slipfield.core.progress import track
from slipfield.kinds.slip.inversion.answers import Answer, Model
from slipfield.kinds.slip.inversion.choice import Choice
from slipfield.kinds.slip.inversion.comparison import compare
from slipfield.kinds.slip.inversion.estimates import predictions
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.kinds.slip.inversion.preparation import load_noise, prepare
from slipfield.kinds.slip.inversion.shown import for_models
from slipfield.kinds.slip.inversion.stiffening import factor_at
from slipfield.kinds.slip.inversion.unusual import channels
from slipfield.kinds.slip.inversion.verdict import Verdict
from slipfield.kinds.slip.measure.resample import Measurement

LOST = (
    "The orientations are not known. Grain by grain the strains then mean little, so they are "
    "left out; what remains is the load curve, which tells k1 well and k2 and k3 hardly apart. "
    "{draws} random draws stand in for the orientations, and the intervals hold the scatter "
    "between them. A refinement would fit the wrong grains and is left out too."
)
TINY = 1e-30
UNKNOWN_GRAINS = (
    "Without orientations nothing shows whether grain map, mesh and thickness are right: only the "
    "load curve was used, and it tells k2 and k3 hardly apart."
)
ALONE = "Without orientations only the load curve can be used, and only this model does that."


def invert_blind(
    source: Path,
    data: xr.Dataset,
    models: Sequence[Model],
    work: Path,
    cells: tuple[int, int] | None,
    draws: int,
    membrane: bool = False,
) -> Inversion:
    """Invert a specimen whose orientations are not known.

    Raises
    ------
    SlipfieldError
        If there is no projection inverter or no load, or fewer than two draws are asked for.
    """
    chosen = [model for model in models if model.projects]
    if not chosen:
        raise SlipfieldError(
            "specimen: no orientations; only the projection inverter can do without"
        )
    if "load" not in data:
        raise SlipfieldError(
            "specimen: neither orientations nor load; strains alone tell nothing then, import one"
        )
    if draws < 2:
        raise SlipfieldError(
            f"draws: given {draws}; expected 2 or more, the scatter is the interval"
        )
    trained, members, solvers = chosen[0].study, [], []
    for number in track(range(draws), "draws of the orientations"):
        random = np.random.default_rng(number)
        found = prepare(source, data, trained, cells, random, membrane)
        solver = Solver.prepare(found.study, found.microstructure, work / f"draw-{number}")
        seen, their_solver = for_models(found, solver)
        seen = replace(seen, measurement=without_strain(seen.measurement))
        solvers.append(solver)
        members.append(predictions(seen, chosen, their_solver)[0])
    found.notes.append(LOST.format(draws=draws))
    found.answers = [_combined(members)]
    found.choice = Choice(found.answers[0].method, ALONE)
    found.verdict = Verdict("doubtful", UNKNOWN_GRAINS, "grain map")
    found.check = found.measurement.seen(solvers[-1].run(found.answer.parameters))
    noise = load_noise(data, trained)
    at = factor_at(found.factor, found.answer.parameters, noise)
    found.comparison = compare(found.measurement, found.check, noise, factor=at)
    found.channels = channels(
        data, found.microstructure, seen.study, trained, found.measurement, found.answers
    )
    runs = [seconds for solver in solvers for seconds in solver.seconds]
    found.seconds |= {"forward runs": float(sum(runs)), "number of forward runs": len(runs)}
    return found


def without_strain(measurement: Measurement) -> Measurement:
    """Return the loads of a measurement alone."""
    return replace(measurement, points=np.full_like(measurement.points, np.nan))


def _combined(members: Sequence[Answer]) -> Answer:
    """Mean of ln k over the draws, with the variance within and between them.

    The scatter between a few draws is known badly, so the interval is that of Student's t, with the
    effective degrees of freedom of both variances (Satterthwaite, Biometrics Bulletin 2, 1946).
    """
    logs = np.log([member.parameters for member in members])
    within = np.mean([member.deviation**2 for member in members], axis=0)
    between = logs.var(axis=0, ddof=1) * (1 + 1 / len(members))
    variance = within + between
    freedom = (len(members) - 1) * (variance / np.maximum(between, TINY)) ** 2
    centre, half = logs.mean(axis=0), stdtrit(freedom, 0.975) * np.sqrt(variance)
    unusual = {
        name: float(np.mean([member.unusual[name] for member in members]))
        for name in members[0].unusual
    }
    return Answer(
        "projection",
        np.exp(centre),
        np.exp(centre - half),
        np.exp(centre + half),
        sum(member.seconds for member in members),
        members[0].level,
        unusual,
        {"draws": [member.parameters.tolist() for member in members]},
    )
