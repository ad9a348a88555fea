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
    if measure == "engineering":
        return _symmetric(gradient)
    green = _symmetric(gradient) + 0.5 * _product(gradient, gradient)
    return green if measure == "green_lagrange" else _logarithm(green)


def strain_rate(gradient: np.ndarray, rate: np.ndarray, measure: str) -> np.ndarray:
    """Derivative of :func:`strain` (..., 3) for a rate (..., 2, 2) of the displacement gradient.

    The Hencky measure is differentiated by central differences of the tensor logarithm.
    """
    if measure == "engineering":
        return _symmetric(rate)
    if measure == "green_lagrange":
        return _symmetric(rate) + _product(gradient, rate)
    step = 1e-6 / max(np.abs(rate).max(), 1e-300)
    forward, backward = (strain(gradient + s * rate, measure) for s in (step, -step))
    return (forward - backward) / (2 * step)


def _symmetric(a: np.ndarray) -> np.ndarray:
    """Components of (a + a^T)/2."""
    return _stack(a[..., 0, 0], a[..., 1, 1], 0.5 * (a[..., 0, 1] + a[..., 1, 0]))


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Components of (a^T b + b^T a)/2, written out: einsum takes five times as long."""
    (a11, a12), (a21, a22) = (np.moveaxis(a[..., row, :], -1, 0) for row in (0, 1))
    (b11, b12), (b21, b22) = (np.moveaxis(b[..., row, :], -1, 0) for row in (0, 1))
    shear = a11 * b12 + a12 * b11 + a21 * b22 + a22 * b21
    return _stack(a11 * b11 + a21 * b21, a12 * b12 + a22 * b22, 0.5 * shear)


def _logarithm(green: np.ndarray) -> np.ndarray:
    """Components of ln(I + 2 E)/2 for those of E."""
    tensor = green[..., [[0, 2], [2, 1]]]
    values, vectors = np.linalg.eigh(2 * tensor)
    logarithm = np.einsum("...ik,...k,...jk->...ij", vectors, 0.5 * np.log1p(values), vectors)
    return _stack(logarithm[..., 0, 0], logarithm[..., 1, 1], logarithm[..., 0, 1])


def _stack(xx: np.ndarray, yy: np.ndarray, xy: np.ndarray) -> np.ndarray:
    return np.stack([xx, yy, xy], axis=-1)
