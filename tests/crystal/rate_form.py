"""An independent formulation of the point law: three-dimensional rate form, SciPy's Radau.

State: all nine components of Fp and twelve crss. The out-of-plane C13, C23, C33 follow at every
instant from S e3 = 0 (linear, because S is linear in C). Slip systems are built from Miller
indices, stresses from the stiffness.
"""

import itertools

import numpy as np
from scipy.integrate import solve_ivp


def slip_systems():
    """(12, 3, 3) Schmid tensors s (x) n of {111}<110> from Miller indices."""
    planes = [np.array(n) for n in [(1, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1)]]
    lines = [np.array(s) for s in itertools.product((-1, 0, 1), repeat=3) if np.abs(s).sum() == 2]
    schmid, seen = [], set()
    for n in planes:
        for s in lines:
            key = (tuple(n), tuple(max(tuple(s), tuple(-s))))
            if n @ s == 0 and key not in seen:
                seen.add(key)
                schmid.append(np.outer(s, n) / np.sqrt(6.0))
    assert len(schmid) == 12
    return np.array(schmid)


def bunge(phi1, phi, phi2):
    """Sample -> crystal matrix as the product of three elementary passive rotations."""

    def z(t):
        return np.array([[np.cos(t), np.sin(t), 0], [-np.sin(t), np.cos(t), 0], [0, 0, 1]])

    x = np.array([[1, 0, 0], [0, np.cos(phi), np.sin(phi)], [0, -np.sin(phi), np.cos(phi)]])
    return z(phi2) @ x @ z(phi1)


def cubic_stiffness(c11, c12, c44):
    """(3, 3, 3, 3) stiffness tensor in crystal axes."""
    d = np.eye(3)
    c = c12 * np.einsum("ij,kl->ijkl", d, d)
    c += c44 * (np.einsum("ik,jl->ijkl", d, d) + np.einsum("il,jk->ijkl", d, d))
    for i in range(3):
        c[i, i, i, i] = c11
    return c


class RateForm:
    """Membrane crystal driven by the in-plane gradient F(t)."""

    def __init__(self, material, euler, h, crss):
        self.m = material
        self.P = slip_systems()
        self.C4 = cubic_stiffness(material.c11_MPa, material.c12_MPa, material.c44_MPa)
        n = len(self.P)
        self.h = h * (material.latent_ratio * np.ones((n, n)) + (1 - material.latent_ratio) * np.eye(n))
        self.y0 = np.r_[bunge(*euler).ravel(), np.full(n, crss)]

    def stress(self, Fp, C2):
        """Second Piola-Kirchhoff stress (3, 3) and Mandel stress for in-plane C (2, 2)."""
        A = np.linalg.inv(Fp)

        def pk2(C):
            Ee = 0.5 * (A.T @ C @ A - np.eye(3))
            Se = np.einsum("ijkl,kl->ij", self.C4, Ee)
            return A @ Se @ A.T, Se, Ee

        base = np.zeros((3, 3))
        base[:2, :2] = C2
        s0 = pk2(base)[0][:, 2]
        columns = []
        for i, j in [(0, 2), (1, 2), (2, 2)]:
            unit = np.zeros((3, 3))
            unit[i, j] = unit[j, i] = 1
            columns.append(pk2(base + unit)[0][:, 2] - s0)
        x = np.linalg.solve(np.array(columns).T, -s0)
        C = base + np.array([[0, 0, x[0]], [0, 0, x[1]], [x[0], x[1], x[2]]])
        S, Se, Ee = pk2(C)
        return S, (np.eye(3) + 2 * Ee) @ Se

    def rate(self, t, y, gradient):
        Fp, g = y[:9].reshape(3, 3), y[9:]
        F = gradient(t)
        _, mandel = self.stress(Fp, F.T @ F)
        tau = np.einsum("aij,ij->a", self.P, mandel)
        # trial states of the integrator may be absurd; a slip rate of 1/s is never met
        drive = np.minimum(np.abs(tau / g), 1e3 ** (1 / self.m.rate_exponent))
        rate = self.m.reference_slip_rate_per_s * drive**self.m.rate_exponent
        L = np.einsum("a,aij->ij", rate * np.sign(tau), self.P)
        return np.r_[(L @ Fp).ravel(), self.h @ rate]

    def run(self, times, gradients, rtol=1e-7):
        """Stress (n, 3) = S11, S22, S12 at ``times`` of the piecewise-linear path."""
        y, out = self.y0, []
        for i, t in enumerate(times):
            if i:
                t0, F0, F1 = times[i - 1], gradients[i - 1], gradients[i]
                path = lambda s, t0=t0, t=t, F0=F0, F1=F1: F0 + (F1 - F0) * (s - t0) / (t - t0)
                solution = solve_ivp(
                    self.rate, (t0, t), y, "Radau", args=(path,), rtol=rtol, atol=1e-9
                )
                assert solution.success
                y = solution.y[:, -1]
            F = gradients[i]
            S, _ = self.stress(y[:9].reshape(3, 3), F.T @ F)
            out.append([S[0, 0], S[1, 1], S[0, 1]])
        self.final = y
        return np.array(out)
