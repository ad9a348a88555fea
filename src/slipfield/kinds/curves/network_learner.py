"""Training of the published network with its published settings (crmeca.315, section 2.5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from slipfield.core.errors import SlipfieldError
from slipfield.core.progress import track
from slipfield.kinds.curves.alloys import Alloy
from slipfield.kinds.curves.curve_set import CurveSet
from slipfield.kinds.curves.features import channels
from slipfield.kinds.curves.network import MOST_STEPS, AttentionLSTM

BATCH = 20
LEARNING_RATE, DECAY, DECAY_EPOCHS = 1e-3, 0.1, 80
LARGEST_NORM = 1.0
EPOCHS = 100
VALIDATE_EVERY = 10
"""Epochs between two validations, 1: they are only recorded."""


class PublishedNetwork:
    """The published network as a learner of curves.

    Inputs and stress are standardised on the training curves, which the paper does not say:
    without, 400 updates of Adam cannot reach 1000 MPa. The weights are those of the last epoch; the
    validation loss is only recorded, every tenth epoch and at the end.

    Parameters
    ----------
    epochs : passes over the training curves; threads : of PyTorch.
    """

    def __init__(self, epochs: int = EPOCHS, threads: int = 1, quiet: bool = False) -> None:
        self.epochs, self.threads, self.quiet = epochs, threads, quiet
        self.losses: list[tuple[float, float | None]] = []

    def fit(self, training: CurveSet, validation: CurveSet, setting: int, seed: int) -> None:
        """Train on curves; the mean squared errors of each epoch go into ``losses``.

        The second of a pair, of the validation curves, is None where it was not computed.

        Raises
        ------
        SlipfieldError
            If a curve has more points than the network has positions.
        """
        if len(training.strain) > MOST_STEPS:
            raise SlipfieldError(
                f"points: given {len(training.strain)}; the network takes {MOST_STEPS}"
            )
        torch.set_num_threads(self.threads)
        torch.manual_seed(seed)
        self.setting = setting
        inputs = channels(training.alloys, training.strain, setting)
        self.centre = inputs.mean((0, 1))
        self.scale = inputs.std((0, 1)) + 1e-12
        known = training.stress[training.valid]
        self.middle, self.spread = float(known.mean()), float(known.std())
        self.network = AttentionLSTM(inputs.shape[-1])
        self._descend(self.tensors(training), self.tensors(validation), seed)

    def _descend(
        self, training: tuple[torch.Tensor, ...], validation: tuple[torch.Tensor, ...], seed: int
    ) -> None:
        optimiser = torch.optim.Adam(self.network.parameters(), lr=LEARNING_RATE, fused=True)
        schedule = torch.optim.lr_scheduler.StepLR(optimiser, DECAY_EPOCHS, DECAY)
        shuffle = torch.Generator().manual_seed(seed)
        inputs, target, weight = training
        for epoch in track(range(self.epochs), "Train the published network", self.quiet):
            self.network.train()
            total = 0.0
            for rows in torch.randperm(len(inputs), generator=shuffle).split(BATCH):
                optimiser.zero_grad()
                loss = _loss(self.network(inputs[rows]), target[rows], weight[rows])
                loss.backward()
                nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_NORM)
                optimiser.step()
                total += loss.item() * len(rows)
            schedule.step()
            checked = None
            if (epoch + 1) % VALIDATE_EVERY == 0 or epoch + 1 == self.epochs:
                self.network.eval()
                with torch.no_grad():
                    checked = _loss(self.network(validation[0]), *validation[1:]).item()
            self.losses.append((total / len(inputs), checked))

    def tensors(self, curves: CurveSet) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Scaled inputs (curves, points, channels), stress and which points count."""
        inputs = (channels(curves.alloys, curves.strain, self.setting) - self.centre) / self.scale
        target = (curves.stress - self.middle) / self.spread
        arrays = inputs, target, curves.valid
        one, two, three = (torch.as_tensor(array, dtype=torch.float32) for array in arrays)
        return one, two, three

    def predict(self, alloys: Sequence[Alloy], strain: np.ndarray) -> np.ndarray:
        """True stress (alloys, strains), MPa, at true strains (strains,), 1."""
        scaled = (channels(alloys, strain, self.setting) - self.centre) / self.scale
        self.network.eval()
        with torch.no_grad():
            answer = self.network(torch.as_tensor(scaled, dtype=torch.float32))
        return self.middle + self.spread * answer.numpy().astype(float)

    def predict_left_out(self, training: CurveSet) -> None:
        """Nothing: there is one network, which has seen all rows."""


def _loss(found: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Mean squared error over the points that count."""
    return (weight * (found - target) ** 2).sum() / weight.sum()
