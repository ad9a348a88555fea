"""Pixel-difference convolutions, which weigh differences of pixels instead of pixels.

Su et al., Pixel Difference Networks for Efficient Edge Detection, ICCV 2021: with weights w_i of
the eight neighbours,

    central   sum_i w_i (x_i - x_c)            3 x 3, the pixel itself is x_c
    angular   sum_i w_i (x_i - x_next(i))      3 x 3, next clockwise on the ring of eight
    radial    sum_i w_i (x_outer(i) - x_i)     5 x 5, outer(i) twice as far in the same direction

Each is linear in the pixels, so it equals a plain convolution whose kernel is linear in w. That
kernel is what runs, in training too; :func:`as_plain` stores it once and for all.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

KINDS = ("central", "angular", "radial", "plain")
RING = (0, 1, 2, 5, 8, 7, 6, 3)
"""Neighbours of a flattened 3 x 3 patch, clockwise from the upper left."""


def kernel_map(kind: str) -> torch.Tensor:
    """Matrix (pixels of the plain kernel, 9) that makes the kernel of nine weights.

    Raises
    ------
    ValueError
        For a kind that is not in :data:`KINDS`.
    """
    if kind not in KINDS:
        raise ValueError(f"kind: given {kind!r}; expected {', '.join(KINDS)}")
    if kind == "plain":
        return torch.eye(9)
    side = 5 if kind == "radial" else 3
    matrix = torch.zeros(side * side, 9)
    for place, pixel in enumerate(RING):
        if kind == "central":
            plus, minus = pixel, 4
        elif kind == "angular":
            plus, minus = pixel, RING[(place + 1) % 8]
        else:
            row, column = divmod(pixel, 3)
            plus = 2 * row * 5 + 2 * column
            minus = (row + 1) * 5 + column + 1
        matrix[plus, pixel] += 1
        matrix[minus, pixel] -= 1
    return matrix


class PixelDifferenceConv(nn.Module):
    """A depthwise pixel-difference convolution of stride 1 that keeps height and width."""

    map: torch.Tensor

    def __init__(self, channels: int, kind: str) -> None:
        super().__init__()
        self.channels = channels
        self.weight = nn.Parameter(torch.empty(channels, 9))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        self.register_buffer("map", kernel_map(kind), persistent=False)

    def kernel(self) -> torch.Tensor:
        """Kernel (channels, 1, side, side) of the plain convolution that equals this one."""
        side = 5 if len(self.map) == 25 else 3
        return (self.weight @ self.map.T).view(self.channels, 1, side, side)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Convolve (batch, channels, height, width); pixels beyond the border are 0."""
        kernel = self.kernel()
        padding = kernel.shape[-1] // 2
        return nn.functional.conv2d(inputs, kernel, padding=padding, groups=self.channels)


def as_plain(network: nn.Module) -> nn.Module:
    """Copy of a network in evaluation mode, with plain convolutions for pixel differences.

    Batch normalisations that follow one (attribute ``norm`` beside ``difference``) go into it.
    """
    found = copy.deepcopy(network).eval()
    for module in found.modules():
        layer = getattr(module, "difference", None)
        if not isinstance(layer, PixelDifferenceConv):
            continue
        kernel = layer.kernel().detach()
        plain = nn.Conv2d(
            layer.channels,
            layer.channels,
            kernel.shape[-1],
            padding=kernel.shape[-1] // 2,
            groups=layer.channels,
            bias=False,
        ).eval()
        plain.weight = nn.Parameter(kernel.clone())
        norm = getattr(module, "norm", None)
        if isinstance(norm, nn.BatchNorm2d):
            plain = nn.utils.fuse_conv_bn_eval(plain, norm)
            module.norm = nn.Identity()
        module.difference = plain
    return found.requires_grad_(False)
