"""The square array by series: an independent solution without a mesh.

In the plane the complex potentials of Kolosov and Muskhelishvili are Laurent series about the
fibre's axis, joined exactly on the interface, harmonic by harmonic; the conditions on the sides of
the quarter cell are met in the least-squares sense at Gauss points (a Trefftz method). Along the
fibres the displacement is the real part of one such series.
Source of the formulas: N. I. Muskhelishvili, Some Basic Problems of the Mathematical Theory of
Elasticity, Noordhoff 1953, sections 32 and 41.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

HALF = 0.5
"""Half of the fibre spacing: the side of the quarter cell."""


class _Phase:
    """Plane-strain constants of one phase."""

    def __init__(self, young: float, poisson: float):
        self.young, self.poisson = young, poisson
        self.shear = young / (2 * (1 + poisson))
        self.kappa = 3 - 4 * poisson


def _continued(
    matrix: _Phase, fibre: _Phase, inner: np.ndarray, sign: int, jump: float
) -> np.ndarray:
    """Potentials of the matrix that continue those of the fibre across the interface.

    Coefficients are those of (z / r)^n for odd n, real for ``sign`` 1 and imaginary for -1.

    Parameters
    ----------
    inner : (2, size) of phi and psi in the fibre, index n + offset with offset = size // 2.
    jump : displacement of the matrix in its harmonic 1 beyond that of the fibre's potentials.

    Returns
    -------
    (2, size) of phi and psi in the matrix.
    """
    size = inner.shape[1]
    offset = size // 2
    n = np.arange(size) - offset

    def at(values: np.ndarray, index: np.ndarray) -> np.ndarray:
        inside = np.abs(index) <= offset
        return np.where(inside, values[np.where(inside, index + offset, 0)], 0.0)

    conjugate = sign * ((2 - n) * at(inner[0], 2 - n) + at(inner[1], -n))
    force = inner[0] + conjugate
    displacement = (fibre.kappa * inner[0] - conjugate) / (2 * fibre.shear)
    displacement[1 + offset] += jump
    phi = (force + 2 * matrix.shear * displacement) / (1 + matrix.kappa)
    rest = sign * (force - phi) - (2 - n) * at(phi, 2 - n)  # psi at -n
    return np.stack([phi, at(rest, -n)])


def _fields(phase: _Phase, potentials: np.ndarray, r: float, z: np.ndarray) -> np.ndarray:
    """ux, uy, sxx, syy, sxy (5, points) of potentials with coefficients of (z / r)^n."""
    n = np.arange(potentials.shape[1]) - potentials.shape[1] // 2
    keep = np.any(potentials != 0, axis=0)
    n, potentials = n[keep], potentials[:, keep]
    powers = (z[:, None] / r) ** n
    phi, psi = powers @ potentials[0], powers @ potentials[1]
    d_phi = (powers * n) @ potentials[0] / z
    d_psi = (powers * n) @ potentials[1] / z
    dd_phi = (powers * n * (n - 1)) @ potentials[0] / z**2
    u = (phase.kappa * phi - z * d_phi.conj() - psi.conj()) / (2 * phase.shear)
    total, difference = 4 * d_phi.real, 2 * (z.conj() * dd_phi + d_psi)
    sxx, syy = (total - difference.real) / 2, (total + difference.real) / 2
    return np.array([u.real, u.imag, sxx, syy, difference.imag / 2])


def _sides(points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gauss points on the sides x = 1/2 and y = 1/2 as complex numbers, and weights of a mean."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    t = HALF * (nodes + 1) / 2
    return HALF + 1j * t, t + 1j * HALF, weights / 2


@dataclass(frozen=True)
class PlaneLoad:
    """A load of the quarter cell in its plane.

    Attributes
    ----------
    shear : the sides carry tangential displacements (x and y alike), not normal ones.
    sides : displacement of the sides x = 1/2 and y = 1/2.  axial : strain along the fibres.
    """

    shear: bool
    sides: tuple[float, float]
    axial: float = 0.0


def _solve_plane(
    matrix: _Phase, fibre: _Phase, r: float, terms: int, load: PlaneLoad
) -> tuple[float, float, float]:
    """Mean stress on x = 1/2 and on y = 1/2 that does work, and mean sxx + syy of the fibre.

    The unknowns are the coefficients of phi and psi in the fibre; the equations are displacement
    and the free stress on the sides.
    """
    size, unit = 2 * terms + 9, 1j if load.shear else 1.0
    offset, sign = size // 2, -1 if load.shear else 1
    right, top, weights = _sides(2 * terms)
    # rows of _fields: prescribed displacement, free stress and working stress of each side
    rows = ((1, 2, 4), (0, 3, 4)) if load.shear else ((0, 4, 2), (1, 4, 3))

    def on_sides(inner: np.ndarray, jump: float) -> np.ndarray:
        outer = unit * _continued(matrix, fibre, inner, sign, jump)
        return np.stack([_fields(matrix, outer, r, z) for z in (right, top)])

    basis = np.zeros((terms + terms % 2, 2, size))
    odd = np.arange(1, terms + 1, 2)
    for k, n in enumerate(np.tile(odd, 2)):
        basis[k, k // len(odd), n + offset] = 1.0
    basis = basis[: 2 * len(odd)]
    jump = (matrix.poisson - fibre.poisson) * load.axial * r
    given = on_sides(np.zeros((2, size)), jump)
    found = np.stack([on_sides(inner, 0.0) for inner in basis])
    equations, wanted = [], []
    for side, (u, free, _) in enumerate(rows):
        lateral = matrix.poisson * load.axial * HALF  # the matrix contracts by itself
        equations += [found[:, side, u] * matrix.shear / HALF, found[:, side, free]]
        missing = load.sides[side] - given[side, u] + lateral
        wanted += [missing * matrix.shear / HALF, -given[side, free]]
    left = np.concatenate(equations, axis=1).T * np.tile(np.sqrt(weights), 4)[:, None]
    scale = np.linalg.norm(left, axis=0)
    target = np.concatenate(wanted) * np.tile(np.sqrt(weights), 4)
    values = np.linalg.lstsq(left / scale, target, rcond=1e-15)[0] / scale
    total = given + np.tensordot(values, found, 1)
    works = [float(weights @ total[side, work]) for side, (*_, work) in enumerate(rows)]
    return works[0], works[1], 4 * float(values[0]) / r


def _axial_shear(matrix: _Phase, fibre: _Phase, r: float, terms: int) -> float:
    """C55: mean stress on x = 1/2 for a unit shear along the fibres."""
    right, top, weights = _sides(2 * terms)
    n = np.arange(1, terms + 1, 2)
    ratio = fibre.shear / matrix.shear
    plus, minus = (1 + ratio) / 2, (1 - ratio) / 2

    def slope(z: np.ndarray) -> np.ndarray:
        """Slope f' of w = Re f for unit coefficients in the fibre; w_x = Re f', w_y = -Im f'."""
        powers = (z[:, None] / r) ** n
        return (plus * powers - minus / powers) * n / z[:, None]

    potential = (right[:, None] / r) ** n
    value = (plus * potential + minus / potential).real
    left = np.concatenate([value / HALF, -slope(top).imag]) * np.tile(np.sqrt(weights), 2)[:, None]
    target = np.concatenate([np.ones_like(weights), np.zeros_like(weights)])
    target *= np.tile(np.sqrt(weights), 2)
    scale = np.linalg.norm(left, axis=0)
    values = np.linalg.lstsq(left / scale, target, rcond=1e-15)[0] / scale
    return matrix.shear * float(weights @ slope(right).real @ values)


def series_stiffness(parameters: Sequence[float], terms: int = 40) -> np.ndarray:
    """Stiffnesses C11, C12, C22, C23, C44, C55 (6,) of the square array, in the unit of E.

    Parameters
    ----------
    parameters : em, num, ef, nuf, fraction.  terms : highest power of the series.
    """
    em, num, ef, nuf, fraction = parameters
    matrix, fibre = _Phase(em, num), _Phase(ef, nuf)
    r = math.sqrt(fraction / math.pi)
    c22, c23, _ = _solve_plane(matrix, fibre, r, terms, PlaneLoad(False, (HALF, 0.0)))
    c44, _, _ = _solve_plane(matrix, fibre, r, terms, PlaneLoad(True, (HALF / 2, HALF / 2)))
    c12, other, inner = _solve_plane(matrix, fibre, r, terms, PlaneLoad(False, (0.0, 0.0), 1.0))
    # s11 = E e11 + nu (sxx + syy), phase by phase
    c11 = (1 - fraction) * em + fraction * ef
    c11 += num * (c12 + other - fraction * inner) + nuf * fraction * inner
    return np.array([c11, c12, c22, c23, c44, _axial_shear(matrix, fibre, r, terms)])
