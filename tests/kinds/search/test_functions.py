"""Branin's function and ZDT1 with noise: as good as BoTorch called directly, as its tutorials do.

Whole searches, minutes a seed:
SLIPFIELD_SEEDS=10 envs/run pytest tests/kinds/search/test_functions.py -s
"""

import os

import numpy as np
import pandas as pd
import pytest

from slipfield.core.kind import check_any_study
from slipfield.kinds.search.rounds import ask
from slipfield.kinds.search.trials import read_nothing

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.slow
SEEDS = int(os.environ.get("SLIPFIELD_SEEDS", "0"))
SETTLED = 35
"""Trials after which both come to Branin's least value; after 25 either may still be 10 % above."""

NOISE = 0.05
"""Standard deviation of both objectives of ZDT1, whose front reaches from (0, 1) to (1, 0)."""


def study(problem, seed, batch, **objective):
    """Search of a test problem of BoTorch, which minimises all of them."""
    names = [f"f{number}" for number in range(problem.num_objectives)]
    bounds = problem.bounds.T.tolist()
    content = {
        "name": "function",
        "kind": "search",
        "variables": [
            {"name": f"x{number}", "low": low, "high": high}
            for number, (low, high) in enumerate(bounds)
        ],
        "objectives": [{"name": name, "goal": "minimise", **objective} for name in names],
        "search": {"seed": seed, "batch": batch},
    }
    return check_any_study(content, "test")[0]


def told_values(problem, points, first, seed, noise):
    """Objectives (n, m) of trials, each with noise of its own."""
    true = np.atleast_2d(problem.evaluate_true(torch.tensor(points)).numpy())
    true = true.reshape(len(points), -1)
    draws = [
        np.random.default_rng((seed, first + k)).standard_normal(true.shape[1])
        for k in range(len(points))
    ]
    return true + noise * np.array(draws)


def searched(problem, chosen, trials, seed, noise=0.0):
    """Points (trials, variables) that a search has tried."""
    table = read_nothing(chosen)
    names = [each.name for each in chosen.variables]
    while len(table) < trials:
        asked = ask(chosen, table)
        values = told_values(problem, asked[names].to_numpy(float), len(table), seed, noise)
        asked = asked.assign(status="ok")
        asked[[each.name for each in chosen.objectives]] = values
        table = asked if table.empty else pd.concat([table, asked], ignore_index=True)
    return table[names].to_numpy(float)


def wanted_by_library(problem, x, y, noise):
    """BoTorch's acquisition after trials x (n, variables) with objectives y (n, m)."""
    from botorch.acquisition import qLogNoisyExpectedImprovement
    from botorch.acquisition.multi_objective import qLogNoisyExpectedHypervolumeImprovement
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import ModelListGP, SingleTaskGP
    from botorch.models.transforms import Normalize, Standardize
    from gpytorch.mlls import SumMarginalLogLikelihood

    variance = torch.full((len(x), 1), max(noise, 1e-4 * float(y.std())) ** 2).to(x)
    processes = [
        SingleTaskGP(
            x,
            -column[:, None],
            variance,
            input_transform=Normalize(x.shape[1], bounds=problem.bounds.to(x)),
            outcome_transform=Standardize(1),
        )
        for column in y.T
    ]
    model = ModelListGP(*processes)
    fit_gpytorch_mll(SumMarginalLogLikelihood(model.likelihood, model))
    if y.shape[1] == 1:
        return qLogNoisyExpectedImprovement(model, x, prune_baseline=True)
    point = (-reference(problem)).tolist()
    return qLogNoisyExpectedHypervolumeImprovement(model, point, x, prune_baseline=True)


def best_of_library(problem, wanted, batch):
    """Points (batch, variables) that BoTorch finds for its acquisition."""
    from botorch.optim import optimize_acqf

    bounds = problem.bounds.double()
    settings = {"num_restarts": 8, "raw_samples": 256, "sequential": True}
    return optimize_acqf(wanted, bounds, q=batch, **settings)[0]


def tried_by_library(problem, start, trials, batch, seed, noise=0.0):
    """Points (trials, variables) that BoTorch itself tries after the same start."""
    torch.manual_seed(seed)
    x = torch.tensor(start)
    y = torch.tensor(told_values(problem, start, 0, seed, noise))
    while len(x) < trials:
        new = best_of_library(problem, wanted_by_library(problem, x, y, noise), batch)
        found = told_values(problem, new.numpy(), len(x), seed, noise)
        x, y = torch.cat([x, new]), torch.cat([y, torch.tensor(found)])
    return x.numpy()


def reference(problem):
    return torch.full((problem.num_objectives,), 1.1, dtype=torch.float64)


def hypervolume(problem, points):
    """Hypervolume of the points' values without noise, by BoTorch."""
    from botorch.utils.multi_objective.box_decompositions import DominatedPartitioning

    values = -problem.evaluate_true(torch.tensor(points))
    return float(DominatedPartitioning(-reference(problem), values).compute_hypervolume())


@pytest.mark.filterwarnings("ignore")
def test_a_round_promises_as_much_as_the_librarys_own():
    """By BoTorch's acquisition after the same eight noisy trials of ZDT1."""
    from botorch.test_functions.multi_objective import ZDT1

    problem, batch = ZDT1(dim=3, dtype=torch.float64), 2
    ours = searched(problem, study(problem, 0, batch, noise_std=NOISE, reference=1.1), 10, 0, NOISE)
    told = torch.tensor(ours[:8])
    torch.manual_seed(0)
    y = torch.tensor(told_values(problem, ours[:8], 0, 0, NOISE))
    wanted = wanted_by_library(problem, told, y, NOISE)
    theirs = best_of_library(problem, wanted, batch)
    with torch.no_grad():
        promised, best = float(wanted(torch.tensor(ours[8:]))), float(wanted(theirs))
    print(f"zdt1, a round: {promised:.4f}, BoTorch {best:.4f}")
    assert promised > best + np.log(0.95)


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.filterwarnings("ignore")
def test_branin_is_as_low_as_the_library_gets(seed):
    from botorch.test_functions import Branin

    problem, trials = Branin(dtype=torch.float64), SETTLED
    chosen = study(problem, seed, 1, noise_std=0)
    ours = searched(problem, chosen, trials, seed)
    theirs = tried_by_library(problem, ours[: chosen.initial_trials], trials, 1, seed)
    low, other = (told_values(problem, x, 0, 0, 0.0).min() for x in (ours, theirs))
    print(f"branin, seed {seed}: {low:.5f}, BoTorch {other:.5f}")
    assert low <= 1.01 * other


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.filterwarnings("ignore")
def test_zdt1_with_noise_has_the_librarys_hypervolume(seed):
    from botorch.test_functions.multi_objective import ZDT1

    problem, trials, batch = ZDT1(dim=3, dtype=torch.float64), 38, 3
    chosen = study(problem, seed, batch, noise_std=NOISE, reference=1.1)
    ours = searched(problem, chosen, trials, seed, NOISE)
    start = ours[: chosen.initial_trials]
    theirs = tried_by_library(problem, start, trials, batch, seed, NOISE)
    large, other = hypervolume(problem, ours), hypervolume(problem, theirs)
    begun = hypervolume(problem, start)
    print(f"zdt1, seed {seed}: {large:.4f}, BoTorch {other:.4f}, start {begun:.4f}")
    assert large >= 0.99 * other
