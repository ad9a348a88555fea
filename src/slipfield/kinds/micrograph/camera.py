"""The camera of a rendered micrograph: light, blur, noise, compression."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image
from scipy import ndimage

from slipfield.kinds.micrograph.presets import Draw
from slipfield.kinds.micrograph.scene import smooth_noise

CLEAN = 97.0
"""Quality from which an image is not compressed."""


def photograph(value: np.ndarray, draw: Draw) -> np.ndarray:
    """Image (height, width) or (height, width, 3), uint8, of the grey value or colour, 0 to 1."""
    random, shape = draw.random, value.shape[:2]
    blur = (draw.blur, draw.blur, 0)[: value.ndim]
    value = ndimage.gaussian_filter(value, blur, truncate=3.0)
    light = 1.0 + draw.light * smooth_noise(shape, 0.7 * max(shape), random)
    grain = random.standard_normal(shape, np.float32)
    grain = 0.7 * grain + 0.7 * ndimage.gaussian_filter(grain, 0.8) * 2.0
    noise = draw.noise * 0.7 * grain
    if value.ndim == 3:
        light, noise = light[..., None], noise[..., None]
    image = np.clip(255.0 * (value * light + noise) + 0.5, 0, 255).astype(np.uint8)
    if draw.quality >= CLEAN:
        return image
    stream = BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=int(draw.quality))
    return np.asarray(Image.open(stream))
