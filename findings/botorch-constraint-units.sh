#!/usr/bin/env bash
# BoTorch 0.18.1 with GPyTorch 1.15.2 and PyTorch 2.13.0 (PyPI): the constraints of `qLogNoisyExpectedImprovement` count as kept
# by a sigmoid whose width, 0.001, is absolute, although models are standardised. So a bound is heeded or not by the unit that its
# output is told in: of grains of at most 20 um, that grow with the hardness asked for, the next trial has 19.9 um where they are
# told in micrometres, and 35 um, the worst there is, where the same numbers are told in metres. No warning, no error.
# Output with these versions:
#   grain size at the next trial, at most 20 um: told in um 19.9 um, told in m 35.0 um
# Exit status 1 if the behaviour changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet botorch==0.18.1 gpytorch==1.15.2 torch==2.13.0
"$folder/env/bin/python" - <<'PYTHON'
import warnings

import torch
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.acquisition.objective import GenericMCObjective
from botorch.models import ModelListGP, SingleTaskGP
from botorch.models.transforms import Standardize
from botorch.sampling import SobolQMCNormalSampler

warnings.simplefilter("ignore")
temperature = torch.linspace(0, 1, 9, dtype=torch.double)[:, None]
hardness, grain_um = 100 + 50 * temperature, 5 + 30 * temperature
exact = torch.full_like(temperature, 1e-6)


def asked(unit):
    """Where the expected improvement of the hardness is largest if grains are told in ``unit`` of um."""
    models = [
        SingleTaskGP(temperature, y, exact * scale**2, outcome_transform=Standardize(1))
        for y, scale in ((hardness, 1.0), (grain_um * unit, unit))
    ]
    acquisition = qLogNoisyExpectedImprovement(
        model=ModelListGP(*models),
        X_baseline=temperature,
        sampler=SobolQMCNormalSampler(torch.Size([128]), seed=0),
        objective=GenericMCObjective(lambda y, X=None: y[..., 0]),
        constraints=[lambda y: y[..., 1] - 20 * unit],
        prune_baseline=True,
    )
    grid = torch.linspace(0, 1, 201, dtype=torch.double)
    with torch.no_grad():
        return float(5 + 30 * grid[acquisition(grid[:, None, None]).argmax()])


um, m = asked(1.0), asked(1e-6)
print(f"grain size at the next trial, at most 20 um: told in um {um:.1f} um, told in m {m:.1f} um")
raise SystemExit(0 if um < 20.5 and m > 25 else 1)
PYTHON
