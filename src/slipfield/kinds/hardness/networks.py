"""The published study's five networks on four features, and how they are trained.

Its Transformer maps the features to 64 numbers, has 3 layers of 4 heads and one dense layer to the
hardness. Attention needs more than one token, of which the text says nothing: here each feature is
one. ConvLSTM, ResNet18 and VGG19 were made for images; on four numbers they are one-dimensional,
with kernels of 3, a quarter of their channels, and pooling only while more than one number is left.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import torch
from torch import nn

FEATURES = 4
EPOCHS = 200
RATE = 3e-3
DECAY = 1e-2
VGG19 = ((16, 2), (32, 2), (64, 4), (128, 4), (128, 4))
RESNET18 = (16, 32, 64, 128)


class Transformer(nn.Module):
    """Each feature a token of 64 numbers; 3 layers of self-attention with 4 heads."""

    def __init__(self, width: int = 64, heads: int = 4, layers: int = 3) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.randn(FEATURES, width) / width**0.5)
        self.shift = nn.Parameter(torch.randn(FEATURES, width) / width**0.5)
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, 0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, 4) to (n, 1)."""
        tokens = x[..., None] * self.scale + self.shift
        return self.head(self.encoder(tokens).mean(1))


class ConvLSTM(nn.Module):
    """Features one after the other; gates are convolutions over the place of hidden channels."""

    def __init__(self, channels: int = 8, places: int = 4) -> None:
        super().__init__()
        self.channels, self.places = channels, places
        self.gates = nn.Conv1d(1 + channels, 4 * channels, 3, padding=1)
        self.head = nn.Linear(channels * places, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, 4) to (n, 1)."""
        hidden = cell = x.new_zeros(len(x), self.channels, self.places)
        for step in range(FEATURES):
            value = x[:, step, None, None].expand(-1, 1, self.places)
            parts = self.gates(torch.cat([value, hidden], 1)).chunk(4, 1)
            keep, write, show = (torch.sigmoid(part) for part in parts[:3])
            cell = keep * cell + write * torch.tanh(parts[3])
            hidden = show * torch.tanh(cell)
        return self.head(hidden.flatten(1))


class Residual(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(inputs, outputs, 3, padding=1),
            nn.GroupNorm(1, outputs),
            nn.ReLU(),
            nn.Conv1d(outputs, outputs, 3, padding=1),
            nn.GroupNorm(1, outputs),
        )
        self.around = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, length) to (n, outputs, length)."""
        return torch.relu(self.body(x) + self.around(x))


def _mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(FEATURES, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )


def _resnet18() -> nn.Module:
    layers: list[nn.Module] = [nn.Unflatten(1, (1, FEATURES)), nn.Conv1d(1, 16, 3, padding=1)]
    inputs = 16
    for width in RESNET18:
        layers += [Residual(inputs, width), Residual(width, width)]
        inputs = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(inputs, 1))


def _vgg19() -> nn.Module:
    layers: list[nn.Module] = [nn.Unflatten(1, (1, FEATURES))]
    inputs, length = 1, FEATURES
    for width, count in VGG19:
        for _ in range(count):
            layers += [nn.Conv1d(inputs, width, 3, padding=1), nn.GroupNorm(1, width), nn.ReLU()]
            inputs = width
        if length > 1:
            layers += [nn.MaxPool1d(2)]
            length //= 2
    dense = [nn.Linear(inputs, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), *dense, nn.Linear(256, 1))


NETWORKS = {
    "mlp": _mlp,
    "transformer": Transformer,
    "convlstm": ConvLSTM,
    "resnet18": _resnet18,
    "vgg19": _vgg19,
}


class NetworkRegressor:
    """A network trained on the mean squared error of standardised rows, all in one batch."""

    def __init__(self, name: str, epochs: int = EPOCHS) -> None:
        self.name, self.epochs = name, epochs

    def fit(self, x: np.ndarray, y: np.ndarray) -> Self:
        """Learn from features (n, 4) and hardness (n,)."""
        spread = x.std(axis=0)
        self.centre, self.spread = x.mean(axis=0), np.where(spread > 0, spread, 1)
        self.mean, self.deviation = float(y.mean()), float(y.std()) or 1.0
        inputs = self._inputs(x)
        targets = torch.from_numpy(((y - self.mean) / self.deviation).astype(np.float32))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.network = NETWORKS[self.name]()
        optimizer = torch.optim.AdamW(self.network.parameters(), RATE, weight_decay=DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=self.epochs)
        self.network.train()
        for _ in range(self.epochs):
            loss = (self.network(inputs)[:, 0] - targets).square().mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        self.network.eval()
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Hardness (n,)."""
        with torch.inference_mode():
            found = self.network(self._inputs(x))[:, 0].double().numpy()
        return self.mean + self.deviation * found

    def _inputs(self, x: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(((x - self.centre) / self.spread).astype(np.float32))
