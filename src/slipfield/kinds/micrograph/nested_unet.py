"""UNet++, which finds the second phase (Zhou et al., IEEE Trans. Med. Imaging 39 (2020) 1856).

As published in the study of Mg-Gd alloys: five levels (four halvings), two convolutions with batch
normalisation and ReLU in every node, channels doubled from level to level, and in the decoder

    x[i, j] = C(x[i, 0], ..., x[i, j - 1], U(x[i + 1, j - 1]))

with bilinear upsampling U. The default has four levels on 2 x 2 pixels as four channels.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class NestedSettings:
    """Channels of the first level, levels, and the side of squares of pixels that are channels."""

    width: int = 32
    levels: int = 5
    fold: int = 1


PUBLISHED = NestedSettings()
DEFAULT = NestedSettings(width=8, levels=4, fold=2)


class NestedUNet(nn.Module):
    """From a grey image to logits of second phase."""

    def __init__(self, settings: NestedSettings = DEFAULT) -> None:
        super().__init__()
        self.settings = settings
        self.multiple = settings.fold * 2 ** (settings.levels - 1)
        pixels, levels = settings.fold**2, settings.levels
        widths = [settings.width * 2**level for level in range(levels)]
        self.nodes = nn.ModuleDict()
        for level in range(levels):
            self.nodes[f"{level}-0"] = _pair(widths[level - 1] if level else pixels, widths[level])
        for column in range(1, levels):
            for level in range(levels - column):
                inputs = column * widths[level] + widths[level + 1]
                self.nodes[f"{level}-{column}"] = _pair(inputs, widths[level])
        self.head = nn.Conv2d(widths[0], pixels, 1)

    def describe(self) -> dict[str, Any]:
        """Settings as JSON knows them."""
        return asdict(self.settings)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Logits (batch, 1, height, width), as a tuple of one.

        Parameters
        ----------
        image : tensor (batch, 1, height, width), standardised; sides are multiples of ``multiple``.
        """
        levels, found = self.settings.levels, {}
        features = nn.functional.pixel_unshuffle(image, self.settings.fold)
        for level in range(levels):
            pooled = nn.functional.max_pool2d(features, 2) if level else features
            features = found[level, 0] = self.nodes[f"{level}-0"](pooled)
        for column in range(1, levels):
            for level in range(levels - column):
                above = found[level + 1, column - 1]
                size = found[level, 0].shape[-2:]
                above = nn.functional.interpolate(above, size, mode="bilinear")
                parts = [found[level, before] for before in range(column)]
                found[level, column] = self.nodes[f"{level}-{column}"](
                    torch.cat([*parts, above], 1)
                )
        logits = self.head(found[0, levels - 1])
        return (nn.functional.pixel_shuffle(logits, self.settings.fold),)


def _pair(inputs: int, outputs: int) -> nn.Sequential:
    """Two convolutions, each with batch normalisation and ReLU."""
    layers: list[nn.Module] = []
    for before in (inputs, outputs):
        layers += [nn.Conv2d(before, outputs, 3, padding=1, bias=False)]
        layers += [nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)
