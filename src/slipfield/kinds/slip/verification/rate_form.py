"""An independent formulation of the point law: three-dimensional rate form, SciPy's integrators.

State: all nine components of Fp and twelve crss. The out-of-plane components of C follow at every
instant from the stress-free faces (linear, because S is linear in C for a given Fp). Slip systems
are built from Miller indices, rotations from three elementary ones, stresses from the stiffness.
Nothing is shared with :mod:`slipfield.kinds.slip.crystal`. All arrays may carry leading dimensions
(points).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from scipy.integrate import solve_ivp

from slipfield.kinds.slip.study import Material, SlipFamily

Transverse = Literal["free", "clamped"]
IN_PLANE = (0, 4, 1)  # flat indices of 11, 22, 12
OUT_OF_PLANE = {"free": ((0, 2), (1, 2), (2, 2)), "clamped": ((2, 2),)}
FASTEST_SLIP_PER_S = 1.0  # trial states of the integrator may be absurd; never met by a solution


def slip_systems(family: SlipFamily) -> np.ndarray:
    """(12, 3, 3) Schmid tensors s (x) n of {111}<110> or {110}<111> from Miller indices."""
    forms = {
        count: [
            np.array(index)
            for index in itertools.product((1, 0, -1), repeat=3)
            if np.abs(index).sum() == count and index > tuple(-i for i in index)
        ]
        for count in (2, 3)
    }
    planes, lines = (forms[3], forms[2]) if family == "fcc" else (forms[2], forms[3])
    return np.array([np.outer(s, n) / np.sqrt(6.0) for n in planes for s in lines if n @ s == 0])


def bunge(phi1: float, phi: float, phi2: float) -> np.ndarray:
    """Sample -> crystal matrix as the product of three elementary passive rotations (rad)."""

    def about_z(t: float) -> np.ndarray:
        return np.array([[np.cos(t), np.sin(t), 0], [-np.sin(t), np.cos(t), 0], [0, 0, 1]])

    c, s = np.cos(phi), np.sin(phi)
    about_x = np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
    return about_z(phi2) @ about_x @ about_z(phi1)


def cubic_stiffness(c11: float, c12: float, c44: float) -> np.ndarray:
    """(3, 3, 3, 3) stiffness tensor in crystal axes, in the unit of its constants."""
    d = np.eye(3)
    c = c12 * np.einsum("ij,kl->ijkl", d, d)
    c += c44 * (np.einsum("ik,jl->ijkl", d, d) + np.einsum("il,jk->ijkl", d, d))
    for i in range(3):
        c[i, i, i, i] = c11
    return c


def _symmetric_units(pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """(9, n) flat symmetric matrices with ones at the given pairs of indices."""
    units = np.zeros((len(pairs), 3, 3))
    for unit, (i, j) in zip(units, pairs, strict=True):
        unit[i, j] = unit[j, i] = 1
    return units.reshape(len(pairs), 9).T


class RateForm:
    """Crystals of a thin sheet in rate form.

    Parameters
    ----------
    material : elastic constants, slip systems and slip rule.
    euler : (..., 3) Bunge angles, rad.
    h, crss : hardening modulus and initial crss, MPa, scalars or (...).
    transverse : 'free' for the membrane (S13 = S23 = S33 = 0), 'clamped' for a sheet without
        transverse shear (C13 = C23 = 0, S33 = 0).
    """

    def __init__(
        self,
        material: Material,
        euler: Sequence[float] | np.ndarray,
        h: float | np.ndarray,
        crss: float | np.ndarray,
        transverse: Transverse = "free",
    ):
        self.material = material
        self.schmid = slip_systems(material.slip_family)
        self.stiffness = cubic_stiffness(material.c11_MPa, material.c12_MPa, material.c44_MPa)
        euler = np.asarray(euler, float)
        shape = euler.shape[:-1]
        rotations = np.array([bunge(*angles) for angles in euler.reshape(-1, 3)])
        self.points = shape
        self.h = np.broadcast_to(np.asarray(h, float), shape)
        g = np.broadcast_to(np.asarray(crss, float)[..., None], (*shape, 12))
        self.start = self.pack(rotations.reshape(*shape, 3, 3), g)
        self._in = _symmetric_units([(0, 0), (1, 1), (0, 1)])
        pairs = OUT_OF_PLANE[transverse]
        self._out = _symmetric_units(pairs)
        self._free_rows = [3 * i + j for i, j in pairs]

    def pack(self, fp: np.ndarray, g: np.ndarray) -> np.ndarray:
        """State vector of Fp (..., 3, 3) and crss (..., 12)."""
        return np.concatenate([fp.reshape(*self.points, 9), g], axis=-1).ravel()

    def unpack(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fp (..., 3, 3) and crss (..., 12), MPa, of a state vector."""
        state = state.reshape(*self.points, 21)
        return state[..., :9].reshape(*self.points, 3, 3), state[..., 9:]

    def elastic(self, fp: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Q (..., 9, 9) and s (..., 9) of the linear law S = Q C - s, in MPa, for a given Fp."""
        inverse = np.linalg.inv(fp)
        pull = np.einsum("...im,...jn->...ijmn", inverse, inverse).reshape(*fp.shape[:-2], 9, 9)
        transposed = np.swapaxes(pull, -1, -2)
        q = 0.5 * pull @ self.stiffness.reshape(9, 9) @ transposed
        hydrostatic = np.einsum("mnpp->mn", self.stiffness).reshape(9)
        return q, 0.5 * pull @ hydrostatic

    def in_plane_law(self, fp: np.ndarray) -> tuple[np.ndarray, np.ndarray, Callable]:
        """Condensed law (S11, S22, S12) = D (C11, C22, C12) - s of the sheet, MPa.

        Returns
        -------
        D (..., 3, 3), s (..., 3), and the function that completes (C11, C22, C12) to C (..., 3, 3).
        """
        q, s = self.elastic(fp)
        coupling = q @ self._in
        rows = coupling[..., self._free_rows, :]
        inverse = np.linalg.inv((q @ self._out)[..., self._free_rows, :])
        gain, offset = -inverse @ rows, _times(inverse, s[..., self._free_rows])
        out = (q @ self._out)[..., IN_PLANE, :]
        law = coupling[..., IN_PLANE, :] + out @ gain

        def complete(metric: np.ndarray) -> np.ndarray:
            rest = _times(gain, metric) + offset
            full = metric @ self._in.T + rest @ self._out.T
            return full.reshape(*full.shape[:-1], 3, 3)

        return law, s[..., IN_PLANE] - _times(out, offset), complete

    def mandel_stress(self, fp: np.ndarray, metric: np.ndarray) -> np.ndarray:
        """Mandel stress (I + 2 Ee) Se (..., 3, 3) in MPa for the full C (..., 3, 3)."""
        inverse = np.linalg.inv(fp)
        elastic = np.swapaxes(inverse, -1, -2) @ metric @ inverse
        stress = np.einsum("ijkl,...kl->...ij", self.stiffness, 0.5 * (elastic - np.eye(3)))
        return elastic @ stress

    def slip_rates(self, mandel: np.ndarray, g: np.ndarray) -> np.ndarray:
        """Signed slip rates (..., 12) in 1/s."""
        n, rate0 = self.material.rate_exponent, self.material.reference_slip_rate_per_s
        tau = np.einsum("aij,...ij->...a", self.schmid, mandel)
        drive = np.minimum(np.abs(tau / g), (FASTEST_SLIP_PER_S / rate0) ** (1 / n))
        return rate0 * drive**n * np.sign(tau)

    def evolve(self, fp: np.ndarray, g: np.ndarray, metric: np.ndarray) -> np.ndarray:
        """Rate of the state vector for the full C (..., 3, 3)."""
        slip = self.slip_rates(self.mandel_stress(fp, metric), g)
        flow = np.einsum("...a,aij->...ij", slip, self.schmid) @ fp
        q, speed = self.material.latent_ratio, np.abs(slip)
        total = speed.sum(axis=-1, keepdims=True)
        hardening = self.h[..., None] * ((1 - q) * speed + q * total)
        return self.pack(flow, self.growth(g) * hardening)

    def growth(self, g: np.ndarray) -> np.ndarray | float:
        """What is left of the hardening at the crss g (..., 12), MPa."""
        if self.material.hardening == "linear":
            return 1.0
        left = np.maximum(1 - g / self.material.g_sat_MPa, 0)
        return left**self.material.hardening_exponent

    def run(
        self, times: np.ndarray, gradients: np.ndarray, rtol: float = 1e-7, method: str = "Radau"
    ) -> np.ndarray:
        """Stress along a piecewise-linear path, the same for all points.

        Parameters
        ----------
        times : (n,) s.  gradients : (n, 2, 2) in-plane F at these times.
        rtol, method : of :func:`scipy.integrate.solve_ivp`.

        Returns
        -------
        (n, ..., 3) second Piola-Kirchhoff stress S11, S22, S12 in MPa.
        """
        state, out = self.start, []
        for i, gradient in enumerate(gradients):
            if i:
                part = slice(i - 1, i + 1)
                state = self._segment(state, times[part], gradients[part], rtol, method)
            law, s, _ = self.in_plane_law(self.unpack(state)[0])
            out.append(_times(law, in_plane_metric(gradient)) - s)
        self.final = state
        return np.array(out)

    def _segment(
        self, state: np.ndarray, times: np.ndarray, ends: np.ndarray, rtol: float, method: str
    ) -> np.ndarray:
        def rate(t: float, y: np.ndarray) -> np.ndarray:
            share = (t - times[0]) / (times[1] - times[0])
            fp, g = self.unpack(y)
            complete = self.in_plane_law(fp)[2]
            metric = in_plane_metric(ends[0] + share * (ends[1] - ends[0]))
            return self.evolve(fp, g, complete(np.broadcast_to(metric, (*self.points, 3))))

        solution = solve_ivp(rate, tuple(times), state, method, rtol=rtol, atol=1e-9)
        if not solution.success:
            raise RuntimeError(f"the rate form did not integrate: {solution.message}")
        return solution.y[:, -1]

    def run_solid(
        self, times: np.ndarray, gradients: np.ndarray, rtol: float = 1e-7, method: str = "Radau"
    ) -> np.ndarray:
        """Stress S (n, ..., 3, 3) in MPa where all of F (n, 3, 3) is given: no face is free."""
        state, out = self.start, []
        for i, gradient in enumerate(gradients):
            if i:
                rate = self._solid_rate(times[i - 1 : i + 1], gradients[i - 1 : i + 1])
                ends = tuple(times[i - 1 : i + 1])
                solution = solve_ivp(rate, ends, state, method, rtol=rtol, atol=1e-9)
                if not solution.success:
                    raise RuntimeError(f"the rate form did not integrate: {solution.message}")
                state = solution.y[:, -1]
            q, s = self.elastic(self.unpack(state)[0])
            stress = _times(q, (gradient.T @ gradient).ravel()) - s
            out.append(stress.reshape(*self.points, 3, 3))
        return np.array(out)

    def _solid_rate(self, times: np.ndarray, ends: np.ndarray) -> Callable:
        def rate(t: float, y: np.ndarray) -> np.ndarray:
            gradient = ends[0] + (t - times[0]) / (times[1] - times[0]) * (ends[1] - ends[0])
            return self.evolve(*self.unpack(y), gradient.T @ gradient)

        return rate


def _times(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    return np.einsum("...ij,...j->...i", matrix, vector)


def in_plane_metric(gradient: np.ndarray) -> np.ndarray:
    """C11, C22, C12 (..., 3) of in-plane gradients F (..., 2, 2)."""
    metric = np.swapaxes(gradient, -1, -2) @ gradient
    return np.stack([metric[..., 0, 0], metric[..., 1, 1], metric[..., 0, 1]], axis=-1)
