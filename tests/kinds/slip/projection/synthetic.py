"""Synthetic references and feature sets whose inversion is known in closed form."""

import numpy as np

from slipfield.kinds.slip.projection.intervals import Training
from slipfield.kinds.slip.projection.reference import Reference


def make_reference(seed: int = 0, frames: int = 8, nodes: int = 12) -> Reference:
    """Reference with smooth random fields that grow with time."""
    random = np.random.default_rng(seed)
    shape = (frames, 3, nodes, nodes)
    growth = np.linspace(0.2, 1, frames)[:, None, None, None]
    time = np.arange(1.0, frames + 1)
    return Reference(
        microstructure=0,
        parameters=np.array([110.0, 25.0, 12.0]),
        time=time,
        displacement=0.01 * time,
        strain=(0.02 * growth * random.normal(size=shape)).astype(np.float32),
        load=100 * time**0.3,
        strain_rates=(0.004 * growth * random.normal(size=(3, *shape))).astype(np.float32),
        load_rates=np.outer([20.0, 40.0, 30.0], time**0.4),
        measure="green_lagrange",
    )


def linear_training(
    groups: int = 30, each: int = 6, noise_std: float = 1e-3, scatter: float = 0.0, seed: int = 0
) -> tuple[Training, np.ndarray]:
    """Features z = A (p - p0) + scatter of the group + noise; gives the set and A (12, 3)."""
    random = np.random.default_rng(seed)
    count, size = groups * each, 12
    p = np.log([110.0, 25.0, 12.0]) + random.uniform(-0.8, 0.8, (count, 3))
    matrix = np.random.default_rng(99).normal(size=(size, 3))
    owner = np.repeat(np.arange(groups), each)
    clean = (p - np.log([110.0, 25.0, 12.0])) @ matrix.T
    clean += scatter * random.normal(size=(groups, size))[owner]
    noisy = clean + noise_std * random.normal(size=clean.shape)
    return Training(clean, noisy, p, owner, noise_std**2 * np.eye(size)), matrix
