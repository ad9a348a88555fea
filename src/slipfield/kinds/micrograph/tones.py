"""Grey values of micrographs, as methods and networks take them."""

from __future__ import annotations

import numpy as np


def grey(image: np.ndarray) -> np.ndarray:
    """Grey values (height, width), float32, of an image, grey or RGB (luma of Rec. 601).

    Whole numbers become 0 to 1 over the range of their type; others stay as they are.
    """
    value = image.astype(np.float32)
    if image.dtype.kind in "iu":
        value /= np.iinfo(image.dtype).max
    if value.ndim == 3:
        value = value[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)
    return value


def standardised(image: np.ndarray) -> np.ndarray:
    """Grey values (height, width), float32, of mean 0 and deviation 1; constant ones become 0."""
    value = grey(image)
    return (value - value.mean()) / max(float(value.std()), 1e-6)
