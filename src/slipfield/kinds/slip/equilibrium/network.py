"""The network: a quadratic regression, and a small perceptron for the rest and its spread.

Features z are standardised, parameters are ln k in units of the training's standard deviation:

    mean = ridge(z, quadratic terms of the balancing ln k) + perceptron(z),   ln variance = v(z)

Training minimises the negative log likelihood of a normal distribution (Nix & Weigend 1994); the
members of an ensemble each leave out one fold of microstructures (Lakshminarayanan et al. 2017).
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

PARAMETER_COUNT = 3
HIDDEN = 32
EPOCHS, RATE, WEIGHT_DECAY = 300, 2e-3, 0.1
STOPPING_SHARE = 0.15
SMALLEST_VARIANCE = 1e-6
RIDGES = np.logspace(-4, 3, 15)
LOWEST_LOG_VARIANCE, HIGHEST_LOG_VARIANCE = -14.0, 1.0


class Member(nn.Module):
    """One network of the ensemble: features (n, f) to mean and ln variance of scaled ln k."""

    shift: torch.Tensor
    scale: torch.Tensor
    target_shift: torch.Tensor
    target_scale: torch.Tensor
    ridge: torch.Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        quadratic = PARAMETER_COUNT * (PARAMETER_COUNT + 1) // 2
        self.register_buffer("shift", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.register_buffer("target_shift", torch.zeros(PARAMETER_COUNT))
        self.register_buffer("target_scale", torch.ones(PARAMETER_COUNT))
        self.register_buffer("ridge", torch.zeros(features + quadratic + 1, PARAMETER_COUNT))
        self.layers = nn.Sequential(
            nn.Linear(features, HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, 2 * PARAMETER_COUNT),
        )
        *_, last_weight, last_bias = self.layers.parameters()
        nn.init.zeros_(last_weight)
        nn.init.zeros_(last_bias)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and ln variance, each (n, 3), in scaled units."""
        z = (features - self.shift) / self.scale
        rest, log_variance = self.layers(z).chunk(2, dim=1)
        regular = log_variance.clamp(LOWEST_LOG_VARIANCE, HIGHEST_LOG_VARIANCE)
        return self.terms(z) @ self.ridge + rest, regular

    @staticmethod
    def terms(z: torch.Tensor) -> torch.Tensor:
        """Constant, linear and, for the balancing parameters, quadratic terms, (n, t)."""
        upper = torch.triu_indices(PARAMETER_COUNT, PARAMETER_COUNT)
        return torch.cat([torch.ones_like(z[:, :1]), z, z[:, upper[0]] * z[:, upper[1]]], dim=1)


@dataclass(frozen=True)
class Prediction:
    """Mean and standard deviation of ln k, each (n, 3)."""

    mean: np.ndarray
    deviation: np.ndarray


def train_member(
    features: np.ndarray, log_parameters: np.ndarray, groups: np.ndarray, seed: int
) -> Member:
    """Train one network on features (n, f) and ln k (n, 3).

    The perceptron starts from nothing but the regression; the epoch is kept whose likelihood is
    the highest on a few microstructures (``groups``, (n,)) that it does not train on.
    """
    torch.manual_seed(seed)
    member = Member(features.shape[1])
    x, y = (torch.tensor(values, dtype=torch.float32) for values in (features, log_parameters))
    target = _prepare(member, x, y)
    names = np.random.default_rng(seed).permutation(np.unique(groups))
    held = torch.tensor(np.isin(groups, names[: max(1, round(STOPPING_SHARE * len(names)))]))
    optimizer = torch.optim.AdamW(member.parameters(), RATE, weight_decay=WEIGHT_DECAY)
    best, weights = math.inf, copy.deepcopy(member.state_dict())
    for _ in range(EPOCHS):
        optimizer.zero_grad()
        nll(member, x[~held], target[~held]).backward()
        optimizer.step()
        with torch.inference_mode():
            loss = float(nll(member, x[held], target[held]))
        if loss < best:
            best, weights = loss, copy.deepcopy(member.state_dict())
    member.load_state_dict(weights)
    return member.eval()


def nll(member: Member, features: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Negative log likelihood of scaled ln k (n, 3), up to a constant."""
    mean, log_variance = member(features)
    return nn.functional.gaussian_nll_loss(mean, target, log_variance.exp())


def _prepare(member: Member, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Set the scales and the regression of a network; give the scaled ln k (n, 3)."""
    from sklearn.linear_model import RidgeCV

    member.shift.copy_(x.mean(dim=0))
    member.scale.copy_(_positive(x.std(dim=0)))
    member.target_shift.copy_(y.mean(dim=0))
    member.target_scale.copy_(_positive(y.std(dim=0)))
    target = (y - member.target_shift) / member.target_scale
    terms = member.terms((x - member.shift) / member.scale)
    regression = RidgeCV(RIDGES).fit(terms[:, 1:].numpy(), target.numpy())
    coefficients = np.vstack([regression.intercept_, regression.coef_.T])
    member.ridge.copy_(torch.tensor(coefficients, dtype=torch.float32))
    left = (target - terms @ member.ridge).var(dim=0)
    *_, last_bias = member.layers.parameters()
    with torch.no_grad():
        last_bias[PARAMETER_COUNT:] = torch.log(left + SMALLEST_VARIANCE)
    return target


def predict_ensemble(members: list[Member], features: np.ndarray) -> Prediction:
    """Mixture of the members' normal distributions: its mean and deviation of ln k."""
    x = torch.tensor(features, dtype=torch.float32)
    means, variances = [], []
    with torch.inference_mode():
        for member in members:
            mean, log_variance = member(x)
            means.append(mean * member.target_scale + member.target_shift)
            variances.append(log_variance.exp() * member.target_scale**2)
    mean, variance = torch.stack(means).double(), torch.stack(variances).double()
    spread = mean.var(dim=0, unbiased=False) + variance.mean(dim=0)
    return Prediction(mean.mean(dim=0).numpy(), spread.sqrt().numpy())


def _positive(value: torch.Tensor) -> torch.Tensor:
    """Replace zero (a constant quantity) by one."""
    return torch.where(value > 0, value, 1.0)
