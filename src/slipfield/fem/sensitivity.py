"""Forward sensitivities of strain and load to ln k1, ln k2, ln k3 by direct differentiation.

At every accepted step the converged residual R(u, p, history) = 0 is differentiated: the kernel,
run on dual numbers, gives dR/dp for trial rates du/dp, and the tangent's factor corrects them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
from dolfinx import la

from slipfield.crystal.build import load_kernel
from slipfield.fem.state import COMPONENTS, PARAMETERS, SYSTEMS, address, StateArrays, aligned
from slipfield.fem.stepping import Problem, Stepper
from slipfield.study import Material

CORRECTIONS = 2
TOLERANCE = 1e-5


class Sensitivity:
    """Rates of displacement and point states with respect to ln k1, ln k2, ln k3.

    Attributes
    ----------
    du : (3, 2 * nodes) mm.
    dload : (3,) N.
    """

    def __init__(self, problem: Problem, material: Material, k: Sequence[float]):
        self.problem = problem
        blocks, nodes = problem.blocks, problem.sheet.nodes
        grain = problem.micro.element_grain.ravel()[problem.sheet.cell_index]
        root = problem.micro.size[grain] ** -0.5
        none = np.zeros_like(root)
        d_h = np.stack([k[0] * root, none, none], axis=-1)
        d_crss = np.stack([none, np.full_like(root, k[1]), k[2] * root], axis=-1)
        self._h = self._at_points(d_h)
        shapes = {name: (len(blocks.order), blocks.points, n * PARAMETERS, blocks.lanes)
                  for name, n in COMPONENTS.items()}
        self._start = {name: aligned(shape) for name, shape in shapes.items()}
        self._end = {name: aligned(shape) for name, shape in shapes.items()}
        self._g_old = self._at_points(np.tile(d_crss, SYSTEMS))
        self._start["g"][:] = self._g_old
        self._end["g"][:] = self._g_old
        self.du = np.zeros((PARAMETERS, 2 * nodes))
        self.dload = np.zeros(PARAMETERS)
        self._history: list[tuple[float, np.ndarray]] = []
        self._residual = [problem.vector() for _ in range(PARAMETERS)]

    def _at_points(self, per_cell: np.ndarray) -> np.ndarray:
        blocks = self.problem.blocks
        shape = (len(per_cell), blocks.points, per_cell.shape[1])
        return blocks.spread(np.broadcast_to(per_cell[:, None], shape))

    def follow(self, stepper: Stepper, u: np.ndarray) -> None:
        """Differentiate the step that ``stepper`` has just brought to equilibrium at ``u``."""
        du = self._predict(stepper.dt)
        problem = self.problem
        scale = 0.0
        for _ in range(CORRECTIONS + 1):
            residual = self._evaluate(stepper, u, du)
            correction = np.stack(
                [problem.solver.solve(r.array[problem.owned]) for r in residual]
            )
            du[:, problem.owned] -= correction
            for rate in du:
                stepper.forward(rate)
            scale = max(scale, self._norm(du))
            if self._norm(correction) < TOLERANCE * scale:
                break
        self._evaluate(stepper, u, du)
        self._keep(stepper.dt, du)

    def _norm(self, rates: np.ndarray) -> float:
        owned = rates[:, self.problem.owned]
        return float(np.sqrt(self.problem.comm.allreduce(np.sum(owned**2))))

    def _predict(self, dt: float) -> np.ndarray:
        if not self._history:
            return self.du.copy()
        last, rate = self._history[0]
        return self.du + dt / last * rate

    def _evaluate(self, stepper: Stepper, u: np.ndarray, du: np.ndarray) -> list[la.Vector]:
        """Residual rates for displacement rates du; updates the rates of the point states."""
        problem, total = self.problem, np.zeros_like(du)
        start, end = self._start, self._end
        arrays = [start["a"], start["g"], self._g_old, start["L"], start["s"], self._h]
        arrays += [end[name] for name in ("a", "g", "L", "s")]
        load_kernel("elements").slipfield_sensitivity(
            ctypes.byref(stepper.points.law),
            ctypes.byref(problem.blocks.struct),
            ctypes.byref(stepper.points.struct()),
            ctypes.byref(StateArrays(*map(address, arrays))),
            ctypes.c_double(stepper.dt),
            ctypes.c_double(stepper.ratio),
            address(u),
            address(du),
            ctypes.c_int64(du.shape[1]),
            address(total),
        )
        thickness = problem.study.specimen.thickness_mm
        for p, (vector, values) in enumerate(zip(self._residual, total, strict=True)):
            vector.array[:] = values
            vector.scatter_reverse(la.InsertMode.add)
            reaction = vector.array[problem.top_dofs].sum()
            self.dload[p] = thickness * problem.comm.allreduce(reaction)
        return self._residual

    def _keep(self, dt: float, du: np.ndarray) -> None:
        self._history = [(dt, du - self.du)]
        self.du = du
        self._g_old, self._start["g"], self._end["g"] = (
            self._start["g"], self._end["g"], self._g_old,
        )
        for name in ("a", "L", "s"):
            self._start[name], self._end[name] = self._end[name], self._start[name]
