"""One sample: implicit quasi-static steps with error control from zero load to the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from dolfinx import la
from mpi4py import MPI

from slipfield.kinds.slip.crystal.build import Precision, sheet_variants
from slipfield.kinds.slip.crystal.law import Parameters
from slipfield.kinds.slip.fem.linear import StepFailure, TangentSolver
from slipfield.kinds.slip.fem.loading import LoadPath
from slipfield.kinds.slip.fem.precision import precision_of
from slipfield.kinds.slip.fem.sheet import Microstructure, Sheet
from slipfield.kinds.slip.fem.state import Blocks, PointStates
from slipfield.kinds.slip.study import Study

Rate = TypeVar("Rate", float, np.ndarray)
log = logging.getLogger("slipfield.kinds.slip.fem")

MAX_NEWTON = 10
POOR_REDUCTION = 0.3  # a stale factor that reduces the residual less is renewed
GOOD_FACTOR = 0.1  # a factor whose first solve leaves less of the residual tolerance serves on
LONGER = 3  # times solver.max_factor_age, at most
DIVERGENCE = 1e3
LATERAL_CONTRACTION = 0.35  # first guess of a uniform lateral strain
REJECT = 6.0  # a step whose error estimate exceeds this multiple of the tolerance is repeated
GROWTH, SHRINK, SAFETY = 2.0, 0.3, 0.85
KINK_STEP = 0.2  # first step after a kink of the path over the first step of all: stress relaxes


@dataclass
class Record:
    """What a sample cost and how it ended."""

    status: int = 0
    reason: str = ""
    steps: int = 0
    rejected_steps: int = 0
    factorisations: int = 0
    cutbacks: list[str] = field(default_factory=list)


@dataclass
class StepHistory:
    """What the next step takes from the steps before it.

    Attributes
    ----------
    velocity : (step in s, velocity (2 * nodes,) in mm/s) of the last step and the one before;
        empty after a kink of the path.
    load, load_rate : load in N after the last step, and its rates in N/s like ``velocity``.
    largest_strain, largest_load : largest strain norm (mm) and load (N) so far.
    factor_age : steps that the last factorisation served, None when there is no usable factor.
    leftover : residual norm that the first solve of the last step left.
    prolong : whether factors may serve longer than their maximum age; not after one that had to be
        renewed within a step, up to the next kink.
    """

    velocity: list[tuple[float, np.ndarray]] = field(default_factory=list)
    load: float = 0.0
    load_rate: list[tuple[float, float]] = field(default_factory=list)
    largest_strain: float = 0.0
    largest_load: float = 0.0
    factor_age: int | None = None
    leftover: float = np.inf
    prolong: bool = True

    def forget_rates(self) -> None:
        """Start afresh after a kink of the path: no extrapolation, backward Euler."""
        self.velocity, self.load_rate, self.prolong = [], [], True


class Problem:
    """Mesh, blocks, boundary conditions and solver of one specimen, shared by its samples.

    Parameters
    ----------
    study, micro : the specimen.
    comm : ranks that share it.
    precision : of the tangent's factor and, in a sheet, of point states and tangents; by default
        what the study's tolerances ask for.

    Attributes
    ----------
    load_factor : N for the sum of the nodal forces of the top edge: the thickness, mm.
    max_factor_age : steps that may share one factorisation.
    """

    sheet: Sheet
    blocks: Blocks

    def __init__(
        self,
        study: Study,
        micro: Microstructure,
        comm: MPI.Intracomm = MPI.COMM_WORLD,
        precision: Precision | None = None,
    ):
        self.study, self.micro, self.comm = study, micro, comm
        self.precision = precision or precision_of(study.solver)
        self.discretise()
        self.path = LoadPath(study.loading)
        sheet, dimension = self.sheet, self.sheet.dimension
        self.constrained = self.prescribed()
        nodes, valid, used = self.blocks.nodes, self.blocks.valid, self.blocks.precision
        self.solver = TangentSolver(sheet, nodes, valid, self.constrained, used, self.precision)
        self.owned = slice(0, dimension * sheet.owned)
        self.free = ~self.constrained[self.owned]
        self.free_count = comm.allreduce(int(self.free.sum()))
        top = sheet.top[sheet.top < sheet.owned]
        self.top_dofs = dimension * top + 1
        self.top_count = comm.allreduce(len(top))
        self.index_map = sheet.space.dofmap.index_map
        # below an elastic strain of 1e-9 there is nothing to balance (a hold before the loading)
        section = study.specimen.width_mm * study.specimen.thickness_mm / self.load_factor
        self.least_reaction = 1e-9 * study.material.c44_MPa * section / self.top_count

    def discretise(self) -> None:
        """Make the mesh and its blocks."""
        self.sheet = Sheet(self.micro, self.comm)
        self.blocks = Blocks(self.sheet, sheet_variants(self.study.material), self.precision)
        self.load_factor = self.study.specimen.thickness_mm
        self.max_factor_age = self.study.solver.max_factor_age

    def point_states(self, k: Parameters) -> PointStates:
        """Points of a sample with k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5) at its start."""
        tolerance = self.study.solver.point_tolerance
        return PointStates(self.sheet, self.blocks, self.micro, self.study.material, k, tolerance)

    def stretch(self, u: np.ndarray, rise: float) -> None:
        """Add the first guess, uniform tension for a ``rise`` (mm) of the top edge, to u."""
        x, y = (self.sheet.coordinates - self.sheet.coordinates_of_pin).T
        strain = rise / self.study.specimen.height_mm
        u[0::2] -= LATERAL_CONTRACTION * strain * x
        u[1::2] += strain * y

    def prescribed(self) -> np.ndarray:
        """Mask (2 * nodes,) of the displacements that the loading prescribes."""
        sheet, mask = self.sheet, np.zeros(2 * self.sheet.nodes, bool)
        mask[2 * sheet.bottom + 1] = mask[2 * sheet.top + 1] = mask[2 * sheet.pin] = True
        return mask

    def prescribe(self, u: np.ndarray, time: float) -> None:
        """Set the prescribed displacements (mm) of a time (s) in u (2 * nodes,)."""
        u[2 * self.sheet.bottom + 1] = u[2 * self.sheet.pin] = 0.0
        u[2 * self.sheet.top + 1] = self.path.displacement(time)

    def vector(self, block_size: int | None = None) -> la.Vector:
        """Distributed vector with ``block_size`` numbers a node; by default a displacement."""
        return la.vector(self.index_map, bs=block_size or self.sheet.dimension)

    def strain_norm(self, x: np.ndarray) -> float:
        """L2 norm of the symmetric gradient of a nodal vector field."""
        square = self.blocks.strain_square(x)
        return float(np.sqrt(self.comm.allreduce(square)))


def extrapolated_change(history: Sequence[tuple[float, Rate]], dt: float) -> Rate | float:
    """Change over the next step by the parabola through the last steps.

    Parameters
    ----------
    history : (step in s, velocity) of the last step and, if known, the one before.
    dt : next step, s.
    """
    if not history:
        return 0.0
    (dt1, v1), *older = history
    if not older:
        return dt * v1
    dt2, v2 = older[0]
    return dt * v1 + (v1 - v2) * (dt * (dt + dt1) / (dt1 + dt2))


class Stepper:
    """Steps one sample through the loading path.

    Parameters
    ----------
    problem : the specimen.
    k : k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5).
    on_output : called with (output number, stepper) after the step that ends at an output.
    on_step : called with the stepper and its displacements at each accepted equilibrium, before
        the state is kept; a :class:`StepFailure` of its own cuts the step back.
    finer : share of the study's ``step_tolerance`` that counts, 1.
    """

    def __init__(
        self,
        problem: Problem,
        k: Parameters,
        on_output: Callable[[int, Stepper], None],
        on_step: Callable[[Stepper, np.ndarray], None] | None = None,
        finer: float = 1.0,
    ):
        self.problem, self.on_output, self.on_step = problem, on_output, on_step
        solver = problem.study.solver
        self.points = problem.point_states(k)
        self.settings = solver
        self.tolerance = finer * solver.step_tolerance
        self.u = problem.vector()
        self.residual = problem.vector()
        self.time, self.dt, self.ratio = 0.0, 0.0, 0.0
        self.load = 0.0
        self.next_step = solver.first_step_s
        self.record = Record()
        self.history = StepHistory()

    def run(self) -> Record:
        """Step to the end of the path, or to the first step that fails for good."""
        path = self.problem.path
        try:
            for target in path.targets[path.targets > self.time]:
                self._advance_to(target)
                if path.is_kink(target):
                    self.history.forget_rates()
                    self.next_step = KINK_STEP * self.settings.first_step_s
                if (number := path.output_index(target)) is not None:
                    self.on_output(number, self)
        except StepFailure as failure:
            self.record.status, self.record.reason = 1, str(failure)
        return self.record

    def _advance_to(self, target: float) -> None:
        """Step from the current time to ``target``."""
        while (remaining := target - self.time) > 1e-9 * target:
            parts = np.ceil(remaining / min(self.next_step, self.settings.max_step_s) - 1e-9)
            dt = remaining / max(1, parts)
            self.next_step = self._try_step(dt, target if parts <= 1 else self.time + dt)

    def _try_step(self, dt: float, end: float) -> float:
        """One step, kept or cut back; returns the next step size."""
        guess = self._predict(dt, end)
        try:
            u = self._equilibrium(guess, dt)
            estimate = self._error_estimate(u, guess)
            factor = SAFETY * (self.tolerance / max(estimate, 1e-12)) ** (1 / 3)
            if estimate > REJECT * self.tolerance and dt > 10 * self.settings.min_step_s:
                raise StepFailure(f"strain or load changed {estimate:.2e} from the prediction")
            if self.on_step:
                self.on_step(self, u)
        except StepFailure as failure:
            return self._cut_back(dt, failure)
        self._keep(u, dt, end)
        return dt * min(GROWTH, max(SHRINK, factor))

    def _cut_back(self, dt: float, failure: StepFailure) -> float:
        """Log a rejected step; returns a smaller one.

        Raises
        ------
        StepFailure
            If the smaller step is below the minimum step.
        """
        text = f"t = {self.time:.6g} s, dt = {dt:.3g} s: {failure}"
        self.record.rejected_steps += 1
        self.record.cutbacks.append(text)
        log.info("step cut back at %s", text)
        self.history.factor_age = None
        if SHRINK * dt < self.settings.min_step_s:
            least = f"solver.min_step_s = {self.settings.min_step_s:g} s"
            raise StepFailure(f"minimum step reached ({least}) at {text}")
        return SHRINK * dt

    def _predict(self, dt: float, end: float) -> np.ndarray:
        """Quadratic extrapolation in time with the new displacement on the top edge."""
        problem, u = self.problem, self.u.array.copy()
        if not self.history.velocity:
            path = problem.path
            problem.stretch(u, path.displacement(end) - path.displacement(self.time))
        else:
            u += extrapolated_change(self.history.velocity, dt)
        problem.prescribe(u, end)
        return u

    def _equilibrium(self, guess: np.ndarray, dt: float) -> np.ndarray:
        """Displacements in equilibrium at the end of the step.

        At least one solve, then residual checks; one factorisation serves the step unless it
        stops reducing the residual.

        Raises
        ------
        StepFailure
            If points do not converge or the residual does not fall.
        """
        u, solver, history = guess.copy(), self.problem.solver, self.history
        self.dt = dt
        self.ratio = dt / history.velocity[0][0] if history.velocity else 0.0
        age, renew = history.factor_age or 0, self._is_stale(history.factor_age)
        norms: list[float] = []
        for iteration in range(MAX_NEWTON):
            norms.append(self._evaluate(u, renew, first=iteration == 0))
            if iteration and norms[-1] < self.settings.residual_tolerance:
                history.factor_age, history.leftover = age + 1, norms[1]
                return u
            if norms[-1] > DIVERGENCE * norms[0]:
                raise StepFailure(f"residual grew to {norms[-1]:.1e}")
            if iteration and not renew and norms[-1] > POOR_REDUCTION * norms[-2]:
                self._evaluate(u, True, first=False)
                history.prolong &= age < self.problem.max_factor_age
                renew = True
            if renew:
                solver.factorise()
                self.record.factorisations += 1
                age, renew = 0, False
            u[self.problem.owned] -= solver.solve(self.residual.array[self.problem.owned])
            self.forward(u)
        raise StepFailure(f"residual {norms[-1]:.1e} after {MAX_NEWTON} iterations")

    def _is_stale(self, age: int | None) -> bool:
        """Whether the step needs a new factor; a good one serves longer than its maximum age."""
        history, oldest = self.history, self.problem.max_factor_age
        if age is None or oldest == 1:
            return True
        if history.prolong and history.leftover < GOOD_FACTOR * self.settings.residual_tolerance:
            oldest = max(oldest, LONGER * self.settings.max_factor_age)
        return age >= oldest

    def forward(self, u: np.ndarray) -> None:
        """Bring the ghost values of a nodal vector up to date."""
        self.residual.array[:] = u
        self.residual.scatter_forward()
        u[:] = self.residual.array

    def _evaluate(self, u: np.ndarray, tangent: bool, first: bool) -> float:
        """Residual (and tangent) at u; returns the residual norm over the mean edge reaction."""
        problem = self.problem
        self.residual.array[:] = 0.0
        values = problem.solver.values if tangent else None
        failed = self.points.evaluate(u, self.dt, self.ratio, self.residual.array, values, first)
        self.residual.scatter_reverse(la.InsertMode.add)
        owned = self.residual.array[problem.owned]
        reaction = owned[problem.top_dofs]
        local = [float(failed), np.sum(owned[problem.free] ** 2), np.abs(reaction).sum()]
        failed, square, reaction_sum = problem.comm.allreduce(np.array(local))
        self.load = problem.load_factor * problem.comm.allreduce(reaction.sum())
        if failed:
            raise StepFailure(f"{failed:.0f} point blocks did not converge")
        scale = max(reaction_sum / problem.top_count, problem.least_reaction)
        norm = np.sqrt(square / problem.free_count) / scale
        if not np.isfinite(norm):
            raise StepFailure("residual is not finite")
        return float(norm)

    def _error_estimate(self, u: np.ndarray, guess: np.ndarray) -> float:
        """Change of strain and load from their predictions, relative to the largest so far.

        The load sees what strains hide: stress relaxation at a nearly constant strain.
        """
        history = self.history
        history.largest_strain = max(history.largest_strain, self.problem.strain_norm(u))
        history.largest_load = max(history.largest_load, abs(self.load))
        if not history.velocity or not history.largest_strain:
            return 0.3 * self.tolerance
        strain = self.problem.strain_norm(u - guess) / history.largest_strain
        predicted = history.load + extrapolated_change(history.load_rate, self.dt)
        return max(strain, abs(self.load - predicted) / history.largest_load)

    def _keep(self, u: np.ndarray, dt: float, end: float) -> None:
        history = self.history
        history.velocity = [(dt, (u - self.u.array) / dt), *history.velocity[:1]]
        history.load_rate = [(dt, (self.load - history.load) / dt), *history.load_rate[:1]]
        history.load = self.load
        self.u.array[:] = u
        self.points.accept()
        self.time = end
        self.record.steps += 1
