"""Engineering constants of a unidirectional composite from its six stiffnesses."""

from __future__ import annotations

import numpy as np

STIFFNESSES = ("C11", "C12", "C22", "C23", "C44", "C55")
ENGINEERING = ("E1", "E2", "G12", "G23", "nu12", "nu23")
CONSTANTS = STIFFNESSES + ENGINEERING
"""In GPa, ratios in 1. Axis 1 runs along the fibres; C33 = C22, C13 = C12, C66 = C55."""

UNITS = {name: "1" if name.startswith("nu") else "GPa" for name in CONSTANTS}

ENERGIES = frozenset({"C11", "C22", "C44", "C55", "E1", "E2", "G12", "G23"})
"""Constants that are energies of a load, or inverses of complementary ones: they rise with the
stiffness of either phase (theorems of minimum potential and complementary energy; Hill 1963)."""

AXIAL_SHEAR = frozenset({"C55", "G12"})
"""Those of them whose load is antiplane: they depend on the shear moduli of the phases alone."""

# Entries of the block of normal stiffnesses that C11, C12, C22, C23 fill.
_NORMAL = np.zeros((4, 3, 3))
_NORMAL[0, 0, 0] = 1
_NORMAL[1, 0, 1:] = _NORMAL[1, 1:, 0] = 1
_NORMAL[2, 1, 1] = _NORMAL[2, 2, 2] = 1
_NORMAL[3, 1, 2] = _NORMAL[3, 2, 1] = 1


def engineering(stiffness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Six engineering constants and their derivatives in the six stiffnesses.

    Parameters
    ----------
    stiffness : (n, 6) in the order of :data:`STIFFNESSES`, GPa.

    Returns
    -------
    (n, 6) in the order of :data:`ENGINEERING`, and (n, 6, 6) d engineering / d stiffness.
    """
    s = np.linalg.inv(np.tensordot(stiffness[:, :4], _NORMAL, 1))
    e1, e2 = 1 / s[:, 0, 0], 1 / s[:, 1, 1]
    nu12, nu23 = -s[:, 0, 1] * e1, -s[:, 1, 2] * e2
    values = np.column_stack([e1, e2, stiffness[:, 5], stiffness[:, 4], nu12, nu23])
    ds = -s[:, None] @ _NORMAL @ s[:, None]  # (n, 4, 3, 3): by C11, C12, C22, C23
    slope = np.zeros((len(stiffness), 6, 6))
    slope[:, 0, :4] = -ds[:, :, 0, 0] * e1[:, None] ** 2
    slope[:, 1, :4] = -ds[:, :, 1, 1] * e2[:, None] ** 2
    slope[:, 2, 5] = slope[:, 3, 4] = 1
    slope[:, 4, :4] = -(ds[:, :, 0, 1] + nu12[:, None] * ds[:, :, 0, 0]) * e1[:, None]
    slope[:, 5, :4] = -(ds[:, :, 1, 2] + nu23[:, None] * ds[:, :, 1, 1]) * e2[:, None]
    return values, slope


def twelve(stiffness: np.ndarray) -> np.ndarray:
    """Twelve constants (n, 12) from six stiffnesses (n, 6)."""
    return np.hstack([stiffness, engineering(stiffness)[0]])


def all_constants(stiffness: np.ndarray, gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Twelve constants (n, 12), gradients (n, 12, 5) from six stiffnesses (n, 6), (n, 6, 5)."""
    values, slopes = engineering(stiffness)
    return np.hstack([stiffness, values]), np.concatenate([gradient, slopes @ gradient], axis=1)
