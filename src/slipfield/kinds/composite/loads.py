"""Energies of the cell's loads: all that the stiffnesses and their gradients are made of.

Energies are linear in the Lamé constants, W_ij = sum over phases of lambda L_ij + mu M_ij with
L_ij = integral tr e_i tr e_j and M_ij = 2 integral e_i : e_j, and so are their derivatives.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg


def plane_products(grams: np.ndarray, fields: np.ndarray) -> np.ndarray:
    """Energies of plane strains, without a strain along the fibres.

    Parameters
    ----------
    grams : (phases, 3, n, n).  fields : (m, 2, n) nodal displacements.

    Returns
    -------
    (phases, 2, m, m): L and M of each phase.
    """
    a, b = np.ascontiguousarray(fields[:, 0]), np.ascontiguousarray(fields[:, 1])
    found = np.empty((len(grams), 2, len(fields), len(fields)))
    for target, (xx, xy, yy) in zip(found, grams, strict=True):
        mixed, crossed = a @ (b @ xy.T).T, b @ (a @ xy.T).T
        along = a @ (a @ xx).T + b @ (b @ yy).T
        target[0] = along + mixed + mixed.T
        target[1] = 2 * along + a @ (a @ yy).T + b @ (b @ xx).T + crossed + crossed.T
    return found


def with_axial_strain(
    products: np.ndarray, stretch: np.ndarray, volume: np.ndarray, axial: np.ndarray
) -> np.ndarray:
    """Add a uniform strain along the fibres to energies (phases, 2, m, m) of plane strains.

    Parameters
    ----------
    stretch : (phases, m) integrals of div u.  volume : (phases,) areas.  axial : (m,) strains.
    """
    square = np.outer(axial, axial)
    both = stretch[:, :, None] * axial
    weight = np.multiply.outer(volume, square)
    return products + np.stack([both + both.transpose(0, 2, 1) + weight, 2 * weight], axis=1)


def stretch_rows(grams: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Rows (phases, 2, n) that give the integral of div u over each phase: G_xx x and G_yy y."""
    return np.stack([grams[:, 0] @ points[:, 0], grams[:, 2] @ points[:, 1]], axis=1)


def normal_products(
    grams: np.ndarray, points: np.ndarray, fields: np.ndarray, axial: np.ndarray
) -> np.ndarray:
    """Energies (phases, 2, m, m) of plane fields (m, 2, n) with axial strains (m,)."""
    rows = stretch_rows(grams, points)
    stretch = np.einsum("pci,mci->pm", rows, fields)
    return with_axial_strain(
        plane_products(grams, fields), stretch, rows[:, 0] @ points[:, 0], axial
    )


def normal_products_moved(
    grams: np.ndarray,
    moved: np.ndarray,
    points: np.ndarray,
    velocity: np.ndarray,
    fields: np.ndarray,
    axial: np.ndarray,
) -> np.ndarray:
    """Derivatives of :func:`normal_products` in the fibre radius, at fixed nodal fields.

    ``moved`` and ``velocity`` are the derivatives of ``grams`` and ``points``.
    """
    rows, carried = stretch_rows(moved, points), stretch_rows(grams, velocity)
    stretch = np.einsum("pci,mci->pm", rows + carried, fields)
    volume = (rows[:, 0] + 2 * carried[:, 0]) @ points[:, 0]
    return with_axial_strain(plane_products(moved, fields), stretch, volume, axial)


def axial_products(grams: np.ndarray, fields: np.ndarray) -> np.ndarray:
    """Energies (phases, 2, m, m) of displacements (m, n) along the fibres: L is zero."""
    shear = fields @ (grams[:, 0] + grams[:, 2]) @ fields.T
    return np.stack([np.zeros_like(shear), shear], axis=1)


def plane_matrix(grams: np.ndarray, moduli: np.ndarray) -> np.ndarray:
    """Stiffness matrix (2, n, 2, n) of plane strain for Lamé constants (phases, 2)."""
    n = grams.shape[-1]
    bulk, shear = (np.tensordot(weights, grams, 1) for weights in moduli.T)
    matrix = np.empty((2, n, 2, n))
    matrix[0, :, 0] = bulk[0] + 2 * shear[0] + shear[2]
    matrix[1, :, 1] = bulk[2] + 2 * shear[2] + shear[0]
    matrix[0, :, 1] = bulk[1] + shear[1].T
    matrix[1, :, 0] = matrix[0, :, 1].T
    return matrix


def solve_prescribed(matrix: np.ndarray, free: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solutions (m, size), zero where not ``free``, of the free part of ``matrix`` x = ``right``.

    Parameters
    ----------
    matrix : (size, size), positive definite on the free entries.  right : (m, size).
    """
    part = matrix[np.ix_(free, free)]
    factor = scipy.linalg.cho_factor(part, overwrite_a=True, check_finite=False)
    found = np.zeros_like(right)
    found[:, free] = scipy.linalg.cho_solve(factor, right[:, free].T, check_finite=False).T
    return found
