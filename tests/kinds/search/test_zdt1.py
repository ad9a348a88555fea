"""Two noisy objectives (ZDT1) against a loop of the library's own pieces, and even designs."""

import numpy as np
import pandas as pd
import pytest
import torch
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import ModelListGP, SingleTaskGP
from botorch.optim import optimize_acqf
from botorch.test_functions.multi_objective import ZDT1
from botorch.utils.multi_objective.hypervolume import Hypervolume
from botorch.utils.multi_objective.pareto import is_non_dominated
from gpytorch.mlls import SumMarginalLogLikelihood

from slipfield.core.kind import check_any_study
from slipfield.kinds.search.rounds import ask
from slipfield.kinds.search.space import latin_hypercube
from slipfield.kinds.search.trials import read_nothing

pytestmark = pytest.mark.slow
WORST, NOISE, INITIAL, BATCH, TRIALS = 1.1, 0.01, 6, 3, 18
WHOLE = WORST**2 - 1 / 3
"""Hypervolume of the true front, f2 = 1 - sqrt(f1), above (1.1, 1.1)."""

FUNCTION = ZDT1(dim=3).to(torch.double)


def study():
    names = ("f1", "f2")
    content = {
        "name": "zdt1",
        "kind": "search",
        "variables": [{"name": f"x{i}", "low": 0, "high": 1} for i in range(3)],
        "objectives": [
            {"name": n, "goal": "minimise", "noise_std": NOISE, "reference": WORST} for n in names
        ],
        "search": {"initial": INITIAL, "batch": BATCH, "seed": 3},
    }
    return check_any_study(content, "test")[0]


def share(x):
    """Hypervolume of the noise-free values at x (n, 3) over that of the true front."""
    values = -FUNCTION(x)
    front = values[is_non_dominated(values)]
    return Hypervolume(torch.full((2,), -WORST, dtype=torch.double)).compute(front) / WHOLE


def noisy(x):
    random = torch.Generator().manual_seed(len(x))
    return FUNCTION(x) + NOISE * torch.randn(len(x), 2, generator=random, dtype=torch.double)


def by_the_library(x, values):
    """Trials that the library's own loop of these pieces chooses after the initial ones."""
    variance = torch.full_like(values[:, :1], NOISE**2)
    worst = torch.full((2,), -WORST, dtype=torch.double)
    while len(x) < TRIALS:
        each = [SingleTaskGP(x, -values[:, i : i + 1], variance) for i in range(2)]
        model = ModelListGP(*each)
        fit_gpytorch_mll(SumMarginalLogLikelihood(model.likelihood, model))
        acquisition = qLogNoisyExpectedHypervolumeImprovement(
            model, ref_point=worst, X_baseline=x, prune_baseline=True
        )
        bounds = torch.tensor([[0.0] * 3, [1.0] * 3], dtype=torch.double)
        new, _ = optimize_acqf(
            acquisition, bounds, q=BATCH, num_restarts=4, raw_samples=128, sequential=True
        )
        x, values = torch.cat([x, new]), torch.cat([values, noisy(new)])
        variance = torch.full_like(values[:, :1], NOISE**2)
    return x


def test_noisy_zdt1_reaches_what_the_library_reaches():
    table = read_nothing(study())
    while len(table) < TRIALS:
        asked = ask(study(), table)
        x = torch.tensor(asked[["x0", "x1", "x2"]].to_numpy(float))
        asked[["f1", "f2"]], asked["status"] = noisy(x).numpy(), "ok"
        table = asked if table.empty else pd.concat([table, asked], ignore_index=True)
    x = torch.tensor(table[["x0", "x1", "x2"]].to_numpy(float))
    torch.manual_seed(0)
    library = by_the_library(x[:INITIAL], torch.tensor(table[["f1", "f2"]].to_numpy()[:INITIAL]))
    even = latin_hypercube(study().variables, TRIALS, 1)
    found, theirs, evenly = (
        share(each) for each in (x, library, torch.tensor(even.to_numpy(float)))
    )
    print(f"share of the front's hypervolume: {found:.3f}, library {theirs:.3f}, even {evenly:.3f}")
    assert found > 0.99 * theirs
    assert found > evenly + 0.2
    assert np.isfinite(table[["f1", "f2"]].to_numpy()).all()
