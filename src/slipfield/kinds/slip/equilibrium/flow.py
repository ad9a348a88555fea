"""Stress of crystals in a sheet whose in-plane strain rate is known, up to their slip resistance.

The formulation is that of the solver (total Lagrangian membrane): a point carries two lattice
vectors a1, a2, the sheet's x and y directions in crystal components, stretched and turned by slip.
With the second Piola-Kirchhoff stress S and slip rates r on systems (s, n),

    tau = S11 (s.a1)(n.a1) + S22 (s.a2)(n.a2) + S12 ((s.a1)(n.a2) + (s.a2)(n.a1)),
    dE/dt = d(sum tau r)/dS,   r = r0 |tau/g|^n sign(tau),   da/dt = sum r s (n.a),

so that S / g follows from dE/dt alone. Stress and strain are written (11, 22, 12); strain rates
with twice the shear.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from slipfield.kinds.slip.study import Material, SlipFamily

START_EXPONENTS, START_STEPS, COLD_STEPS = (2.0, 4.0, 7.0), 3, 9
"""A cold start follows the solution through smaller exponents."""

LARGEST_STEP = 0.5
"""Newton's steps are cut to this share of the stress."""

REGULAR = 1e-9
"""Added to the Jacobian, relative to its trace: a crystal may lack a third active system."""

TINY = 1e-30


@dataclass(frozen=True)
class SlipSystems:
    """The twelve systems of a family.

    Attributes
    ----------
    directions, normals : ndarray (12, 3)
        Of unit length, in crystal components.
    """

    directions: np.ndarray
    normals: np.ndarray

    @classmethod
    def of(cls, family: SlipFamily) -> SlipSystems:
        """Make {111}<110> (fcc) or {110}<111> (bcc): directions and normals change places."""
        axes = [(1, *signs) for signs in product((1, -1), repeat=2)]
        lines = sorted(set(permutations((1, 1, 0))) | set(permutations((1, -1, 0))))
        unsigned = [line for line in lines if line[np.flatnonzero(line)[0]] > 0]
        pairs = [(line, axis) for axis in axes for line in unsigned if np.dot(line, axis) == 0]
        line, axis = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
        line, axis = line / np.sqrt(2), axis / np.sqrt(3)
        return cls(line, axis) if family == "fcc" else cls(axis, line)

    def resolving_factors(self, lattice: np.ndarray) -> np.ndarray:
        """Factors (m, 12, 3) that resolve S on the systems, of lattice vectors (m, 2, 3)."""
        s, n = lattice @ self.directions.T, lattice @ self.normals.T
        shear = s[:, 0] * n[:, 1] + s[:, 1] * n[:, 0]
        return np.stack([s[:, 0] * n[:, 0], s[:, 1] * n[:, 1], shear], axis=-1)

    def slipped(self, lattice: np.ndarray, slip: np.ndarray) -> np.ndarray:
        """Lattice vectors (m, 2, 3) after slip (m, 12): (I + L + L^2 / 2) a, L = sum slip s n."""
        gradient = np.einsum("ma,ai,aj->mij", slip, self.directions, self.normals)
        first = lattice @ gradient.swapaxes(1, 2)
        return lattice + first + 0.5 * first @ gradient.swapaxes(1, 2)


def resolve(factors: np.ndarray, stress: np.ndarray) -> np.ndarray:
    """Resolved shear stresses (m, 12)."""
    return np.einsum("mai,mi->ma", factors, stress)


def flow_stress(
    factors: np.ndarray,
    rate: np.ndarray,
    exponent: float,
    start: np.ndarray | None = None,
    steps: int = COLD_STEPS,
) -> np.ndarray:
    """Solve sum |tau|^(n-1) tau dtau/dS = rate for S (m, 3), in units of the slip resistance.

    Newton's method; between steps the stress is scaled so that its power is that of the rate.

    Parameters
    ----------
    factors : ndarray (m, 12, 3)
    rate : ndarray (m, 3)
        Plastic strain rate (11, 22, 2 x 12) over the reference slip rate.
    exponent : float
        Rate exponent n.
    start : ndarray (m, 3), optional
        Solution of a similar rate.
    steps : int
    """
    if start is None:
        compliance = factors.transpose(0, 2, 1) @ factors
        start = np.linalg.solve(_regular(compliance), rate[..., None])[..., 0]
        for smaller in START_EXPONENTS:
            start = _newton(factors, rate, min(smaller, exponent), start, START_STEPS)
    return _newton(factors, rate, exponent, start, steps)


def _newton(
    factors: np.ndarray, rate: np.ndarray, exponent: float, stress: np.ndarray, steps: int
) -> np.ndarray:
    stress = _scaled(factors, rate, exponent, stress)
    for _ in range(steps):
        tau = resolve(factors, stress)
        slope = np.abs(tau) ** (exponent - 1)
        rest = np.einsum("ma,mai->mi", slope * tau, factors) - rate
        jacobian = (factors * (exponent * slope)[..., None]).transpose(0, 2, 1) @ factors
        step = np.linalg.solve(_regular(jacobian), rest[..., None])[..., 0]
        longest = LARGEST_STEP * np.linalg.norm(stress, axis=1)
        share = np.minimum(1, longest / np.maximum(np.linalg.norm(step, axis=1), TINY))
        stress = _scaled(factors, rate, exponent, stress - share[:, None] * step)
    return stress


def _scaled(
    factors: np.ndarray, rate: np.ndarray, exponent: float, stress: np.ndarray
) -> np.ndarray:
    """Scale stresses so that S . rate = sum |tau|^(n+1)."""
    power = np.maximum(np.einsum("mi,mi->m", stress, rate), TINY)
    dissipated = (np.abs(resolve(factors, stress)) ** (exponent + 1)).sum(axis=1)
    return stress * ((power / np.maximum(dissipated, TINY)) ** (1 / exponent))[:, None]


def _regular(matrix: np.ndarray) -> np.ndarray:
    trace = np.trace(matrix, axis1=1, axis2=2)[:, None, None]
    return matrix + (REGULAR * trace + TINY) * np.eye(3)


def slip_rates(factors: np.ndarray, stress: np.ndarray, exponent: float) -> np.ndarray:
    """Slip rates (m, 12) under S / g, over the reference rate."""
    tau = resolve(factors, stress)
    return np.abs(tau) ** (exponent - 1) * tau


def elastic_strain(material: Material, lattice: np.ndarray, stress: np.ndarray) -> np.ndarray:
    """Elastic strain (m, 3) as (11, 22, 2 x 12) of a free sheet under S (m, 3), MPa.

    Cubic compliances turned into the sheet: e_ij = S12 tr(S) d_ij + S44/2 S_ij +
    (S11 - S12 - S44/2) sum_k a_ik a_jk (sum S_mn a_mk a_nk).
    """
    c11, c12 = material.c11_MPa, material.c12_MPa
    determinant = (c11 - c12) * (c11 + 2 * c12)
    s11, s12, s44 = (c11 + c12) / determinant, -c12 / determinant, 1 / material.c44_MPa
    products = np.stack(
        [lattice[:, 0] ** 2, lattice[:, 1] ** 2, lattice[:, 0] * lattice[:, 1]], axis=1
    )
    along = np.einsum("mi,mik->mk", stress * [1, 1, 2], products)
    cubic = (s11 - s12 - s44 / 2) * np.einsum("mk,mik->mi", along, products)
    trace = s12 * (stress[:, 0] + stress[:, 1])[:, None] * [1, 1, 0]
    return (trace + s44 / 2 * stress + cubic) * [1, 1, 2]
