"""The network that finds grain boundaries: pixel differences in stages, with side outputs.

As published (Deep Learning-Driven Microstructure Characterization and Vickers Hardness Prediction
of Mg-Gd Alloys, section 2.2.1): three stages of four residual blocks (pixel-difference convolution,
ReLU, 1 x 1 convolution); behind each stage CPCM (four convolutions of different size and dilation,
to few channels), large-kernel attention (Guo et al. 2023: depthwise 5 x 5, depthwise 7 x 7 dilated
by 3, 1 x 1, times the input) and a 1 x 1 convolution to one map; the three maps, at the size of the
image, are fused by a last one. The text gives no widths: 60 channels, doubled from stage to stage,
and 24 of CPCM are those of its source (Su et al. 2021); kernels and dilations of CPCM are assumed.

The default is of the same kind for images of millions of pixels: it works at half the resolution
(2 x 2 pixels are four channels), and answers four maps that are put together to one of full size.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from slipfield.kinds.micrograph.pixel_difference import KINDS, PixelDifferenceConv

CPCM_KERNELS = ((3, 1), (3, 3), (5, 3), (5, 5))
"""Side and dilation of each of the four convolutions."""


@dataclass(frozen=True)
class BoundarySettings:
    """What the network is built of.

    Attributes
    ----------
    width : channels of the first stage; each further stage doubles them.
    compact : channels behind CPCM.
    stages : 1 to 4.
    differences : kind of each of the four blocks of a stage.
    context, attention : whether there are CPCM and large-kernel attention.
    fold : side of the squares of pixels that become channels: 1 or 2.
    norm : batch normalisation behind the pixel differences.
    """

    width: int = 60
    compact: int = 24
    stages: int = 3
    differences: tuple[str, ...] = KINDS
    context: bool = True
    attention: bool = True
    fold: int = 1
    norm: bool = False


PUBLISHED = BoundarySettings()
DEFAULT = BoundarySettings(width=24, compact=12, fold=2, norm=True)


class Block(nn.Module):
    """Residual block; the first of a later stage halves the resolution."""

    def __init__(self, inputs: int, outputs: int, kind: str, norm: bool) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(2) if inputs != outputs else nn.Identity()
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        self.difference = PixelDifferenceConv(inputs, kind)
        self.norm = nn.BatchNorm2d(inputs) if norm else nn.Identity()
        self.mix = nn.Conv2d(inputs, outputs, 1, bias=norm)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map (batch, inputs, h, w) to (batch, outputs, h or h/2, w or w/2)."""
        features = self.pool(features)
        found = self.mix(torch.relu(self.norm(self.difference(features))))
        return found + self.shortcut(features)


class CompactContext(nn.Module):
    """CPCM: fewer channels, then the sum of four convolutions of different reach."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.compact = nn.Conv2d(inputs, outputs, 1)
        self.reaches = nn.ModuleList(
            nn.Conv2d(outputs, outputs, side, padding=side // 2 * step, dilation=step, bias=False)
            for side, step in CPCM_KERNELS
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map (batch, inputs, h, w) to (batch, outputs, h, w)."""
        compact = self.compact(torch.relu(features))
        found = self.reaches[0](compact)
        for reach in self.reaches[1:]:
            found = found + reach(compact)
        return found


class InterleavedConv(nn.Conv2d):
    """A dilated depthwise convolution that keeps height and width.

    It is done as a plain one of every ``dilation``-th pixel, over the grids that these make: on a
    processor, PyTorch is several times slower at a dilated depthwise convolution.
    """

    def __init__(self, channels: int, side: int, dilation: int) -> None:
        super().__init__(channels, channels, side, padding=side // 2, groups=channels)
        self.step = dilation

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Keep the shape (batch, channels, h, w); pixels beyond the border are 0."""
        step, (batch, channels, height, width) = self.step, features.shape
        whole = nn.functional.pad(features, (0, -width % step, 0, -height % step))
        rows, columns = (size // step for size in whole.shape[-2:])
        grids = whole.permute(0, 2, 3, 1).reshape(batch, rows, step, columns, step, channels)
        grids = grids.permute(0, 2, 4, 1, 3, 5).reshape(-1, rows, columns, channels)
        found = super().forward(grids.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        found = found.reshape(batch, step, step, rows, columns, channels)
        found = found.permute(0, 3, 1, 4, 2, 5).reshape(batch, *whole.shape[-2:], channels)
        return found.permute(0, 3, 1, 2)[..., :height, :width]


class LargeKernelAttention(nn.Module):
    """LKA: weights from a wide depthwise neighbourhood, times the features."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.near = nn.Conv2d(channels, channels, 5, padding=2, groups=channels)
        self.far = InterleavedConv(channels, 7, dilation=3)
        self.mix = nn.Conv2d(channels, channels, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Keep the shape (batch, channels, h, w)."""
        return features * self.mix(self.far(self.near(features)))


class Stage(nn.Module):
    """Four blocks, and what makes their side output."""

    def __init__(self, inputs: int, outputs: int, settings: BoundarySettings) -> None:
        super().__init__()
        widths = (inputs, *[outputs] * len(settings.differences))
        self.blocks = nn.Sequential(
            *(
                Block(widths[i], widths[i + 1], kind, settings.norm)
                for i, kind in enumerate(settings.differences)
            )
        )
        compact = settings.compact
        self.refine = nn.Sequential(
            CompactContext(outputs, compact)
            if settings.context
            else nn.Conv2d(outputs, compact, 1),
            LargeKernelAttention(compact) if settings.attention else nn.Identity(),
        )
        self.side = nn.Conv2d(compact, settings.fold**2, 1)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Features for the next stage, and the logits (batch, fold^2, h, w) of this one."""
        features = self.blocks(features)
        return features, self.side(self.refine(features))


class BoundaryNetwork(nn.Module):
    """From a grey image to logits of grain boundaries."""

    def __init__(self, settings: BoundarySettings = DEFAULT) -> None:
        super().__init__()
        self.settings = settings
        self.multiple = settings.fold * 2 ** (settings.stages - 1)
        pixels = settings.fold**2
        self.stem = nn.Conv2d(pixels, settings.width, 3, padding=1)
        widths = [settings.width * 2**i for i in range(settings.stages)]
        self.stages = nn.ModuleList(
            Stage(before, width, settings)
            for before, width in zip([settings.width, *widths], widths, strict=False)
        )
        self.fuse = nn.Conv2d(pixels * settings.stages, pixels, 1)
        with torch.no_grad():
            self.fuse.weight.fill_(0)
            for pixel in range(pixels):
                self.fuse.weight[pixel, pixel::pixels] = 1 / settings.stages
            nn.init.zeros_(self.fuse.bias)  # type: ignore[arg-type]

    def describe(self) -> dict[str, Any]:
        """Settings as JSON knows them."""
        return asdict(self.settings)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Logits (batch, 1, height, width): fused, then of each stage.

        Parameters
        ----------
        image : tensor (batch, 1, height, width), standardised; sides are multiples of ``multiple``.
        """
        fold = self.settings.fold
        features = self.stem(nn.functional.pixel_unshuffle(image, fold))
        size, sides = features.shape[-2:], []
        for stage in self.stages:
            features, side = stage(features)
            if side.shape[-2:] != size:
                side = nn.functional.interpolate(side, size, mode="bilinear")
            sides.append(side)
        fused = self.fuse(torch.cat(sides, 1))
        return tuple(nn.functional.pixel_shuffle(each, fold) for each in (fused, *sides))


def dice_loss(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """1 - Dice coefficient (equation 2): 1 - 2 sum p g / (sum p^2 + sum g^2), mean over images.

    Each image counts alike, so that little of the sought thing in one is no less sought.
    """
    found = torch.sigmoid(logits)
    sides = tuple(range(1, found.ndim))
    overlap = 2 * (found * truth).sum(sides)
    return (1 - (overlap + 1) / (found.square().sum(sides) + truth.square().sum(sides) + 1)).mean()
