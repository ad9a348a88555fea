"""J2 plasticity with isotropic hardening at many points at once.

Equations 3 and 5 of crmeca.315 are misprinted. Used here: the stress is elastic, tau = D : (strain
- plastic strain); it yields at sqrt(3/2 s : s) = f(p), where f is the hardening law; the flow is
normal to that surface, and p the accumulated plastic strain. At finite strain the strain is
logarithmic, the stress Kirchhoff's, and F = Fe Fp; the return to the yield surface in principal
axes is then that of small strain (Simo, Comput. Methods Appl. Mech. Eng. 99, 61, 1992).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slipfield.kinds.curves.laws import HardeningLaw

ITERATIONS = 60
ACCURACY = 1e-13
SAME_STRETCH, ACCURATE_STRETCH = 1e-7, 1e-11
IDENTITY = np.eye(3)


@dataclass(frozen=True)
class Material:
    """Elastic constants and hardening law of an isotropic metal; moduli MPa."""

    modulus_MPa: float
    poisson_ratio: float
    law: HardeningLaw

    @property
    def shear_MPa(self) -> float:
        """Shear modulus, MPa."""
        return self.modulus_MPa / (2 * (1 + self.poisson_ratio))

    @property
    def bulk_MPa(self) -> float:
        """Bulk modulus, MPa."""
        return self.modulus_MPa / (3 * (1 - 2 * self.poisson_ratio))


@dataclass(frozen=True)
class History:
    """What points remember.

    Attributes
    ----------
    plastic : inverse plastic metric Cp^-1, or plastic strain at small strain (points, 3, 3), 1.
    accumulated : plastic strain p (points,), 1.
    """

    plastic: np.ndarray
    accumulated: np.ndarray


def virgin(points: int, finite: bool) -> History:
    """History of points that never yielded."""
    start = IDENTITY if finite else 0 * IDENTITY
    return History(np.tile(start, (points, 1, 1)), np.zeros(points))


def increment(material: Material, trial: np.ndarray, accumulated: np.ndarray) -> np.ndarray:
    """Plastic strain increments (points,), 1, that return trial equivalent stresses (points,), MPa.

    Newton's iteration on trial - 3 G x - f(p + x) = 0, kept between 0 and trial / 3 G: the left
    side falls throughout for a law that does not soften faster than 3 G.
    """
    stiff = 3 * material.shear_MPa
    law = material.law
    found = np.zeros_like(trial)
    yields = np.flatnonzero(trial > law.flow(accumulated))
    if not len(yields):
        return found
    trial, start = trial[yields], accumulated[yields]
    low, high = np.zeros_like(trial), trial / stiff
    x = np.maximum((trial - law.flow(start)) / stiff * 0.9, 1e-14)
    for _ in range(ITERATIONS):
        rest = trial - stiff * x - law.flow(start + x)
        done = np.abs(rest) < ACCURACY * trial
        if done.all():
            break
        low, high = np.where(rest > 0, x, low), np.where(rest > 0, high, x)
        step = x + rest / (stiff + law.slope(start + x))
        step = np.where((step > low) & (step < high), step, (low + high) / 2)
        x = np.where(done, x, step)
    found[yields] = x
    return found


def small_strain(
    material: Material, strain: np.ndarray, history: History
) -> tuple[np.ndarray, np.ndarray, History]:
    """Stress (points, 3, 3) and tangent (points, 3, 3, 3, 3), MPa, and history at strains, 1."""
    shear, bulk = material.shear_MPa, material.bulk_MPa
    elastic = strain - history.plastic
    volume = np.trace(elastic, axis1=1, axis2=2)
    deviator = 2 * shear * (elastic - volume[:, None, None] / 3 * IDENTITY)
    size = np.sqrt(np.einsum("pij,pij->p", deviator, deviator))
    trial = np.sqrt(1.5) * size
    x = increment(material, trial, history.accumulated)
    normal = deviator / np.maximum(size, 1e-300)[:, None, None]
    stress = (
        deviator
        - (2 * shear * np.sqrt(1.5) * x)[:, None, None] * normal
        + bulk * volume[:, None, None] * IDENTITY
    )
    symmetric = (
        np.einsum("ik,jl->ijkl", IDENTITY, IDENTITY) + np.einsum("il,jk->ijkl", IDENTITY, IDENTITY)
    ) / 2
    spherical = np.einsum("ij,kl->ijkl", IDENTITY, IDENTITY)
    keep, turn = _consistent(material, trial, x, history.accumulated)
    tangent = (
        bulk * spherical
        + keep[:, None, None, None, None] * (symmetric - spherical / 3)
        + turn[:, None, None, None, None] * np.einsum("pij,pkl->pijkl", normal, normal)
    )
    plastic = history.plastic + (np.sqrt(1.5) * x)[:, None, None] * normal
    return stress, tangent, History(plastic, history.accumulated + x)


@dataclass(frozen=True)
class Principal:
    """Return to the yield surface in principal axes; arrays over points, then principal values.

    Attributes
    ----------
    axes : (points, 3, 3), columns are directions; squares : squared trial stretches, 1.
    stress : Kirchhoff stresses, MPa; moduli : their derivatives to the trial strains, MPa.
    elastic : logarithmic elastic strains, 1; accumulated : plastic strain (points,), 1.
    """

    axes: np.ndarray
    squares: np.ndarray
    stress: np.ndarray
    moduli: np.ndarray
    elastic: np.ndarray
    accumulated: np.ndarray


def principal_return(material: Material, gradient: np.ndarray, history: History) -> Principal:
    """Return mapping at F (points, 3, 3)."""
    metric = gradient @ history.plastic @ gradient.transpose(0, 2, 1)
    squares, axes = np.linalg.eigh(metric)
    strain = 0.5 * np.log(squares)
    shear, bulk = material.shear_MPa, material.bulk_MPa
    volume = strain.sum(1)
    deviator = 2 * shear * (strain - volume[:, None] / 3)
    size = np.sqrt((deviator**2).sum(1))
    trial = np.sqrt(1.5) * size
    x = increment(material, trial, history.accumulated)
    normal = deviator / np.maximum(size, 1e-300)[:, None]
    flow = np.sqrt(1.5) * x[:, None] * normal
    keep, turn = _consistent(material, trial, x, history.accumulated)
    moduli = (
        bulk
        + keep[:, None, None] * (IDENTITY - 1 / 3)
        + turn[:, None, None] * normal[:, :, None] * normal[:, None, :]
    )
    stress = deviator - 2 * shear * flow + bulk * volume[:, None]
    return Principal(axes, squares, stress, moduli, strain - flow, history.accumulated + x)


def finite_strain(
    material: Material, gradient: np.ndarray, history: History
) -> tuple[np.ndarray, np.ndarray, History]:
    """First Piola stress, its derivative to F (points, 3, 3, 3, 3), MPa, and history at F."""
    found = principal_return(material, gradient, history)
    inverse = np.linalg.inv(gradient)
    stress = _turn(found.axes, found.stress)
    elastic = _turn(found.axes, np.exp(2 * found.elastic))
    tangent = _piola_tangent(stress, inverse, found)
    plastic = inverse @ elastic @ inverse.transpose(0, 2, 1)
    return stress @ inverse.transpose(0, 2, 1), tangent, History(plastic, found.accumulated)


def _turn(axes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Tensors (points, 3, 3) from principal axes and values."""
    return (axes * values[:, None, :]) @ axes.transpose(0, 2, 1)


def _consistent(
    material: Material, trial: np.ndarray, x: np.ndarray, accumulated: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Factors of the deviatoric identity and of normal x normal in the consistent tangent, MPa.

    De Souza Neto, Peric & Owen, Computational Methods for Plasticity, 2008, equation 7.120.
    """
    shear = material.shear_MPa
    slope = material.law.slope(accumulated + x)
    share = x / np.maximum(trial, 1e-300)
    keep = 2 * shear * (1 - 3 * shear * share)
    turn = 6 * shear**2 * (share - 1 / (3 * shear + slope))
    return keep, np.where(x > 0, turn, 0.0)


def _piola_tangent(stress: np.ndarray, inverse: np.ndarray, found: Principal) -> np.ndarray:
    """Derivative of P = tau F^-T to F (points, 3, 3, 3, 3), MPa.

    With l = dF F^-1 in principal axes, d tau_aa = D_ab l_bb, and off the diagonal
    (tau_a - tau_b) / (c_a - c_b) times (c_b l_ab + c_a l_ba), with c the squared stretches;
    dP = (d tau - tau l^T) F^-T. Pairs of indices are rows and columns of 9 x 9 matrices.
    """
    points, squares, tau, moduli = len(stress), found.squares, found.stress, found.moduli
    gap = squares[:, :, None] - squares[:, None, :]
    equal = np.abs(gap) < SAME_STRETCH * squares[:, :, None]
    diagonal = moduli[:, [0, 1, 2], [0, 1, 2]][:, :, None]
    limit = (diagonal - moduli) / (squares[:, :, None] + squares[:, None, :])
    slope = (tau[:, :, None] - tau[:, None, :]) / np.where(equal, 1.0, gap)
    slope = np.where(equal, limit, slope)
    spatial = np.zeros((points, 9, 9))
    spatial[:, ::4, ::4] = moduli
    for a, b in ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)):
        spatial[:, 3 * a + b, 3 * a + b] = slope[:, a, b] * squares[:, b]
        spatial[:, 3 * a + b, 3 * b + a] = slope[:, a, b] * squares[:, a]
    turn = (found.axes[:, :, None, :, None] * found.axes[:, None, :, None, :]).reshape(-1, 9, 9)
    back = (IDENTITY[:, None, :, None] * inverse[:, None, :, None, :]).reshape(-1, 9, 9)
    geometric = (stress[:, :, None, None, :] * IDENTITY[:, :, None]).reshape(-1, 9, 9)
    whole = turn @ spatial @ turn.transpose(0, 2, 1) - geometric
    return (back @ whole @ back.transpose(0, 2, 1)).reshape(points, 3, 3, 3, 3)


def plane_stress(
    material: Material, gradient: np.ndarray, thickness: np.ndarray, history: History, finite: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, History]:
    """Stress, tangent, thickness stretch and history of a sheet of free thickness.

    Parameters
    ----------
    gradient : displacement gradient plus identity (points, 2, 2), 1.
    thickness : first guess of F33 (points,), 1.

    Returns
    -------
    tuple
        First Piola stress (points, 2, 2), its derivative (points, 2, 2, 2, 2), MPa; F33 (points,);
        history.
    """
    whole = np.zeros((len(gradient), 3, 3))
    whole[:, :2, :2] = gradient
    whole[:, 2, 2] = thickness
    if finite:
        _free_thickness(material, whole, history)
    else:
        _free_small_thickness(material, whole, history)
    stress, tangent, after = respond(material, whole, history, finite)
    coupling = tangent[:, :2, :2, 2, 2]
    plane = tangent[:, :2, :2, :2, :2] - (
        coupling[:, :, :, None, None]
        * tangent[:, None, None, 2, 2, :2, :2]
        / tangent[:, 2, 2, 2, 2][:, None, None, None, None]
    )
    return stress[:, :2, :2], plane, whole[:, 2, 2].copy(), after


def _free_thickness(material: Material, gradient: np.ndarray, history: History) -> None:
    """Set F33 of gradients (points, 3, 3) so that tau33 = 0; the third axis is a principal one."""
    for _ in range(ITERATIONS):
        found = principal_return(material, gradient, history)
        share = found.axes[:, 2, :] ** 2
        stress = (share * found.stress).sum(1)
        modulus = np.einsum("pa,pab,pb->p", share, found.moduli, share)
        change = np.clip(stress / modulus, -0.05, 0.05)
        gradient[:, 2, 2] *= np.exp(-change)
        if np.max(np.abs(change)) < ACCURATE_STRETCH:
            return


def _free_small_thickness(material: Material, gradient: np.ndarray, history: History) -> None:
    """Set the thickness strain of gradients (points, 3, 3) so that sigma33 = 0."""
    for _ in range(ITERATIONS):
        stress, tangent, _ = respond(material, gradient, history, finite=False)
        change = np.clip(stress[:, 2, 2] / tangent[:, 2, 2, 2, 2], -0.05, 0.05)
        gradient[:, 2, 2] -= change
        if np.max(np.abs(change)) < ACCURATE_STRETCH:
            return


def respond(
    material: Material, gradient: np.ndarray, history: History, finite: bool
) -> tuple[np.ndarray, np.ndarray, History]:
    """Stress and tangent to F (points, 3, 3) at finite or small strain."""
    if finite:
        return finite_strain(material, gradient, history)
    strain = (gradient + gradient.transpose(0, 2, 1)) / 2 - IDENTITY
    return small_strain(material, strain, history)
