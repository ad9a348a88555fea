"""A small sheet solved a second way: explicit in time, the rate form at its points, SciPy's LU.

At every instant S is linear in C for the current Fp, so equilibrium is an elastic problem for the
displacements; Fp and crss follow by Heun's method with a fixed step. Nothing is shared with
:mod:`slipfield.kinds.slip.fem` or :mod:`slipfield.kinds.slip.crystal`, except the specimen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import splu

from slipfield.kinds.slip.crystal.law import Parameters, hardening_modulus, initial_crss
from slipfield.kinds.slip.study import Study
from slipfield.kinds.slip.verification.rate_form import RateForm, Transverse, in_plane_metric

NEWTON_STEPS = 6
RESIDUAL = 1e-9  # of the largest nodal force


@dataclass
class ExplicitRun:
    """Displacements (outputs, nodes, 2) mm and loads (outputs,) N of a run."""

    displacement: np.ndarray
    load: np.ndarray


class ExplicitSheet:
    """Bilinear quadrilaterals with 2 x 2 points on the specimen's mesh.

    Parameters
    ----------
    study : material, loading (its end displacement at a constant rate) and thickness.
    x, y : (ny + 1, nx + 1) nodal coordinates, mm.
    euler, size : (cells, 3) rad and (cells,) mm, row by row.
    k : k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5).
    transverse : 'free' (membrane) or 'clamped' (no transverse shear).
    """

    def __init__(
        self,
        study: Study,
        x: np.ndarray,
        y: np.ndarray,
        euler: np.ndarray,
        size: np.ndarray,
        k: Parameters,
        transverse: Transverse = "free",
    ):
        self.study, columns = study, x.shape[1]
        number = np.arange(x.size).reshape(x.shape)
        corners = [number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]]
        self.cells = np.stack([c.ravel() for c in corners], axis=-1)
        self.nodes = np.column_stack([x.ravel(), y.ravel()])
        self._gauss_points()
        h = np.repeat(hardening_modulus(study.material, k, size)[:, None], 4, axis=1)
        crss = np.repeat(initial_crss(k, size)[:, None], 4, axis=1)
        euler = np.repeat(euler[:, None], 4, axis=1)
        self.law = RateForm(study.material, euler, h, crss, transverse)
        self.dofs = (2 * self.cells[:, :, None] + np.arange(2)).reshape(len(self.cells), 8)
        self.top = 2 * number[-1] + 1
        fixed = np.zeros(2 * x.size, bool)
        fixed[2 * number[0] + 1] = fixed[self.top] = fixed[2 * number[0, columns // 2]] = True
        self.free = np.flatnonzero(~fixed)

    def _gauss_points(self) -> None:
        """Shape gradients (cells, 4, 4 nodes, 2), 1/mm, and weights (cells, 4), mm^2."""
        a = 1 / np.sqrt(3)
        sides = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        local = np.array(
            [
                [[s * (1 + t * eta) / 4, t * (1 + s * xi) / 4] for s, t in sides]
                for xi, eta in a * sides
            ]
        )
        jacobian = np.einsum("qnd,eni->eqid", local, self.nodes[self.cells])
        self.gradients = np.einsum("qnd,eqdi->eqni", local, np.linalg.inv(jacobian))
        self.weights = np.linalg.det(jacobian)

    def deformation(self, u: np.ndarray) -> np.ndarray:
        """In-plane F (cells, 4, 2, 2) for displacements (2 * nodes,)."""
        return np.eye(2) + np.einsum("eni,eqnj->eqij", u.reshape(-1, 2)[self.cells], self.gradients)

    def _forces(self, f: np.ndarray, stress: np.ndarray) -> np.ndarray:
        """Nodal forces (2 * nodes,) per mm of thickness, stress (cells, 4, 3)."""
        s = stress[..., [[0, 2], [2, 1]]]
        element = np.einsum("eqij,eqjk,eqnk,eq->eni", f, s, self.gradients, self.weights)
        total = np.zeros(2 * len(self.nodes))
        np.add.at(total, self.dofs, element.reshape(-1, 8))
        return total

    def _tangent(self, f: np.ndarray, law: np.ndarray, stress: np.ndarray) -> coo_matrix:
        gx, gy = self.gradients[..., 0], self.gradients[..., 1]
        rows = [
            np.einsum("eqi,eqn->eqni", f[..., 0], gx),
            np.einsum("eqi,eqn->eqni", f[..., 1], gy),
            np.einsum("eqi,eqn->eqni", f[..., 0], gy) + np.einsum("eqi,eqn->eqni", f[..., 1], gx),
        ]
        b = np.stack(rows, axis=2).reshape(*f.shape[:2], 3, 8)
        moduli = law * np.array([2.0, 2.0, 1.0])
        element = np.einsum("eqar,eqab,eqbc,eq->erc", b, moduli, b, self.weights, optimize=True)
        s = stress[..., [[0, 2], [2, 1]]]
        n = self.gradients
        initial = np.einsum("eqni,eqij,eqmj,eq->enm", n, s, n, self.weights)
        element += np.einsum("enm,ij->enimj", initial, np.eye(2)).reshape(element.shape)
        i = np.broadcast_to(self.dofs[:, :, None], element.shape)
        j = np.broadcast_to(self.dofs[:, None], element.shape)
        return coo_matrix((element.ravel(), (i.ravel(), j.ravel())))

    def equilibrium(self, u: np.ndarray, fp: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """Displacements in equilibrium near u for a given Fp, C (cells, 4, 3, 3) and load in N."""
        law, s, complete = self.law.in_plane_law(fp)
        for _ in range(NEWTON_STEPS):
            f = self.deformation(u)
            metric = in_plane_metric(f)
            stress = np.einsum("eqab,eqb->eqa", law, metric) - s
            force = self._forces(f, stress)
            if np.abs(force[self.free]).max() < RESIDUAL * np.abs(force).max():
                break
            tangent = self._tangent(f, law, stress).tocsc()[self.free][:, self.free]
            u = u.copy()
            u[self.free] -= splu(tangent.tocsc()).solve(force[self.free])
        load = self.study.specimen.thickness_mm * force[self.top].sum()
        return u, complete(metric), load

    def run(self, step: float, outputs: np.ndarray) -> ExplicitRun:
        """Integrate with a step near ``step`` (s) and keep the outputs (times in s)."""
        end, top = self.study.loading.path[-1]
        state, u, time = self.law.start, np.zeros(2 * len(self.nodes)), 0.0
        found, loads = [], []

        def rate(y: np.ndarray, guess: np.ndarray, t: float) -> tuple[np.ndarray, np.ndarray]:
            fp, g = self.law.unpack(y)
            guess = guess.copy()
            guess[self.top] = top * t / end
            guess, metric, _ = self.equilibrium(guess, fp)
            return self.law.evolve(fp, g, metric), guess

        for output in outputs:
            steps = int(np.ceil((output - time) / step))
            dt = (output - time) / steps
            for i in range(steps):
                t = time + i * dt
                first, new = rate(state, u, t)
                second, _ = rate(state + dt * first, new + (new - u), t + dt)
                state, u = state + 0.5 * dt * (first + second), new
            time = output
            u[self.top] = top * time / end
            u, _, load = self.equilibrium(u, self.law.unpack(state)[0])
            found.append(u.reshape(-1, 2).copy())
            loads.append(load)
        return ExplicitRun(np.array(found), np.array(loads))
