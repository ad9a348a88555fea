"""Networks on images of any size: in tiles that overlap by what a pixel's answer depends on."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import nn

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph.pixel_difference import as_plain
from slipfield.kinds.micrograph.tones import standardised
from slipfield.kinds.micrograph.weights import load_network

TILE_PX = 1152
OVERLAP_PX = 64
"""On each side of a tile. The coarsest stage sees 200 px; what lies beyond the overlap changes a
probability by some hundredths at most."""


@lru_cache(maxsize=4)
def network_for(task: str, path: Path | None = None) -> nn.Module:
    """Network in the form that runs fastest: plain convolutions only, channels last in memory."""
    network = as_plain(load_network(task, path))
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def probability(network: nn.Module, image: np.ndarray) -> np.ndarray:
    """Probability of a network's first answer, float32 (height, width).

    Parameters
    ----------
    network : gives logits (batch, 1, h, w), for sides that are multiples of ``network.multiple``.
    image : (height, width) or (height, width, 3), of any number type.

    Raises
    ------
    SlipfieldError
        If the image has another shape, values that are not finite, or fewer than 32 px a side.
    """
    image = np.asarray(image)
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        raise SlipfieldError(
            f"image: shape {image.shape}; expected height x width, with 3 colours or none"
        )
    if min(image.shape[:2]) < 32:
        raise SlipfieldError(f"image: {image.shape[:2]} px; expected 32 px or more each way")
    if not np.isfinite(image).all():
        raise SlipfieldError("image: values that are not finite")
    standard = standardised(image)
    height, width = standard.shape
    core = TILE_PX - 2 * OVERLAP_PX
    padded = np.pad(
        standard,
        [(OVERLAP_PX, OVERLAP_PX + -size % network.multiple) for size in (height, width)],
        "symmetric",
    )
    found = np.empty((height, width), np.float32)
    with torch.inference_mode():
        for y in range(0, height, core):
            for x in range(0, width, core):
                tile = np.ascontiguousarray(padded[y : y + TILE_PX, x : x + TILE_PX])
                answer = torch.sigmoid(network(torch.from_numpy(tile)[None, None])[0])[0, 0]
                inner = answer[OVERLAP_PX : OVERLAP_PX + core, OVERLAP_PX : OVERLAP_PX + core]
                part = found[y : y + core, x : x + core]
                part[:] = inner[: part.shape[0], : part.shape[1]].numpy()
    return found
