"""Energy balance of a sample and the determinant of Fp.

The hardening law has no stored part of its own: what slip resistance absorbs is dissipated.
"""

from __future__ import annotations

import numpy as np

from slipfield.kinds.slip.fem.stepping import Problem, Stepper
from slipfield.kinds.slip.verification.equilibrium import run
from slipfield.kinds.slip.verification.rate_form import cubic_stiffness
from slipfield.kinds.slip.verification.result import Chapter, Curves, Table
from slipfield.kinds.slip.verification.specimens import grain_map, make_study, problem_of

TOLERANCES = (1e-2, 1e-3, 1e-4)
PATH = [[0.0, 0.0], [60.0, 0.06], [70.0, 0.055], [100.0, 0.085]]


class EnergyBalance:
    """Work of the load, stored elastic and dissipated energy of a sample, step by step, in N mm.

    Use as ``on_step`` of a :class:`Stepper`. Load and Mandel stress are integrated by the
    trapezoidal rule over the displacement of the top edge and the slip of the step.
    """

    def __init__(self, problem: Problem):
        material = problem.study.material
        stiffness = cubic_stiffness(material.c11_MPa, material.c12_MPa, material.c44_MPa)
        self.compliance = np.linalg.pinv(stiffness.reshape(9, 9))
        self.problem = problem
        self.volume = problem.load_factor * problem.blocks.collect(problem.blocks.weights)[..., 0]
        self.time, self.external, self.stored, self.dissipated = [0.0], [0.0], [0.0], [0.0]
        self.log_determinant = np.zeros_like(self.volume)
        self._load = 0.0

    def __call__(self, stepper: Stepper, u: np.ndarray) -> None:
        """Add the step that has just come to equilibrium at ``u``."""
        top = self.problem.top_dofs[0]
        work = 0.5 * (self._load + stepper.load) * (u[top] - stepper.u.array[top])
        self._load = stepper.load
        _, mandel_start = self._stress(stepper.points.start)
        density, mandel_end = self._stress(stepper.points.end)
        slip = self._tensors(stepper.points.end["L"])
        plastic = 0.5 * np.einsum("...ij,...ij->...", mandel_start + mandel_end, slip)
        half = 0.5 * slip
        above, below = np.linalg.det(np.eye(3) + half), np.linalg.det(np.eye(3) - half)
        self.log_determinant += np.log(above / below)  # of the Cayley map of the step
        self.time.append(self.time[-1] + stepper.dt)
        self.external.append(self.external[-1] + work)
        self.stored.append(float((self.volume * density).sum()))
        self.dissipated.append(self.dissipated[-1] + float((self.volume * plastic).sum()))

    def _tensors(self, values: np.ndarray) -> np.ndarray:
        points = self.problem.blocks.collect(values)
        return points.reshape(*points.shape[:2], 3, 3)

    def _stress(self, state: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Elastic energy density and Mandel stress, MPa, of all points."""
        crystal = self.crystal_stress(state)
        strain = (crystal.reshape(*self.volume.shape, 9) @ self.compliance).reshape(crystal.shape)
        density = 0.5 * np.einsum("...ij,...ij->...", crystal, strain)
        return density, (np.eye(3) + 2 * strain) @ crystal

    def crystal_stress(self, state: dict[str, np.ndarray]) -> np.ndarray:
        """Elastic stress Se in crystal axes (cells, points, 3, 3), MPa."""
        collect = self.problem.blocks.collect
        columns = collect(state["a"]).reshape(*self.volume.shape, 2, 3)
        s = collect(state["s"])[..., [[0, 2], [2, 1]]]
        return np.einsum("...ij,...ik,...jl->...kl", s, columns, columns)

    @property
    def imbalance(self) -> np.ndarray:
        """External work less stored and dissipated energy after each step, N mm."""
        return np.array(self.external) - np.array(self.stored) - np.array(self.dissipated)


def balance(step_tolerance: float, cells: int = 24, path: list | None = None) -> EnergyBalance:
    """Run a sample with tight equilibrium and add up its energies."""
    solver = {
        "step_tolerance": step_tolerance,
        "residual_tolerance": 1e-7,
        "point_tolerance": 1e-10,
        "first_step_s": 0.5 * (step_tolerance / TOLERANCES[0]) ** 0.5,
        "max_step_s": 5.0 * (step_tolerance / TOLERANCES[0]) ** (1 / 3),
    }
    study = make_study(cells, 60, solver=solver, loading={"path": path or PATH})
    problem = problem_of(study, grain_map(study))
    energies = EnergyBalance(problem)
    run(problem, study.sampling.centre, on_step=energies)
    return energies


def chapter() -> Chapter:
    """Balance of work and energy over loading, unloading and reloading."""
    found = Chapter(
        "energy",
        "Energy",
        "External work (load on the top edge) against stored elastic energy plus dissipation "
        "(Mandel stress on the slip of the step) over loading, unloading and reloading. Slip "
        "resistance stores nothing in this law: hardening is part of the dissipation. The Cayley "
        "map of a trace-free slip tensor keeps det Fp up to the cube of the slip of one step; the "
        "drift is the largest |det Fp - 1| of all points at the end.",
    )
    rows, worst = [], []
    for tolerance in TOLERANCES:
        energies = balance(tolerance)
        worst.append(np.abs(energies.imbalance).max() / energies.external[-1])
        drift = np.abs(np.expm1(energies.log_determinant)).max()
        rows.append([tolerance, len(energies.time) - 1, worst[-1], drift])
    columns = ["step tolerance", "steps", "largest imbalance / final work", "det Fp drift"]
    found.tables.append(Table("Energy balance", columns, rows))
    found.check("imbalance over final work, default tolerance", worst[0], 1e-3)
    found.check("imbalance over final work, finest", worst[-1], 1e-5)
    found.check("reduction of the imbalance, coarsest to finest", worst[0] / worst[-1], 5, True)
    found.check("det Fp drift, default tolerance", rows[0][-1], 1e-6)
    lines = {
        "external work": energies.external,
        "stored": energies.stored,
        "dissipated": energies.dissipated,
    }
    found.curves.append(
        Curves(
            "Energy of a sample",
            "time, s",
            "N mm",
            {name: (energies.time, values) for name, values in lines.items()},
        )
    )
    return found
