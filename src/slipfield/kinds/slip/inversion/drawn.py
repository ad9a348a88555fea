"""What the subsurface sheets of an ensemble make of an estimate: its shift, weights and interval.

Every sheet of the ensemble is a specimen whose k is known. One Gauss-Newton step with the
membrane's sensitivities, from that k, finds for each by how much it would be missed; the measured
sheet takes the same step, and the mean miss is taken off it (indirect inference; Gourieroux,
Monfort & Renault, J. Appl. Econometrics 8, 1993, doi 10.1002/jae.3950080507). So are the misses by
the meshes. Strain and load count by how much their scores scatter over the sheets, and so do the
interval's ends. The p parameters are ln k1, ln k2, ln k3 and those of the constants of the slip law
that are estimated beside them: an interval of k1 that took h0 for known would be too narrow.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import stdtrit

from slipfield.core.numbers import NORMAL_95, percent
from slipfield.kinds.slip.inversion.answers import LEVEL, Answer
from slipfield.kinds.slip.inversion.choice import Choice
from slipfield.kinds.slip.inversion.comparison import Comparison, compare
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.kinds.slip.inversion.refine import Prior
from slipfield.kinds.slip.inversion.solids import SUBSURFACE, Drawn
from slipfield.kinds.slip.inversion.stiffening import LoadFactor, direction_at
from slipfield.kinds.slip.inversion.subsurface import Ensemble, run_ensemble
from slipfield.kinds.slip.measure.noise import LOAD_FLOOR, STRAIN_FLOOR
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study import PARAMETERS
from slipfield.kinds.slip.thickness.factor import fit_factor
from slipfield.kinds.slip.thickness.prior import LN_M_FOIL, SheetFactor

STEPS = 3
"""Steps of the measured sheet; the ensemble is taken to miss alike at each of them."""

WORTH = 7
"""Sheets that the expected scatter is worth beside the one that is seen."""


@dataclass(frozen=True)
class Weighing:
    """How strain and load count in a step: variances, load with its factor, prior's information."""

    strain: float
    load: LoadFactor
    prior: np.ndarray

    def inverse(self, found: Comparison) -> np.ndarray:
        """Covariance (p, p) of a step."""
        data = found.normals.sum(axis=0) / self.strain + found.load_normal / self.load.noise**2
        return np.linalg.inv(data + self.prior)

    def step(self, found: Comparison) -> np.ndarray:
        """Gauss-Newton step (p,), but for what the prior's mean asks for."""
        score = found.slopes.sum(axis=0) / self.strain + found.load_slope / self.load.noise**2
        return self.inverse(found) @ score


def draw_sheets(
    found: Inversion,
    solver: Solver,
    count: int,
    prior: Prior,
    constants: Sequence[str],
    load_noise: float,
    work: Path,
) -> Drawn | None:
    """Correct the answer of an inversion by ``count`` sheets, which then is the answer.

    Parameters
    ----------
    solver : on the mesh of the inversion.
    prior, load_noise : as :func:`drawn_answer` takes them; the prior's parameters after ln k are
        those of the ``constants``.
    work : folder of the runs; those that are there are not made again.
    """
    if found.factor is None or "load" not in found.data:
        return None
    began, start = time.perf_counter(), found.answer
    ensemble = run_ensemble(found, solver, start.parameters, constants, count, work)
    seconds = time.perf_counter() - began
    if failed := count - len(ensemble.sheets):
        found.notes.append(FAILED.format(failed, count))
    answer, drawn = drawn_answer(ensemble, start, found.factor, prior, load_noise, seconds)
    found.answers.append(answer)
    mean, spread = percent(drawn.ln_m.mean()), percent(drawn.ln_m.std(ddof=1))
    found.choice = Choice(SUBSURFACE, WHY.format(len(ensemble.sheets), mean, spread))
    return drawn


WHY = (
    "{} subsurface sheets (this face with other grains drawn below it, run in three dimensions at "
    "the estimate before) say by how much a membrane misses: they are {} stronger (+-{} from one "
    "to the next)."
)


FAILED = (
    "{} of {} subsurface sheets did not reach the end of the loading at the estimate before, and "
    "were left out."
)


def drawn_answer(
    ensemble: Ensemble,
    start: Answer,
    factor: SheetFactor,
    prior: Prior,
    load_noise: float,
    seconds: float,
) -> tuple[Answer, Drawn]:
    """Estimate with its 95 % intervals from an ensemble that was run at ``start``.

    Parameters
    ----------
    factor : of the sheet, for the direction of M and what is expected of its scatter.
    prior : of the p parameters: keeps what is not determined in place.
    load_noise : standard deviation of the load relative to itself.
    """
    own, measured = len(PARAMETERS), ensemble.measurement
    values = np.append(start.parameters, np.ones(len(prior.mean) - own))
    along = direction_at(factor, values)
    sheets = [ensemble.as_measured(run) for run in ensemble.sheets]
    foil = ensemble.as_measured(ensemble.foil)
    run = measured.seen(ensemble.membrane.at(measured.time))
    factors = np.array([_ln_m(one.load, run, along) for one in sheets])
    factors += LN_M_FOIL - _ln_m(foil.load, run, along)
    spread = _pooled(factors.var(ddof=1), factor.deviation**2, len(factors))
    load = LoadFactor(0.0, float(np.sqrt(spread)), along, max(load_noise, LOAD_FLOOR))
    known = (*sheets, foil, ensemble.resolved)
    *each, thin, fine = (compare(one, run, load.noise, factor=load) for one in known)
    weighing = Weighing(_strain_variance(each), load, prior.information)
    missed = np.array([weighing.step(one) for one in each])
    missed += LN_M_FOIL * along - weighing.step(thin) + weighing.step(fine)
    middle = np.log(values)
    for _ in range(STEPS):
        run = measured.seen(ensemble.forward(np.exp(middle)))
        found = compare(measured, run, load.noise, factor=load)
        inverse = weighing.inverse(found)
        pull = inverse @ prior.information @ (prior.mean - middle)
        middle = middle + weighing.step(found) - missed.mean(axis=0) + pull
    half = _half_width(inverse, found, missed, weighing)[:own]
    middle = middle[:own]
    beyond = factor.exchanged(np.exp(middle), factor.shared_beyond)
    half = np.hypot(half, NORMAL_95 * beyond)
    ends = np.exp(middle - half), np.exp(middle + half)
    answer = Answer(SUBSURFACE, np.exp(middle), *ends, seconds)
    shared = missed[:, :own] - np.outer(factors, along[:own])
    rate = factor.exchange(start.parameters)
    shares = shared @ rate / (rate @ rate)
    return answer, Drawn(start.method, start.parameters, factors, missed[:, :own], shares)


def _half_width(
    inverse: np.ndarray, found: Comparison, missed: np.ndarray, weighing: Weighing
) -> np.ndarray:
    """Half-widths (p,) of 95 % intervals: the scatter of the misses (n, p), and of the prior."""
    count = len(missed)
    of_prior = inverse @ weighing.prior @ inverse
    noise = inverse @ found.load_normal @ inverse / weighing.load.noise**2
    seen = missed.var(axis=0, ddof=1) + np.diag(noise)
    variance = _pooled(seen, np.diag(inverse - of_prior), count) * (1 + 1 / count)
    quantile = stdtrit(count - 1 + WORTH, 0.5 + LEVEL / 2)
    return np.sqrt(variance + np.diag(of_prior)) * quantile


def _ln_m(load: np.ndarray, run: Reference, along: np.ndarray) -> float:
    """Ln M of a load (time,) N against a membrane's; NaN in the load is left out."""
    given = np.isfinite(load)
    return fit_factor(load[given], run.load[given], run.load_rates[:, given], along).ln_m


def _strain_variance(sheets: list[Comparison]) -> float:
    """Variance that stands for the residuals of the strain: by the scatter of the sheets' J'r.

    To ln k: constants may do nearly the same to the strain, which then has no inverse.
    """
    sheets = [one.to_first(len(PARAMETERS)) for one in sheets]
    normal = sheets[0].normals.sum(axis=0)
    if not normal.any():
        return 1.0  # no strain maps
    scatter = np.cov(np.array([one.slopes.sum(axis=0) for one in sheets]).T)
    return float(max(np.trace(np.linalg.solve(normal, scatter)) / len(normal), STRAIN_FLOOR**2))


def _pooled(seen: Any, expected: Any, count: int) -> Any:
    """Variance of ``count`` draws beside the one that is expected."""
    return ((count - 1) * seen + WORTH * expected) / (count - 1 + WORTH)
