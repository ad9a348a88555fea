"""Checks of the finite-element room in which the right answer is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from slipfield.kinds.slip.crystal.driver import MaterialPoint, metric_of
from slipfield.kinds.slip.crystal.law import Parameters, hardening_modulus, initial_crss
from slipfield.kinds.slip.fem.nodal import NodalGradient
from slipfield.kinds.slip.fem.sheet import Microstructure
from slipfield.kinds.slip.fem.state import PointStates
from slipfield.kinds.slip.fem.stepping import Problem, Stepper
from slipfield.kinds.slip.fem.strain import strain
from slipfield.kinds.slip.study import SlipFamily, Study
from slipfield.kinds.slip.verification.explicit_sheet import ExplicitRun, ExplicitSheet
from slipfield.kinds.slip.verification.rate_form import Transverse
from slipfield.kinds.slip.verification.result import Chapter, Curves
from slipfield.kinds.slip.verification.specimens import (
    grain_map,
    make_study,
    problem_of,
    single_crystal,
    split_grain,
)

TIGHT = {
    "step_tolerance": 3e-4,
    "residual_tolerance": 1e-9,
    "point_tolerance": 1e-11,
    "first_step_s": 0.05,
}
AFFINE = np.array([[-0.015, 0.02], [0.01, 0.03]])  # F - I at the end of the affine path
GENERAL = (0.4, 1.0, 2.0)  # Bunge angles without symmetry, rad


class AffineProblem(Problem):
    """A specimen whose whole outline follows F = I + (t / end) (AFFINE)."""

    def prescribed(self) -> np.ndarray:
        """Mask (2 * nodes,) of both displacements of all nodes on the outline."""
        rows, columns = self.sheet.shape
        row, column = np.divmod(self.sheet.pixel, columns)
        edge = (row == 0) | (row == rows - 1) | (column == 0) | (column == columns - 1)
        return np.repeat(edge, 2)

    def prescribe(self, u: np.ndarray, time: float) -> None:
        """Set the displacements of the outline."""
        edge = self.constrained
        u[edge] = self.affine(time)[edge]

    def affine(self, time: float) -> np.ndarray:
        """Displacements (2 * nodes,) of the affine field in mm."""
        share = time / self.path.outputs[-1]
        return share * (self.sheet.coordinates @ AFFINE.T).ravel()


class Recorder:
    """Nodal displacement gradients, displacements and loads at the outputs of a run."""

    def __init__(self, problem: Problem):
        self.nodal = NodalGradient(problem)
        self.sheet = problem.sheet
        self.gradient: list[np.ndarray] = []
        self.displacement: list[np.ndarray] = []
        self.load: list[float] = []

    def __call__(self, number: int, stepper: Stepper) -> None:
        """Keep output ``number``."""
        self.gradient.append(self.nodal.image(stepper.u.array))
        self.displacement.append(self.sheet.image(stepper.u.array.reshape(-1, 2)))
        self.load.append(stepper.load)

    @property
    def strain(self) -> np.ndarray:
        """Green-Lagrange strain (outputs, ny + 1, nx + 1, 3)."""
        return strain(np.array(self.gradient), "green_lagrange")


def run(
    problem: Problem, k: Parameters, on_step: Callable[[Stepper, np.ndarray], None] | None = None
) -> tuple[Stepper, Recorder]:
    """Run one sample to its end and keep its outputs.

    Raises
    ------
    RuntimeError
        If the sample fails.
    """
    recorder = Recorder(problem)
    stepper = Stepper(problem, k, recorder, on_step)
    record = stepper.run()
    if record.status:
        raise RuntimeError(f"verification run failed: {record.reason}")
    return stepper, recorder


def patch_errors(cells: int = 6) -> tuple[float, float]:
    """Affine outline on a distorted mesh of one crystal.

    Returns
    -------
    Largest deviation of a nodal displacement gradient from the affine one, and largest relative
    deviation of a point's stress from the material point driven along the same steps.
    """
    study = make_study(cells, solver=TIGHT, loading={"outputs": 2})
    problem = AffineProblem(study, single_crystal(cells, GENERAL, distortion=0.3))
    k, steps = study.sampling.centre, []
    stepper, found = run(problem, k, on_step=lambda s, u: steps.append(s.dt))
    size = problem.micro.size[0]
    point = MaterialPoint(
        stepper.points.law,
        GENERAL,
        hardening_modulus(study.material, k, size),
        initial_crss(k, size),
    )
    end = problem.path.outputs[-1]
    for time, dt in zip(np.cumsum(steps), steps, strict=True):
        if not point.advance(metric_of(np.eye(2) + AFFINE * time / end), dt):
            raise RuntimeError("the material point of the patch test did not converge")
    stress = problem.blocks.collect(stepper.points.start["s"])
    deviation = np.abs(stress - point.stress).max() / np.abs(point.stress).max()
    return float(np.abs(found.gradient[-1] - AFFINE).max()), float(deviation)


def uniform_tension_spread(cells: int = 8) -> float:
    """Spread of the nodal strains of a crystal that is symmetric about the load axis.

    Under the standard loading its strain is uniform, on a distorted mesh too.
    """
    study = make_study(cells, solver=TIGHT, loading={"outputs": 2})
    _, found = run(
        problem_of(study, single_crystal(cells, (0.0, 0.4, 0.0), 0.3)), study.sampling.centre
    )
    return float(np.ptp(found.strain[-1].reshape(-1, 3), axis=0).max())


def split_grain_difference(cells: int = 16, grains: int = 20) -> float:
    """Largest strain difference after cutting a grain into two equal ones."""
    study = make_study(cells, grains, loading={"outputs": 4})
    micro = grain_map(study)
    whole, cut = (
        run(problem_of(study, m), study.sampling.centre)[1] for m in (micro, split_grain(micro))
    )
    return float(np.abs(whole.strain - cut.strain).max())


def taylor_stress(
    problem: AffineProblem, k: Parameters, steps: list[float]
) -> tuple[np.ndarray, ...]:
    """Mean stress (S11, S22, S12) in MPa if all nodes follow the outline's affine field.

    Returns
    -------
    From the element kernel, and as the volume average of one material point per grain.
    """
    study, sheet, micro = problem.study, problem.sheet, problem.micro
    states = PointStates(
        sheet, problem.blocks, micro, study.material, k, study.solver.point_tolerance
    )
    h, crss = hardening_modulus(study.material, k, micro.size), initial_crss(k, micro.size)
    present = np.unique(micro.element_grain)
    points = {g: MaterialPoint(states.law, micro.euler[g], h[g], crss[g]) for g in present}
    end, last = problem.path.outputs[-1], 0.0
    for time, dt in zip(np.cumsum(steps), steps, strict=True):
        unused, u = np.zeros(2 * sheet.nodes), problem.affine(time)
        ratio = dt / last if last else 0.0
        failed = sum(states.evaluate(u, dt, ratio, unused, None, first) for first in (True, False))
        states.accept()
        metric, last = metric_of(np.eye(2) + AFFINE * time / end), dt
        if failed or not all(point.advance(metric, dt) for point in points.values()):
            raise RuntimeError("a point of the Taylor check did not converge")
    weight = problem.blocks.collect(problem.blocks.weights)
    stress = problem.blocks.collect(states.start["s"])
    share = weight.sum(axis=(1, 2)) / weight.sum()
    grains = micro.element_grain.ravel()[sheet.cell_index]
    average = sum(w * points[g].stress for w, g in zip(share, grains, strict=True))
    return (weight * stress).sum(axis=(0, 1)) / weight.sum(), average


def mean_stress(stepper: Stepper) -> np.ndarray:
    """Volume average of the second Piola-Kirchhoff stress (3,) in MPa."""
    blocks = stepper.problem.blocks
    weight = blocks.collect(blocks.weights)
    return (weight * blocks.collect(stepper.points.start["s"])).sum(axis=(0, 1)) / weight.sum()


def taylor_checks(cells: int = 16, grains: int = 40) -> tuple[float, float]:
    """Compare the kernel with the Taylor average, and equilibrium with the Taylor bound.

    Returns
    -------
    Relative difference of the two averages of :func:`taylor_stress`, and stress power of the
    sheet in equilibrium under the same affine outline over that of the Taylor field.
    """
    study = make_study(cells, grains, solver=TIGHT, loading={"outputs": 2})
    problem = AffineProblem(study, grain_map(study))
    k, steps = study.sampling.centre, []
    stepper, _ = run(problem, k, on_step=lambda s, u: steps.append(s.dt))
    kernel, average = taylor_stress(problem, k, steps)
    gradient = np.eye(2) + AFFINE
    rate = 0.5 * (gradient.T @ AFFINE + AFFINE.T @ gradient)
    power = np.array([rate[0, 0], rate[1, 1], 2 * rate[0, 1]])
    difference = np.abs(kernel - average).max() / np.abs(average).max()
    return float(difference), float(mean_stress(stepper) @ power / (kernel @ power))


def explicit_sheet(
    study: Study, micro: Microstructure, transverse: Transverse
) -> tuple[ExplicitSheet, ExplicitRun]:
    """Solve the study's specimen with the explicit sheet."""
    grain = micro.element_grain.ravel()
    sheet = ExplicitSheet(
        study,
        micro.x_mm,
        micro.y_mm,
        micro.euler[grain],
        micro.size[grain],
        study.sampling.centre,
        transverse,
    )
    outputs = np.array(study.loading.output_times)
    return sheet, sheet.run(0.1, outputs)


def point_strain(sheet: ExplicitSheet, displacement: np.ndarray) -> np.ndarray:
    """Green-Lagrange strain at the points for displacements (ny + 1, nx + 1, 2) mm."""
    gradient = sheet.deformation(displacement.ravel()) - np.eye(2)
    return strain(gradient, "green_lagrange")


def two_solvers(
    cells: int = 12,
    grains: int = 30,
    end: float = 100.0,
    outputs: int = 10,
    family: SlipFamily = "fcc",
) -> tuple[Study, Recorder, dict[str, tuple[ExplicitSheet, ExplicitRun]]]:
    """Solve one specimen with this solver and with the explicit sheet, free and clamped."""
    path = [[0.0, 0.0], [end, 1e-3 * end]]
    loading, material = {"path": path, "outputs": outputs}, {"slip_family": family}
    study = make_study(cells, grains, solver=TIGHT, loading=loading, material=material)
    micro = grain_map(study)
    _, found = run(problem_of(study, micro), study.sampling.centre)
    return study, found, {k: explicit_sheet(study, micro, k) for k in ("free", "clamped")}


def relative_difference(a: np.ndarray, b: np.ndarray) -> float:
    """L2 norm of a - b over that of b."""
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def chapter() -> Chapter:
    """Patch tests, split grain and Taylor limit."""
    found = Chapter(
        "equilibrium",
        "Equilibrium",
        "Patch tests on a distorted mesh: a crystal without symmetry whose outline follows an "
        "affine field must follow it everywhere, with the stress of a single material point; a "
        "crystal that is symmetric about the load axis must strain uniformly under the standard "
        "loading. A grain cut into two of equal orientation and size must change nothing. With "
        "all nodes on an affine field the mean stress is the volume average of the material "
        "points (Taylor); letting the inside relax must lower the stress power.",
    )
    gradient, stress = patch_errors()
    found.check("patch test: displacement gradient at all nodes", gradient, 1e-8)
    found.check("patch test: stress against one material point (relative)", stress, 1e-6)
    found.check("uniform tension: spread of the nodal strains", uniform_tension_spread(), 1e-8)
    found.check("a grain cut in two: strain difference", split_grain_difference(), 1e-12)
    difference, power = taylor_checks()
    found.check("Taylor field: mean stress against material points (relative)", difference, 1e-8)
    found.check("stress power in equilibrium over that of the Taylor field", power, 1.0)
    return found


def second_solver_chapter() -> Chapter:
    """Compare with the explicit sheet, and the membrane with a sheet without transverse shear."""
    found = Chapter(
        "second_solver",
        "A second solver, and why a membrane",
        "The same specimen (12 x 12 elements, 30 grains, 5 %) solved a second way: explicit in "
        "time, the three-dimensional rate form at the points, an elastic solve at every instant. "
        "The thin sheet is free to shear through its thickness (S13 = S23 = S33 = 0). A law that "
        "only iterates on E33 and keeps E13 = E23 = 0 makes it stiffer and changes the field: the "
        "second solver shows by how much, for nothing that a free surface could support.",
    )
    study, ours, others = two_solvers()
    free_sheet, free = others["free"]
    clamped = others["clamped"][1]
    points = np.array([point_strain(free_sheet, u) for u in ours.displacement])
    strains = {
        name: np.array([point_strain(free_sheet, u) for u in result.displacement])
        for name, (_, result) in others.items()
    }
    found.check(
        "strain at the points, L2 over all outputs",
        relative_difference(points, strains["free"]),
        1e-3,
    )
    found.check("load, largest relative difference", np.abs(ours.load / free.load - 1).max(), 1e-3)
    ratio = clamped.load / free.load - 1
    change = [
        relative_difference(a, b) for a, b in zip(strains["clamped"], strains["free"], strict=True)
    ]
    found.check(
        "load without transverse shear at 5 %: relative excess", ratio[-1], 0.1, at_least=True
    )
    found.check("strain field without transverse shear: L2 change", change[-1], 0.1, at_least=True)
    elongation = (100 * np.linspace(0, 0.05, study.loading.outputs + 1)[1:]).tolist()
    lines = {
        "membrane": free.load.tolist(),
        "no transverse shear (E13 = E23 = 0)": clamped.load.tolist(),
        "membrane, this solver": list(ours.load),
    }
    found.curves.append(
        Curves(
            "A sheet with and without transverse shear",
            "elongation, %",
            "load, N",
            {name: (elongation, load) for name, load in lines.items()},
        )
    )
    return found
