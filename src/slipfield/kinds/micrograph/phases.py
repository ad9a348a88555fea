"""Probability of second phase on a micrograph."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def probability(image: np.ndarray, model: Path | None = None) -> np.ndarray:
    """Probability that a pixel is second phase, float32 (height, width).

    Parameters
    ----------
    image : (height, width) or (height, width, 3).
    model : file of `micrograph train`; needed, because none comes with Slipfield.

    Raises
    ------
    SlipfieldError
        If the image has another shape, or the file is no such network.
    """
    from slipfield.kinds.micrograph import tiles

    return tiles.probability(tiles.network_for("phases", model), image)
