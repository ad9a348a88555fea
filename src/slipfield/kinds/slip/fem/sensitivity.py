"""Forward sensitivities of strain and load to the slip law's parameters by direct differentiation.

At every accepted step the converged residual R(u, p, history) = 0 is differentiated: the kernel
gives dR/dp for predicted rates du/dp, and conjugate gradients bring it to zero by products with
the consistent tangent, preconditioned by the factor that the step already has.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
from dolfinx import la

from slipfield.kinds.slip.crystal.build import Precision, load_kernel, sheet_variants
from slipfield.kinds.slip.crystal.law import SYSTEMS, Parameters
from slipfield.kinds.slip.fem.kernels import SENSITIVITIES
from slipfield.kinds.slip.fem.state import address
from slipfield.kinds.slip.fem.stepping import Problem, StepFailure, Stepper, extrapolated_change
from slipfield.kinds.slip.study import PARAMETERS, Material

IN_KERNEL = ("elastic", "g0", "n", "q", "g_sat", "a")
"""Constants whose rates the kernel takes, in the order of ``struct ConstantRates``."""

MAX_CORRECTIONS = 12
TOLERANCE: dict[Precision, float] = {"single": 2e-4, "double": 2e-5}
"""Error of the rates that the last correction leaves, relative."""
CONTRACTION = 0.1  # of the error by one correction, until two have shown it


class _StateDerivatives(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_void_p) for name in ("a_n", "g_n", "g_old", "L_n", "h", "a", "g", "L")
    ]


class Sensitivity:
    """Rates of displacement and point states with respect to logarithms of p parameters.

    Parameters
    ----------
    problem, material, k : the sample.
    constants : further parameters after k1, k2, k3, of
        :data:`slipfield.kinds.slip.study.constants.CONSTANTS`.

    Attributes
    ----------
    du : (p, 2 * nodes) mm.
    dload : (p,) N.
    """

    def __init__(
        self, problem: Problem, material: Material, k: Parameters, constants: Sequence[str] = ()
    ):
        self.problem = problem
        blocks, nodes = problem.blocks, problem.sheet.nodes
        law, to_q = sheet_variants(material), "q" in constants  # it sets the systems apart
        variants = (*law, "q", blocks.precision) if to_q else (*law, blocks.precision)
        self._library = load_kernel(SENSITIVITIES, *variants)
        components = {"a": 6, "g": SYSTEMS if to_q else blocks.crss, "L": 9}
        grain = problem.micro.element_grain.ravel()[problem.sheet.cell_index]
        root = problem.micro.size[grain] ** -0.5
        names = (*PARAMETERS, *constants)
        none, one = np.zeros_like(root), np.ones_like(root)
        d_h = {"k1": k[0] * root, "h0": material.h0_MPa * one}
        d_crss = {"k2": k[1] * one, "k3": k[2] * root}
        self._h = self._at_points(np.stack([d_h.get(n, none) for n in names], axis=-1))
        self._start, self._end = (
            {n: blocks.zeros(len(names) * size, np.float32) for n, size in components.items()}
            for _ in range(2)
        )
        self._constants = np.array([[n == c for c in IN_KERNEL] for n in names], np.float32)
        crss = np.stack([d_crss.get(n, none) for n in names], axis=-1)
        self._g_old = self._at_points(np.repeat(crss, components["g"], axis=1))
        self._start["g"][:] = self._g_old
        self.du = np.zeros((len(names), 2 * nodes))
        self.dload = np.zeros(len(names))
        self._history: list[tuple[float, np.ndarray]] = []
        self._tangent = blocks.zeros(9)
        self._work = problem.vector()
        self._tolerance = TOLERANCE[blocks.precision]

    def _at_points(self, per_cell: np.ndarray) -> np.ndarray:
        blocks = self.problem.blocks
        shape = (len(per_cell), blocks.points, per_cell.shape[1])
        return blocks.spread(np.broadcast_to(per_cell[:, None], shape), np.float32)

    def follow(self, stepper: Stepper, u: np.ndarray) -> None:
        """Differentiate the step that ``stepper`` has just brought to equilibrium at ``u``."""
        problem = self.problem
        du = self.du + extrapolated_change(self._history, stepper.dt)
        residual = self._residual_rates(stepper, u, du)
        self._correct(stepper, u, du, residual)
        self._state_rates(stepper, u, du)
        thickness = problem.study.specimen.thickness_mm
        self.dload = thickness * problem.comm.allreduce(residual[:, problem.top_dofs].sum(axis=1))
        self._keep(stepper.dt, du)

    def _correct(
        self, stepper: Stepper, u: np.ndarray, du: np.ndarray, residual: np.ndarray
    ) -> None:
        """Preconditioned conjugate gradients on the rates of each parameter; changes du, residual.

        Rows of prescribed displacements stay in the residual (p, 2 * owned): they hold the rates
        of the reactions.

        Raises
        ------
        StepFailure
            If the rates do not converge.
        """
        owned, errors = self.problem.owned, []
        direction, last_slope = np.zeros_like(du), None
        for _ in range(MAX_CORRECTIONS):
            better = -self.problem.solver.solve_many(residual)
            slope = -self._dot(residual, better)
            if last_slope is not None:
                better += _ratio(slope, last_slope)[:, None] * direction[:, owned]
            direction[:, owned], last_slope = better, slope
            for column in direction:
                stepper.forward(column)
            product = self._tangent_product(stepper, u, direction)
            size = _ratio(slope, self._dot(product, better))[:, None]
            du += size * direction
            residual += size * product
            step, whole = (self._dot(x, x) for x in (size * better, du[:, owned]))
            errors.append(float(np.sqrt(_ratio(step, whole).max())))
            contraction = min(1.0, errors[-1] / errors[-2]) if len(errors) > 1 else CONTRACTION
            if errors[-1] * contraction < self._tolerance:
                return
        raise StepFailure(f"sensitivities still change by {errors[-1]:.1e}")

    def _dot(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Products (p,) over all ranks of (p, 2 * owned) residuals, products or rates and rates.

        Rates and their corrections are 0 at prescribed displacements.
        """
        return self.problem.comm.allreduce(np.einsum("pi,pi->p", x, y))

    def _arguments(self, stepper: Stepper) -> list[object]:
        """What the kernel's derivatives of a step start from."""
        start, end = self._start, self._end
        arrays = [start["a"], start["g"], self._g_old, start["L"], self._h]
        rates = _StateDerivatives(*map(address, arrays + [end[name] for name in ("a", "g", "L")]))
        return [
            ctypes.byref(stepper.points.law),
            ctypes.byref(self.problem.blocks.struct),
            ctypes.byref(stepper.points.struct()),
            ctypes.byref(rates),
            len(self.du),
            address(self._constants),
            ctypes.c_double(stepper.dt),
            ctypes.c_double(stepper.ratio),
        ]

    def _residual_rates(self, stepper: Stepper, u: np.ndarray, du: np.ndarray) -> np.ndarray:
        """Residual rates (p, 2 * owned) for du, and the tangents of the points."""
        total = np.zeros_like(du)
        self._library.slipfield_residual_rates(
            *self._arguments(stepper),
            *map(address, (u, du)),
            ctypes.c_int64(du.shape[1]),
            *map(address, (self._tangent, total)),
        )
        return self._assemble(total)

    def _state_rates(self, stepper: Stepper, u: np.ndarray, du: np.ndarray) -> None:
        """Rates of the point states at the end of the step for du."""
        self._library.slipfield_state_rates(
            *self._arguments(stepper), *map(address, (u, du)), ctypes.c_int64(du.shape[1])
        )

    def _tangent_product(self, stepper: Stepper, u: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Consistent tangent times x: (p, 2 * nodes) -> (p, 2 * owned)."""
        total = np.zeros_like(x)
        self._library.slipfield_tangent_product(
            ctypes.byref(self.problem.blocks.struct),
            ctypes.byref(stepper.points.struct()),
            len(x),
            *map(address, (u, self._tangent, x)),
            ctypes.c_int64(x.shape[1]),
            address(total),
        )
        return self._assemble(total)

    def _assemble(self, total: np.ndarray) -> np.ndarray:
        """Sum nodal rates over the ranks: (p, 2 * nodes) -> (p, 2 * owned)."""
        if self.problem.comm.size > 1:
            for values in total:
                self._work.array[:] = values
                self._work.scatter_reverse(la.InsertMode.add)
                values[:] = self._work.array
        return total[:, self.problem.owned]

    def _keep(self, dt: float, du: np.ndarray) -> None:
        self._history = [(dt, (du - self.du) / dt), *self._history[:1]]
        self.du = du
        self._g_old, self._start["g"], self._end["g"] = (
            self._start["g"],
            self._end["g"],
            self._g_old,
        )
        for name in ("a", "L"):
            self._start[name], self._end[name] = self._end[name], self._start[name]


def _ratio(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Quotient of two arrays, 0 where y is 0."""
    return np.divide(x, y, out=np.zeros_like(x), where=y != 0)
