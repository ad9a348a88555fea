"""The solid against known solutions: patch test, thin limit, locking, tangent, energy, steps."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI

from slipfield.kinds.slip.crystal.build import Precision
from slipfield.kinds.slip.crystal.law import Parameters, hardening_modulus, initial_crss
from slipfield.kinds.slip.crystal.solid_driver import SolidPoint, tensor_of
from slipfield.kinds.slip.fem.forward import nodal_gradient
from slipfield.kinds.slip.fem.sheet import Microstructure
from slipfield.kinds.slip.fem.solid import SolidProblem, SolidStates
from slipfield.kinds.slip.fem.solid_mesh import SolidMicrostructure, refined
from slipfield.kinds.slip.fem.stepping import Problem, Record, Stepper
from slipfield.kinds.slip.fem.strain import strain
from slipfield.kinds.slip.specimen.orientation import euler_of_matrix, matrix_of_euler
from slipfield.kinds.slip.study import Study
from slipfield.kinds.slip.verification.convergence import FINE
from slipfield.kinds.slip.verification.energy import PATH, TOLERANCES, EnergyBalance
from slipfield.kinds.slip.verification.equilibrium import GENERAL, TIGHT, relative_difference
from slipfield.kinds.slip.verification.specimens import grain_map, make_study, single_crystal

AFFINE = np.array([[-0.012, 0.02, 0.005], [0.01, 0.03, -0.004], [0.006, 0.002, -0.0175]])
TWOFOLD = (np.pi / 4, 0.0, 0.0)  # [110] along y, so that no shear across the grips is asked for
THIN_MM = 0.005


def twofold(angle: float) -> tuple[float, float, float]:
    """Bunge angles of a crystal with [110] along y, turned about it by ``angle`` (rad)."""
    c, s = np.cos(angle), np.sin(angle)
    about_y = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    found = euler_of_matrix(matrix_of_euler(np.array(TWOFOLD)) @ about_y)
    return float(found[0]), float(found[1]), float(found[2])


class AffineSolid(SolidProblem):
    """A body whose whole surface follows F = I + (t / end) (AFFINE)."""

    def prescribed(self) -> np.ndarray:
        """Mask (3 * nodes,) of all displacements of the nodes on the surface."""
        place = self.sheet.grid_position()
        last = np.array(self.sheet.grid[::-1]) - 1
        return np.repeat(((place == 0) | (place == last)).any(axis=1), 3)

    def prescribe(self, u: np.ndarray, time: float) -> None:
        """Set the displacements of the surface."""
        share = time / self.path.outputs[-1]
        affine = share * (self.sheet.coordinates @ AFFINE.T).ravel()
        u[self.constrained] = affine[self.constrained]


class LockingStates(SolidStates):
    """Points of elements that take F as it is."""

    dilatation = False


class LockingProblem(SolidProblem):
    """A solid of plain hexahedra, for comparison."""

    def point_states(self, k: Parameters) -> SolidStates:
        """Points that know no mean change of volume."""
        tolerance = self.study.solver.point_tolerance
        material = self.study.material
        return LockingStates(self.sheet, self.blocks, self.micro, material, k, tolerance)


class SolidEnergy(EnergyBalance):
    """The energy balance of a solid, whose points hold the stress in crystal axes."""

    def crystal_stress(self, state: dict[str, np.ndarray]) -> np.ndarray:
        """Elastic stress Se in crystal axes (cells, points, 3, 3), MPa."""
        return tensor_of(self.problem.blocks.collect(state["s"]))


class Outputs:
    """Strain of the face (outputs, ny + 1, nx + 1, 3) and load (outputs,) N of a run."""

    def __init__(self, problem: Problem):
        self._nodal = nodal_gradient(problem)
        self._gradient: list[np.ndarray] = []
        self._load: list[float] = []
        self.record = Record()

    def __call__(self, number: int, stepper: Stepper) -> None:
        """Keep output ``number``."""
        self._gradient.append(self._nodal.image(stepper.u.array))
        self._load.append(stepper.load)

    @property
    def gradient(self) -> np.ndarray:
        """Displacement gradients (outputs, ny + 1, nx + 1, 2, 2)."""
        return np.array(self._gradient)

    @property
    def strain(self) -> np.ndarray:
        """Green-Lagrange strain."""
        return strain(self.gradient, "green_lagrange")

    @property
    def load(self) -> np.ndarray:
        """Load, N."""
        return np.array(self._load)


def outputs_of(problem: Problem, k: tuple[float, ...] | None = None) -> Outputs:
    """Run one sample, by default at the centre of the sampling box.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    found = Outputs(problem)
    found.record = Stepper(problem, k or problem.study.sampling.centre, found).run()
    if found.record.status:
        raise RuntimeError(f"verification run failed: {found.record.reason}")
    return found


def solid_of(
    study: Study, micro: Microstructure, layers: int, precision: Precision | None = None
) -> SolidProblem:
    """Set up columns in a sheet of the study's thickness on this process alone."""
    columns = SolidMicrostructure.columns(micro, layers, study.specimen.thickness_mm)
    return SolidProblem(study, columns, MPI.COMM_SELF, precision)


def patch_errors(cells: int = 4, layers: int = 3) -> tuple[float, float]:
    """Affine surface on a distorted mesh of one crystal.

    Returns
    -------
    Largest deviation of a displacement from the affine field over its largest value, and largest
    relative deviation of a point's stress from the material point driven along the same steps.
    """
    study = make_study(cells, solver=TIGHT, loading={"outputs": 2})
    micro = SolidMicrostructure.columns(single_crystal(cells, GENERAL, 0.3), layers, 1.0)
    problem, steps = AffineSolid(study, micro, MPI.COMM_SELF), []
    k = study.sampling.centre
    stepper = Stepper(problem, k, lambda n, s: None, lambda s, u: steps.append(s.dt))
    if stepper.run().status:
        raise RuntimeError(f"verification run failed: {stepper.record.reason}")
    law, size = stepper.points.law, micro.size[0]
    h, crss = hardening_modulus(study.material, k, size), initial_crss(k, size)
    point, end = SolidPoint(law, GENERAL, h, crss), problem.path.outputs[-1]
    for time, dt in zip(np.cumsum(steps), steps, strict=True):
        gradient = np.eye(3) + AFFINE * time / end
        if not point.advance(gradient.T @ gradient, dt):
            raise RuntimeError("the material point of the patch test did not converge")
    affine = (problem.sheet.coordinates @ AFFINE.T).ravel()
    moved = np.abs(stepper.u.array - affine).max() / np.abs(affine).max()
    stress = problem.blocks.collect(stepper.points.start["s"])
    deviation = np.abs(stress - point.elastic_stress).max() / np.abs(point.elastic_stress).max()
    return float(moved), float(deviation)


def tangent_error(dilatation: bool = True) -> float:
    """Difference of the tangent from central differences of the residual, elastic, relative.

    Elastic, because the plastic tangent is made symmetric.
    """
    study = make_study(4, solver={"point_tolerance": 1e-13})
    kind = SolidProblem if dilatation else LockingProblem
    micro = SolidMicrostructure.columns(single_crystal(4, GENERAL, 0.3), 2, 1.0)
    problem = kind(study, micro, MPI.COMM_SELF)
    points = problem.point_states((1e6, 1e6, 1e6))
    rng, size = np.random.default_rng(4), problem.vector().array.size
    u, along = 0.002 * rng.uniform(-1, 1, (2, size))
    values = np.zeros_like(problem.solver.values)

    def residual(u: np.ndarray, tangent: np.ndarray | None = None) -> np.ndarray:
        out = np.zeros(size)
        if points.evaluate(u, 1.0, 0.0, out, tangent, True):
            raise RuntimeError("points of the tangent check did not converge")
        return out

    residual(u, values)
    blocks, nodes = problem.blocks, problem.blocks.nodes
    a, b = np.triu_indices(24)
    upper = values[: problem.solver.triangles].reshape(len(nodes), len(a), blocks.lanes)
    dofs = (3 * nodes[..., None] + np.arange(3)).reshape(*nodes.shape[:2], 24)
    found = np.zeros(size)
    for block, lane in zip(*np.nonzero(blocks.valid), strict=True):
        matrix = np.zeros((24, 24))
        matrix[a, b] = matrix[b, a] = upper[block, :, lane]
        found[dofs[block, lane]] += matrix @ along[dofs[block, lane]]
    step = 1e-4
    numeric = (residual(u + step * along) - residual(u - step * along)) / (2 * step)
    return float(np.abs(found - numeric).max() / np.abs(numeric).max())


def thin_crystal(cells: int = 8, thickness: float = THIN_MM) -> tuple[float, float]:
    """One crystal with [110] along the load, free to shear across the thickness.

    Returns
    -------
    Largest differences of solid and membrane: of the load, and of the strain (L2), relative.
    """
    specimen = {"thickness_mm": thickness}
    study = make_study(cells, loading={"outputs": 5}, specimen=specimen)
    micro = single_crystal(cells, twofold(0.4))
    sheet = outputs_of(Problem(study, micro, MPI.COMM_SELF))
    solid = outputs_of(solid_of(study, micro, 2))
    load = np.abs(solid.load / sheet.load - 1).max()
    return float(load), relative_difference(solid.strain, sheet.strain)


def thin_polycrystal(cells: int, grains: int = 13) -> tuple[float, float]:
    """Excess of the load (last output) and strain difference (L2) of a thin sheet of columns."""
    specimen = {"thickness_mm": THIN_MM, "width_mm": 1.0, "height_mm": 1.0}
    loading = {"outputs": 4, "path": [[0.0, 0.0], [40.0, 0.02]]}
    study = make_study(cells, grains, loading=loading, specimen=specimen)
    micro = grain_map(study)
    sheet = outputs_of(Problem(study, micro, MPI.COMM_SELF))
    solid = outputs_of(solid_of(study, micro, 1))
    excess = float(solid.load[-1] / sheet.load[-1] - 1)
    return excess, relative_difference(solid.strain, sheet.strain)


def locking_rows(cells: int = 8, grains: int = 13, meshes: int = 3) -> list[list]:
    """Load at 2 % of columns on meshes h, h/2 ..., plain and with the centre's volume, N."""
    specimen = {"thickness_mm": 0.25, "width_mm": 1.0, "height_mm": 1.0}
    loading = {"outputs": 2, "path": [[0.0, 0.0], [40.0, 0.02]]}
    study = make_study(cells, grains, loading=loading, specimen=specimen)
    micro = SolidMicrostructure.columns(grain_map(study), cells // 4, 0.25)
    rows: list[list] = []
    for _ in range(meshes):
        layers, ny, nx = micro.layer_grain.shape
        finer = make_study(nx, grains, loading=loading, specimen=specimen)
        loads = [
            outputs_of(kind(finer, micro, MPI.COMM_SELF)).load[-1]
            for kind in (LockingProblem, SolidProblem)
        ]
        rows.append([f"{nx} x {ny} x {layers}", *map(float, loads)])
        micro = refined(micro)
    return rows


def energies_of(step_tolerance: float, cells: int = 12, layers: int = 3) -> SolidEnergy:
    """Run a sample with tight equilibrium and add up its energies."""
    solver = {
        "step_tolerance": step_tolerance,
        "residual_tolerance": 1e-7,
        "point_tolerance": 1e-10,
        "first_step_s": 0.5 * (step_tolerance / TOLERANCES[0]) ** 0.5,
        "max_step_s": 5.0 * (step_tolerance / TOLERANCES[0]) ** (1 / 3),
    }
    specimen = {"thickness_mm": 0.5}
    study = make_study(cells, 30, solver=solver, loading={"path": PATH}, specimen=specimen)
    problem = solid_of(study, grain_map(study), layers)
    energies = SolidEnergy(problem)
    record = Stepper(problem, study.sampling.centre, lambda n, s: None, energies).run()
    if record.status:
        raise RuntimeError(f"verification run failed: {record.reason}")
    return energies


def step_errors(cells: int = 12, layers: int = 3) -> list[list[float]]:
    """Strain and load errors of step tolerances against a run of fine steps."""

    def sample(**solver: float) -> Outputs:
        specimen = {"thickness_mm": 0.5}
        study = make_study(cells, 30, solver=solver, specimen=specimen)
        return outputs_of(solid_of(study, grain_map(study), layers))

    exact, rows = sample(**FINE), []
    for tolerance in (0.03, 0.01, 0.003, 0.001):
        found = sample(step_tolerance=tolerance)
        load = np.abs(found.load - exact.load).max() / np.abs(exact.load).max()
        error = relative_difference(found.strain, exact.strain)
        rows.append([tolerance, error, float(load), found.record.steps])
    return rows
