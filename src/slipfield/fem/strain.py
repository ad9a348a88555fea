"""Strain measures of nodal displacement gradients, as defined in docs/conventions.md."""

from __future__ import annotations

import numpy as np


def strain(gradient: np.ndarray, measure: str) -> np.ndarray:
    """Strain (..., 3) = xx, yy, xy (tensor shear) of displacement gradients H.

    Parameters
    ----------
    gradient : (..., 2, 2) H = F - I.
    measure : 'green_lagrange' (F^T F - I)/2, 'hencky' ln(F^T F)/2, 'engineering' sym(H).
    """
    symmetric = 0.5 * (gradient + np.swapaxes(gradient, -1, -2))
    if measure == "engineering":
        return _components(symmetric)
    green = symmetric + 0.5 * np.einsum("...ki,...kj->...ij", gradient, gradient)
    if measure == "green_lagrange":
        return _components(green)
    values, vectors = np.linalg.eigh(2 * green)
    logarithm = 0.5 * np.log1p(values)
    return _components(np.einsum("...ik,...k,...jk->...ij", vectors, logarithm, vectors))


def _components(tensor: np.ndarray) -> np.ndarray:
    return np.stack([tensor[..., 0, 0], tensor[..., 1, 1], tensor[..., 0, 1]], axis=-1)


def strain_rate(gradient: np.ndarray, rate: np.ndarray, measure: str) -> np.ndarray:
    """Derivative of :func:`strain` (..., 3) for a rate (..., 2, 2) of the displacement gradient.

    The Hencky measure is differentiated by central differences of the tensor logarithm.
    """
    symmetric = 0.5 * (rate + np.swapaxes(rate, -1, -2))
    if measure == "engineering":
        return _components(symmetric)
    if measure == "green_lagrange":
        product = np.einsum("...ki,...kj->...ij", gradient, rate)
        return _components(symmetric + 0.5 * (product + np.swapaxes(product, -1, -2)))
    step = 1e-6 / max(np.abs(rate).max(), 1e-300)
    forward, backward = (strain(gradient + s * rate, measure) for s in (step, -step))
    return (forward - backward) / (2 * step)
