"""Forward sensitivities and strain rates against finite differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from slipfield.kinds.slip.fem.sensitivity import Sensitivity
from slipfield.kinds.slip.fem.stepping import Problem, Record, StepFailure, Stepper
from slipfield.kinds.slip.fem.strain import strain, strain_rate
from slipfield.kinds.slip.study import PARAMETERS, Material
from slipfield.kinds.slip.study.constants import CONSTANTS, scaled
from slipfield.kinds.slip.verification.equilibrium import Recorder, relative_difference
from slipfield.kinds.slip.verification.point_law import VOCE
from slipfield.kinds.slip.verification.result import Chapter, Table
from slipfield.kinds.slip.verification.specimens import grain_map, make_study, problem_of

EXACT = {"residual_tolerance": 1e-11, "point_tolerance": 1e-12}
LOG_SHIFT = 1e-3
PATHS = {
    "tension": [[0.0, 0.0], [100.0, 0.1]],
    "unloading and reversal": [[0.0, 0.0], [50.0, 0.05], [60.0, 0.047], [100.0, 0.02]],
}


class FixedSteps(Stepper):
    """Takes the steps it is given: (dt, end) in s, whatever the error estimate says."""

    def follow(self, steps: list[tuple[float, float]]) -> Record:
        """Take the steps; outputs and corners of the path must be among their ends.

        Raises
        ------
        StepFailure
            If a step has no equilibrium.
        """
        path = self.problem.path
        for dt, end in steps:
            u = self._equilibrium(self._predict(dt, end), dt)
            self._keep(u, dt, end)
            if path.is_kink(end):
                self.history.forget_rates()
            if (number := path.output_index(end)) is not None:
                self.on_output(number, self)
        return self.record


class RateRecorder(Recorder):
    """Keeps the rates of strain and load beside them."""

    def __init__(self, problem: Problem, sensitivity: Sensitivity):
        super().__init__(problem)
        self.sensitivity = sensitivity
        self.rates: list[np.ndarray] = []
        self.load_rates: list[np.ndarray] = []

    def __call__(self, number: int, stepper: Stepper) -> None:
        """Keep output ``number``."""
        super().__call__(number, stepper)
        rates = [self.nodal.image(du) for du in self.sensitivity.du]
        gradient = self.gradient[-1]
        self.rates.append(strain_rate(gradient, np.array(rates), "green_lagrange"))
        self.load_rates.append(self.sensitivity.dload.copy())


def sensitivity_errors(
    path: list,
    material: dict[str, Any],
    cells: int = 24,
    outputs: int = 10,
    parameters: Sequence[str] = PARAMETERS,
) -> list[list]:
    """Errors of d strain / d ln k and d load / d ln k against central differences.

    Parameters
    ----------
    parameters : of k1, k2, k3 and the constants of the slip law, those that are shifted.

    Returns
    -------
    [[parameter, relative L2 error over all strains, largest load error over largest derivative]]
    """
    solver = {**EXACT, "max_factor_age": 1}
    loading = {"path": path, "outputs": outputs}
    study = make_study(cells, 20, solver=solver, loading=loading, material=material)
    problem = problem_of(study, grain_map(study))
    k = np.array(study.sampling.centre)
    constants = [name for name in parameters if name not in PARAMETERS]
    sensitivity, steps = Sensitivity(problem, study.material, k, constants), []
    recorder = RateRecorder(problem, sensitivity)

    def on_step(stepper: Stepper, u: np.ndarray) -> None:
        sensitivity.follow(stepper, u)
        steps.append((stepper.dt, stepper.time + stepper.dt))

    record = Stepper(problem, k, recorder, on_step).run()
    if record.status:
        raise StepFailure(record.reason)
    rates, load_rates = np.array(recorder.rates), np.array(recorder.load_rates)
    rows = []
    for p, name in enumerate((*PARAMETERS, *constants)):
        if name not in parameters:
            continue
        plus, minus = (_shifted(problem, k, name, sign * LOG_SHIFT, steps) for sign in (1, -1))
        numeric = (plus.strain - minus.strain) / (2 * LOG_SHIFT)
        numeric_load = (np.array(plus.load) - np.array(minus.load)) / (2 * LOG_SHIFT)
        load = np.abs(load_rates[:, p] - numeric_load).max() / np.abs(numeric_load).max()
        rows.append([name, relative_difference(rates[:, p], numeric), float(load)])
    return rows


def _shifted(
    problem: Problem, k: np.ndarray, name: str, shift: float, steps: list[tuple[float, float]]
) -> Recorder:
    """Run with ``name`` times exp(shift), in the given steps."""
    factor, k = float(np.exp(shift)), k.copy()
    if name in PARAMETERS:
        k[PARAMETERS.index(name)] *= factor
    else:
        material = scaled(problem.study.material, name, factor)
        problem = Problem(problem.study.model_copy(update={"material": material}), problem.micro)
    found = Recorder(problem)
    FixedSteps(problem, k, found).follow(steps)
    return found


def strain_measure_errors() -> list[list]:
    """Error of each measure under stretch, and shear plus rotation, and of its rate."""
    stretch, angle, shear = np.array([1.07, 0.96]), 0.3, 0.08
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s], [s, c]])
    # F = R U with principal stretches along a direction turned by 0.2 rad
    q = np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])
    stretched = turn @ q @ np.diag(stretch) @ q.T
    sheared = np.eye(2) + np.array([[0.0, shear], [0.0, 0.0]])
    hencky_shear = np.arcsinh(shear / 2) / np.sqrt(4 + shear**2)
    tensors = {
        "green_lagrange": (
            q @ np.diag(0.5 * (stretch**2 - 1)) @ q.T,
            0.5 * np.array([[0, shear], [shear, shear**2]]),
        ),
        "hencky": (
            q @ np.diag(np.log(stretch)) @ q.T,
            hencky_shear * np.array([[-shear, 2], [2, shear]]),
        ),
        "engineering": (
            0.5 * (stretched + stretched.T) - np.eye(2),
            0.5 * np.array([[0, shear], [shear, 0]]),
        ),
    }
    rate = np.array([[0.3, -0.2], [0.5, 0.1]])
    rows = []
    for measure, expected in tensors.items():
        worst = 0.0
        for gradient, e in zip((stretched, sheared), expected, strict=True):
            found = strain(gradient - np.eye(2), measure)
            worst = max(worst, np.abs(found - [e[0, 0], e[1, 1], e[0, 1]]).max())
        h, base = 1e-5, stretched - np.eye(2)
        numeric = (strain(base + h * rate, measure) - strain(base - h * rate, measure)) / (2 * h)
        rows.append(
            [measure, float(worst), float(np.abs(strain_rate(base, rate, measure) - numeric).max())]
        )
    return rows


def chapter() -> Chapter:
    """Check the strain measures and the sensitivities."""
    found = Chapter(
        "derivatives",
        "Strain measures and sensitivities",
        "Strain measures of a stretch with rotation and of simple shear against their closed "
        "forms, and their rates against central differences. Sensitivities of strain and load to "
        "ln k1, ln k2, ln k3 against central differences of whole runs (shift 1e-3) that take the "
        "same steps, on a 24 x 24 polycrystal solved tightly; those to the logarithms of the slip "
        "law's constants on one with Voce hardening.",
    )
    rows = strain_measure_errors()
    found.tables.append(Table("Strain measures", ["measure", "error", "error of the rate"], rows))
    found.check("strain measures: largest error", max(row[1] for row in rows), 1e-14)
    found.check("strain rates: largest error", max(row[2] for row in rows), 1e-8)
    rows = []
    cases = [({}, PARAMETERS), ({"rate_exponent": 33.3, "latent_ratio": 1.4}, PARAMETERS)]
    for name, path in PATHS.items():
        for material, parameters in [*cases, (VOCE | {"latent_ratio": 1.4}, tuple(CONSTANTS))]:
            law = "n = {rate_exponent:g}, q = {latent_ratio:g}, {hardening}".format(
                **Material(**material).model_dump()
            )
            errors = sensitivity_errors(path, material, parameters=parameters)
            rows += [[name, law, *row] for row in errors]
    columns = ["path", "law", "parameter", "strain error, L2", "load error"]
    found.tables.append(Table("Sensitivities against differences", columns, rows))
    found.check("d strain / d ln k, relative L2 error", max(row[3] for row in rows), 1e-4)
    found.check("d load / d ln k, error over largest derivative", max(row[4] for row in rows), 1e-4)
    return found
