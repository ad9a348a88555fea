"""Time the published network of curves beside a plain loop of PyTorch's own parts.

envs/run python docs/examples/time_published_network.py 10

Both train on the paper's group 2 in setting 1, epoch by epoch in turns, so that other load on the
machine meets both alike. The plain loop has nn.LSTM, nn.Dropout, Adam as PyTorch makes it by
default, and validates after every epoch. Prints CPU seconds of 100 epochs by extrapolation.
"""

import sys
import time

import numpy as np
import torch
from torch import nn

from slipfield.kinds.curves.alloys import read_alloys
from slipfield.kinds.curves.curve_set import closed_form
from slipfield.kinds.curves.network import AttentionLSTM
from slipfield.kinds.curves.network_learner import (
    BATCH,
    EPOCHS,
    LARGEST_NORM,
    LEARNING_RATE,
    VALIDATE_EVERY,
    PublishedNetwork,
)
from slipfield.kinds.curves.splits import named_groups


class PlainNetwork(AttentionLSTM):
    """The same network of PyTorch's own parts."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Stress (batch, steps) from features (batch, steps, channels)."""
        steps = torch.arange(inputs.shape[1])
        hidden, _ = self.lstm(self.attention(inputs + self.position(steps)))
        return self.dense(nn.functional.dropout(hidden, 0.5, self.training)).squeeze(-1)


def epochs(network, optimiser, training, validation, validate_every):
    """Train without end; yields the CPU seconds of each epoch and its training loss."""
    inputs, target, _ = training
    number = 0
    while True:
        start = time.process_time()
        network.train()
        for rows in torch.randperm(len(inputs)).split(BATCH):
            optimiser.zero_grad()
            loss = nn.functional.mse_loss(network(inputs[rows]), target[rows])
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), LARGEST_NORM)
            optimiser.step()
        number += 1
        if number % validate_every == 0:
            network.eval()
            with torch.no_grad():
                nn.functional.mse_loss(network(validation[0]), validation[1])
        yield time.process_time() - start, loss.item()


def main() -> None:
    """Alternate between the two for the given number of epochs."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    alloys = read_alloys()
    curves = closed_form(alloys, 60, 0.18, True)
    split = named_groups(alloys, 1)[1]
    parts = [curves.take(rows) for rows in (split.training, split.validation)]
    learner = PublishedNetwork(epochs=1, quiet=True)
    learner.fit(parts[0].take(range(20)), parts[1], 1, 0)  # scales inputs, and compiles
    training, validation = (learner.tensors(part) for part in parts)
    rivals = {}
    for name, make, every in (("ours", AttentionLSTM, VALIDATE_EVERY), ("plain", PlainNetwork, 1)):
        torch.manual_seed(0)
        network = make(training[0].shape[-1])
        optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE, fused=name == "ours")
        rivals[name] = epochs(network, optimiser, training, validation, every)
    seconds = {name: [] for name in rivals}
    for _ in range(count):
        for name, training_of in rivals.items():
            spent, loss = next(training_of)
            seconds[name].append(spent)
        print(" ".join(f"{name} {spent[-1]:.2f} s" for name, spent in seconds.items()), flush=True)
    for name, spent in seconds.items():
        print(f"{name}: {EPOCHS * np.mean(spent):.0f} CPU s of {EPOCHS} epochs")
    print(f"ours / plain: {np.sum(seconds['ours']) / np.sum(seconds['plain']):.2f}")


main()
