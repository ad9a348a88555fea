"""Gaussian processes of the outputs, and what to try next (BoTorch).

One objective: noisy expected improvement (Letham et al. 2019); several: noisy expected hypervolume
improvement (Daulton, Balandat & Bakshy 2021); both in the logarithmic form of Ament et al. 2023,
with constraints as probabilities of being kept. So is, once a trial has failed, that one goes well:
by a process of its own through 1 (went well) and 0 (failed) of all trials (Gelbart, Snoek & Adams
2014 with regression for classification).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from botorch.acquisition import AcquisitionFunction
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.acquisition.multi_objective import logei
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.acquisition.multi_objective.objective import GenericMCMultiOutputObjective
from botorch.acquisition.objective import GenericMCObjective
from botorch.exceptions import BotorchWarning
from botorch.fit import fit_gpytorch_mll
from botorch.models import ModelListGP, SingleTaskGP
from botorch.models.transforms import Standardize
from botorch.models.utils.gpytorch_modules import get_gaussian_likelihood_with_gamma_prior
from botorch.optim import optimize_acqf
from botorch.optim.optimize_mixed import optimize_acqf_mixed_alternating
from botorch.sampling import SobolQMCNormalSampler
from gpytorch.mlls import SumMarginalLogLikelihood
from gpytorch.settings import min_fixed_noise

from slipfield.kinds.search.front import kept, reference_point
from slipfield.kinds.search.space import from_unit, to_unit, whole_places
from slipfield.kinds.search.study import STD, Constraint, Objective, SearchStudy, in_log
from slipfield.kinds.search.trials import OK, STATUS

logei._load_attempted = True
"""Keeps BoTorch from compiling its kernel for hypervolumes in the first search of a machine: that
takes a minute, a search killed meanwhile leaves a lock that all later ones wait for, and machines
with a compiler would round otherwise than those without."""

Bound = Callable[[torch.Tensor], torch.Tensor]

DRAWS = 128
RESTARTS, RAW_STARTS = 8, 256
LEAST_STD = 1e-4
"""Smallest standard deviation of a trial that the model is given, over the output's spread."""


@dataclass(frozen=True)
class Surrogate:
    """Gaussian processes of all outputs over the unit cube, learnt from told trials.

    Attributes
    ----------
    model : a process for each output, and a last one for going well if ``fails``.
    unit : tensor (n, variables) of the trials that went well.
    """

    study: SearchStudy
    model: ModelListGP
    unit: torch.Tensor
    fails: bool
    told: pd.DataFrame

    @classmethod
    def learn(cls, study: SearchStudy, told: pd.DataFrame) -> Surrogate:
        """Learn from at least two told trials."""
        went_well = told[STATUS] == OK
        good = told[went_well]
        unit = torch.tensor(to_unit(study.variables, good))
        with _quiet():
            processes = [_process(unit, *_modelled(good, each)) for each in study.outputs]
            if not went_well.all():
                everywhere = torch.tensor(to_unit(study.variables, told))
                processes.append(_process(everywhere, went_well.to_numpy(float), None))
            model = ModelListGP(*processes)
            fit_gpytorch_mll(SumMarginalLogLikelihood(model.likelihood, model))
        return cls(study, model, unit, not went_well.all(), good)

    def predict(self, values: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation (n, outputs) of the outputs, without a trial's noise.

        Those of the natural logarithm where an objective's scale is logarithmic.
        """
        unit = torch.tensor(to_unit(self.study.variables, values))
        with torch.no_grad(), _quiet():
            posterior = self.model.posterior(unit, list(range(len(self.study.outputs))))
            return posterior.mean.numpy(), posterior.variance.clamp_min(0).sqrt().numpy()

    def acquisition(self, seed: int) -> AcquisitionFunction:
        """Logarithm of the expected improvement (several objectives: of the hypervolume).

        A single objective improves on its scale; a hypervolume is that of the values themselves.
        As long as no trial keeps all constraints, what improves is their violation.
        """
        goals = self.study.objectives
        signs = torch.tensor([1.0 if o.goal == "maximise" else -1.0 for o in goals])
        units = torch.tensor([_unit(_spread(self.told, o)) for o in goals]).to(self.unit)
        settings: dict[str, Any] = {
            "model": self.model,
            "X_baseline": self.unit,
            "sampler": SobolQMCNormalSampler(torch.Size([DRAWS]), seed=seed),
            "prune_baseline": True,
        }
        bounds, well = _bounds(self.study, self.told), [_failing] if self.fails else []
        if not kept(self.study, self.told).any():
            settings["constraints"] = well or None
            return qLogNoisyExpectedImprovement(objective=_keeping(bounds), **settings)
        settings["constraints"] = [*bounds, *well] or None
        if len(goals) == 1:

            def turned(samples: torch.Tensor, X: torch.Tensor | None = None) -> torch.Tensor:
                return samples[..., 0] * signs[0] / (1.0 if in_log(goals[0]) else units[0])

            objective = GenericMCObjective(turned)
            return qLogNoisyExpectedImprovement(objective=objective, **settings)

        logarithms = torch.tensor([in_log(o) for o in goals])

        def all_turned(samples: torch.Tensor, X: torch.Tensor | None = None) -> torch.Tensor:
            values = samples[..., : len(goals)]
            return (
                torch.where(logarithms, values.where(logarithms, 0.0).exp(), values) * signs / units
            )

        objectives = GenericMCMultiOutputObjective(all_turned)
        point = torch.tensor(reference_point(self.study, self.told)).to(self.unit) / units
        return qLogNoisyExpectedHypervolumeImprovement(
            ref_point=point, objective=objectives, **settings
        )

    def acquired(self, values: pd.DataFrame, seed: int) -> np.ndarray:
        """Acquisition (n,) at some values of the variables, a logarithm."""
        unit = torch.tensor(to_unit(self.study.variables, values))
        with torch.no_grad(), _quiet(), seeded(seed):
            return self.acquisition(seed)(unit[:, None, :]).numpy()


def suggest(study: SearchStudy, told: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Values of the variables of the next ``count`` trials, chosen one after the other.

    The same told trials and seed give the same values. Those of whole variables are whole while
    the acquisition is optimised: steps between neighbours take turns with gradients in the others.
    """
    whole = whole_places(study.variables)
    with seeded(seed):
        surrogate = Surrogate.learn(study, told)
        bounds = torch.tensor([[0.0], [1.0]]).repeat(1, len(study.variables)).to(surrogate.unit)
        settings: dict[str, Any] = {
            "q": count,
            "num_restarts": RESTARTS,
            "raw_samples": RAW_STARTS,
            "sequential": True,
        }
        acquisition = surrogate.acquisition(seed)
        with _quiet():
            if whole:
                unit, _ = optimize_acqf_mixed_alternating(acquisition, bounds, whole, **settings)
            else:
                settings["options"] = {"seed": seed}
                unit, _ = optimize_acqf(acquisition, bounds, **settings)
    return from_unit(study.variables, unit.numpy())


def _process(unit: torch.Tensor, values: np.ndarray, variance: torch.Tensor | None) -> SingleTaskGP:
    """Gaussian process through values (n,) at ``unit`` (n, variables), not yet fitted.

    Noise that is not known is learnt under a nearly flat prior. BoTorch's default expects a tenth
    of the spread; where half of it is noise, as of one grain map, models then pass through trials.
    """
    y = torch.tensor(values)[:, None]
    learnt = get_gaussian_likelihood_with_gamma_prior() if variance is None else None
    least = 1e-8 * min(1.0, float(np.abs(values).max())) or 1e-8
    return SingleTaskGP(unit, y, variance, learnt, outcome_transform=Standardize(1, min_stdv=least))


def _modelled(
    table: pd.DataFrame, output: Objective | Constraint
) -> tuple[np.ndarray, torch.Tensor | None]:
    """Values (n,) that a process goes through, and the variance (n, 1) of noise that is known.

    Both in the output's unit, or of the values' natural logarithm where the scale is that.
    """
    values, std = table[output.name].to_numpy(float), _std(table, output)
    if in_log(output):
        std = None if std is None else std / values
        values = np.log(values)
    if std is None:
        return values, None
    least = LEAST_STD * max(float(values.std(ddof=1)), np.finfo(float).tiny)
    return values, torch.tensor(np.maximum(std, least) ** 2)[:, None]


def _std(table: pd.DataFrame, output: Objective | Constraint) -> np.ndarray | None:
    """Standard deviation (n,) of each trial's noise, in the output's unit; None: not all known.

    A trial's own one counts before that of the study.
    """
    general = np.nan if output.noise_std is None else output.noise_std
    std = np.full(len(table), general)
    if (column := f"{output.name}{STD}") in table:
        std = table[column].fillna(general).to_numpy(float)
    return None if np.isnan(std).any() else std


def _spread(told: pd.DataFrame, output: Objective | Constraint) -> float:
    """Standard deviation of an output over the trials that went well, in its unit; 1 without."""
    spread = float(told[output.name].std())
    return spread if np.isfinite(spread) and spread > 0 else 1.0


def _unit(spread: float) -> float:
    """Power of a million that ``spread`` is 0.001 to 1000 of: BoTorch's tolerances are absolute."""
    return float(1e6 ** np.round(np.log10(spread) / 6))


def _failing(samples: torch.Tensor) -> torch.Tensor:
    """0 or less where a trial goes well, by the last output of samples (..., outputs)."""
    return 0.5 - samples[..., -1]


def _bounds(study: SearchStudy, told: pd.DataFrame) -> list[Bound]:
    """Functions of samples (..., outputs): how far each bound is broken, negative where it is kept.

    They count in the output's spread, as a bound is kept to 0.001 of what they give.
    """
    found: list[Bound] = []
    for number, each in enumerate(study.constraints, start=len(study.objectives)):
        one = _spread(told, each)
        if each.high is not None:
            found.append(_beyond(number, each.high, one))
        if each.low is not None:
            found.append(_beyond(number, each.low, -one))
    return found


def _beyond(number: int, bound: float, unit: float) -> Bound:
    """How far samples of one output lie beyond a bound, in ``unit``; below it if that is < 0."""
    return lambda samples: (samples[..., number] - bound) / unit


def _keeping(bounds: list[Bound]) -> GenericMCObjective:
    """Sum of what all bounds are broken by, with a minus.

    Where no trial keeps them, the improvement of the objectives weighted by their probability is
    nothing anywhere, and a batch of its trials one point. The least violation is what a search
    begins with then (as that of Eriksson & Poloczek, Scalable constrained Bayesian optimization,
    2021).
    """

    def violation(samples: torch.Tensor, X: torch.Tensor | None = None) -> torch.Tensor:
        return -torch.stack([bound(samples).clamp_min(0.0) for bound in bounds]).sum(dim=0)

    return GenericMCObjective(violation)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """One thread, and draws that depend on the seed alone."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what BoTorch says of inputs in its own terms."""
    with warnings.catch_warnings(), min_fixed_noise(double_value=LEAST_STD**2):
        warnings.simplefilter("ignore", BotorchWarning)
        warnings.filterwarnings("ignore", module="(gpytorch|linear_operator|botorch)")
        yield
