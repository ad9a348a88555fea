"""The published CNN-LSTM with attention over strain, grain orientation and load (section 3.2)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

MODALITIES = ("strain", "orientation", "load")
FEATURES = 64
FIRST_CHANNELS = 16
LSTM_HIDDEN, LSTM_LAYERS, DROPOUT = 16, 3, 0.3
PARAMETER_COUNT = 3


class Encoder(nn.Module):
    """Images (n, 3, y, x) to features (n, 64): convolution blocks, global mean, dense layer.

    Each block is convolution, batch normalisation, ReLU; the first kernel is 5 x 5, the others
    3 x 3; channels double from 16; 2 x 2 max pooling follows all blocks but the last. Pooling is
    done before ReLU: both are monotonic, so the result is the same with a quarter of the work.
    The convolutions have no bias because the normalisation removes it.
    """

    def __init__(self, blocks: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for block in range(blocks):
            kernel, filters = (5 if block == 0 else 3), FIRST_CHANNELS * 2**block
            layers += [
                nn.Conv2d(channels, filters, kernel, padding=kernel // 2, bias=False),
                nn.BatchNorm2d(filters),
            ]
            if block < blocks - 1:
                layers.append(nn.MaxPool2d(2))
            layers.append(nn.ReLU(inplace=True))
            channels = filters
        self.blocks = nn.Sequential(*layers)
        self.dense = nn.Linear(channels, FEATURES)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Encode images (n, 3, y, x) as features (n, 64)."""
        return self.dense(self.blocks(images).mean(dim=(-2, -1)))


class CnnLstm(nn.Module):
    """Strain sequence, orientation map and load sequence to three scaled parameters.

    Every strain frame passes one encoder (time folded into the batch), the orientation map
    another one whose features are repeated over time, the load a dense layer. A score for each
    modality and time step, softmax over the three modalities (paper, eqs. 21-23), weighs the
    features; their concatenation (192) runs through three LSTM layers of 16, each followed by
    dropout, and the last step through a dense layer.

    Parameters
    ----------
    blocks : int
        Convolution blocks of each encoder (4 as published; table 5 varies it).
    initialisation : {"pytorch", "normal"}
        PyTorch's default, or all weights from N(0, 1) and biases zero, as published.
    """

    def __init__(
        self, blocks: int = 4, initialisation: Literal["pytorch", "normal"] = "pytorch"
    ) -> None:
        super().__init__()
        self.strain_encoder = Encoder(blocks)
        self.orientation_encoder = Encoder(blocks)
        self.load_encoder = nn.Linear(1, FEATURES)
        self.scores = nn.ModuleList(nn.Linear(FEATURES, 1) for _ in MODALITIES)
        self.lstm = nn.LSTM(
            FEATURES * len(MODALITIES), LSTM_HIDDEN, LSTM_LAYERS, batch_first=True, dropout=DROPOUT
        )
        self.dropout = nn.Dropout(DROPOUT)
        self.head = nn.Linear(LSTM_HIDDEN, PARAMETER_COUNT)
        if initialisation == "normal":
            self.apply(_draw_from_normal)

    def forward(
        self, strain: torch.Tensor, orientation: torch.Tensor, load: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Predict scaled parameters.

        Parameters
        ----------
        strain : Tensor (batch, time, 3, y, x)
        orientation : Tensor (batch, 3, y, x)
        load : Tensor (batch, time)

        Returns
        -------
        labels : Tensor (batch, 3)
        attention : Tensor (batch, time, 3)
            Weights of strain, orientation and load; they sum to one.
        """
        batch, time = load.shape
        strain_features = self.strain_encoder(strain.flatten(0, 1)).view(batch, time, FEATURES)
        orientation_features = self.orientation_encoder(orientation)
        features = torch.stack(
            [
                strain_features,
                orientation_features[:, None].expand(-1, time, -1),
                self.load_encoder(load[..., None]),
            ],
            dim=2,
        )
        scores = [score(features[:, :, i]) for i, score in enumerate(self.scores)]
        attention = torch.softmax(torch.cat(scores, dim=-1), dim=-1)
        weighted = (features * attention[..., None]).flatten(2)
        states, _ = self.lstm(weighted)
        return self.head(self.dropout(states[:, -1])), attention


def build_network(blocks: int, initialisation: Literal["pytorch", "normal"] = "pytorch") -> CnnLstm:
    """Make the network with channels-last convolutions: same numbers, twice as fast on a CPU."""
    network = CnnLstm(blocks, initialisation)
    # PyTorch's stub lacks the call with a memory format alone
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _draw_from_normal(module: nn.Module) -> None:
    """Draw weights from N(0, 1) and set biases to zero; batch normalisation stays as it is."""
    if isinstance(module, nn.Conv2d | nn.Linear | nn.LSTM):
        for parameter in module.parameters(recurse=False):
            if parameter.ndim > 1:
                nn.init.normal_(parameter)
            else:
                nn.init.zeros_(parameter)
