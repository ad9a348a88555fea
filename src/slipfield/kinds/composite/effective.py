"""Six stiffnesses and their gradients from the energies of three kinds of load."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slipfield.kinds.composite.parameters import lame

Products = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Energies (phases, 2, m, m), L and M of each phase, of normal loads, shear and axial shear."""


def phase_moduli(parameters: Sequence[float], phases: int) -> tuple[np.ndarray, np.ndarray]:
    """Lamé constants (phases, 2) and their derivatives (phases, 2, 2) in modulus and ratio."""
    pairs = [lame(*parameters[2 * k : 2 * k + 2]) for k in range(phases)]
    return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])


def six(normal: np.ndarray, shear: np.ndarray, axial: np.ndarray) -> np.ndarray:
    """C11, C12, C22, C23, C44, C55 (..., 6) from mutual energies of unit loads.

    Parameters
    ----------
    normal : (..., 3, 3) for strains 11, 22, 33.  shear, axial : (..., 1, 1) for 2 e23 and 2 e12.
    """
    w = normal
    parts = [
        w[..., 0, 0],
        (w[..., 0, 1] + w[..., 0, 2]) / 2,
        (w[..., 1, 1] + w[..., 2, 2]) / 2,
        w[..., 1, 2],
        shear[..., 0, 0],
        axial[..., 0, 0],
    ]
    return np.stack(parts, axis=-1)


def stiffness(parameters: Sequence[float], products: Products) -> np.ndarray:
    """Stiffnesses (6,), GPa, from the energies of the solutions."""
    moduli, _ = phase_moduli(parameters, len(products[0]))
    return six(*(np.tensordot(moduli, part, 2) for part in products))


def gradient(parameters: Sequence[float], products: Products, moved: Products) -> np.ndarray:
    """Gradients (6, 5): solutions make the energy stationary, so only its coefficients vary.

    Parameters
    ----------
    moved : derivatives of ``products`` in the fraction.
    """
    moduli, slopes = phase_moduli(parameters, len(products[0]))
    found = np.zeros((5, 6))
    by_modulus = six(*(np.einsum("pkij,pkq->pqij", part, slopes) for part in products))
    found[: 2 * len(moduli)] = by_modulus.reshape(-1, 6)
    found[4] = six(*(np.tensordot(moduli, part, 2) for part in moved))
    return found.T
