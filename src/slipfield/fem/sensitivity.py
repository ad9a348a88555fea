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
from slipfield.fem.state import COMPONENTS, PARAMETERS, SYSTEMS, StateArrays, address, aligned
from slipfield.fem.stepping import Problem, Stepper, extrapolated_change
from slipfield.study import Material

MAX_CORRECTIONS = 8
TOLERANCE = 1e-5  # strain of the last correction over that of the rates


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
        shapes = {
            name: (len(blocks.order), blocks.points, n * PARAMETERS, blocks.lanes)
            for name, n in COMPONENTS.items()
        }
        self._start = {name: aligned(shape, np.float32) for name, shape in shapes.items()}
        self._end = {name: aligned(shape, np.float32) for name, shape in shapes.items()}
        self._g_old = self._at_points(np.tile(d_crss, SYSTEMS))
        self._start["g"][:] = self._g_old
        self._end["g"][:] = self._g_old
        self.du = np.zeros((PARAMETERS, 2 * nodes))
        self.dload = np.zeros(PARAMETERS)
        self._history: list[tuple[float, np.ndarray]] = []
        self._tangent = aligned((len(blocks.order), blocks.points, 9, blocks.lanes))
        self._work = problem.vector()

    def _at_points(self, per_cell: np.ndarray) -> np.ndarray:
        blocks = self.problem.blocks
        shape = (len(per_cell), blocks.points, per_cell.shape[1])
        return blocks.spread(np.broadcast_to(per_cell[:, None], shape), np.float32)

    def follow(self, stepper: Stepper, u: np.ndarray) -> None:
        """Differentiate the step that ``stepper`` has just brought to equilibrium at ``u``."""
        du = self._predict(stepper.dt)
        residual = self._differentiate(stepper, u, du, whole=False)
        for _ in range(MAX_CORRECTIONS):
            change = np.zeros_like(du)
            change[:, self.problem.owned] = -self.problem.solver.solve_many(
                residual[:, self.problem.owned]
            )
            for rate in change:
                stepper.forward(rate)
            du += change
            if self._norm(change) < TOLERANCE * self._norm(du):
                break
            residual = self._correct(stepper, u, du, change)
        self._differentiate(stepper, u, du, whole=True)
        self._keep(stepper.dt, du)

    def _norm(self, rates: np.ndarray) -> float:
        """Strain norm of nodal rates (3, 2 * nodes), each parameter counted alike."""
        return float(np.linalg.norm([self.problem.strain_norm(rate) for rate in rates]))

    def _predict(self, dt: float) -> np.ndarray:
        """Quadratic extrapolation of the displacement rates in time."""
        return self.du + extrapolated_change(self._history, dt)

    def _arrays(self) -> StateArrays:
        start, end = self._start, self._end
        arrays = [start["a"], start["g"], self._g_old, start["L"], start["s"], self._h]
        return StateArrays(*map(address, arrays + [end[name] for name in ("a", "g", "L", "s")]))

    def _differentiate(
        self, stepper: Stepper, u: np.ndarray, du: np.ndarray, whole: bool
    ) -> np.ndarray:
        """Residual rates (3, 2 * nodes) for du.

        Brings the stress rates of the points up to du, and those of their whole state if
        ``whole``.
        """
        total = np.zeros_like(du)
        load_kernel("elements").slipfield_sensitivity(
            ctypes.byref(stepper.points.law),
            ctypes.byref(self.problem.blocks.struct),
            ctypes.byref(stepper.points.struct()),
            ctypes.byref(self._arrays()),
            ctypes.c_double(stepper.dt),
            ctypes.c_double(stepper.ratio),
            *map(address, (u, du)),
            ctypes.c_int64(du.shape[1]),
            int(whole),
            *map(address, (self._tangent, total)),
        )
        return self._assemble(total)

    def _correct(
        self, stepper: Stepper, u: np.ndarray, du: np.ndarray, change: np.ndarray
    ) -> np.ndarray:
        """Residual rates after du grew by ``change``: stress rates by the points' tangents."""
        total = np.zeros_like(du)
        load_kernel("elements").slipfield_correct_stress_rates(
            ctypes.byref(self.problem.blocks.struct),
            ctypes.byref(stepper.points.struct()),
            ctypes.byref(self._arrays()),
            *map(address, (u, du, change)),
            ctypes.c_int64(du.shape[1]),
            *map(address, (self._tangent, total)),
        )
        return self._assemble(total)

    def _assemble(self, total: np.ndarray) -> np.ndarray:
        """Sum residual rates over the ranks and read the load rates off the top edge."""
        problem = self.problem
        thickness = problem.study.specimen.thickness_mm
        for p, values in enumerate(total):
            self._work.array[:] = values
            self._work.scatter_reverse(la.InsertMode.add)
            values[:] = self._work.array
            self.dload[p] = thickness * problem.comm.allreduce(values[problem.top_dofs].sum())
        return total

    def _keep(self, dt: float, du: np.ndarray) -> None:
        self._history = [(dt, (du - self.du) / dt), *self._history[:1]]
        self.du = du
        self._g_old, self._start["g"], self._end["g"] = (
            self._start["g"],
            self._end["g"],
            self._g_old,
        )
        for name in ("a", "L", "s"):
            self._start[name], self._end[name] = self._end[name], self._start[name]
