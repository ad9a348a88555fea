"""Measurement noise: white, Gaussian, and the same for a sample whenever it is read."""

from __future__ import annotations

import numpy as np

from slipfield.kinds.slip.study import Noise


def add_noise(
    strain: np.ndarray, load: np.ndarray, noise: Noise, sample: int
) -> tuple[np.ndarray, np.ndarray]:
    """Add the study's measurement noise to one sample.

    Parameters
    ----------
    strain : ndarray (time, component, y, x), 1
        Simulated strain at every node: noise is drawn before nodes are skipped.
    load : ndarray (time,), N
        Simulated load.
    noise : Noise
        Standard deviations and the seed.
    sample : int
        Number of the sample in the design; with the seed it determines the draw.

    Returns
    -------
    strain, load : ndarray
        New arrays of the same shapes and dtypes (the inputs themselves if there is no noise).
    """
    random = np.random.default_rng((noise.seed, sample))
    if noise.load_relative_std:
        factor = 1 + noise.load_relative_std * random.standard_normal(load.shape)
        load = (load * factor).astype(load.dtype)
    if noise.strain_std:
        deviation = random.standard_normal(strain.shape, dtype=np.float32)
        strain = (strain + noise.strain_std * deviation).astype(strain.dtype)
    return strain, load
