"""Errors of the time step, of the solver's tolerances and of the mesh."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import product

import numpy as np

from slipfield.kinds.slip.crystal.law import Parameters
from slipfield.kinds.slip.fem.sheet import Microstructure
from slipfield.kinds.slip.fem.stepping import Record
from slipfield.kinds.slip.study import Study
from slipfield.kinds.slip.verification.equilibrium import relative_difference, run
from slipfield.kinds.slip.verification.result import Chapter, Curves, Maps, Table
from slipfield.kinds.slip.verification.specimens import grain_map, make_study, problem_of

FINE = {
    "step_tolerance": 1e-4,
    "residual_tolerance": 1e-7,
    "point_tolerance": 1e-10,
    "first_step_s": 0.02,
    "max_factor_age": 1,
}
ALLOWED = 1.5e-3  # strain error of the default tolerance, L2
STEP_TOLERANCES = (0.03, 0.01, 0.003, 0.001, 0.0003)
SETTINGS: tuple[tuple[str, dict], ...] = (
    ("defaults", {}),
    ("max_factor_age 1", {"max_factor_age": 1}),
    ("max_factor_age 2", {"max_factor_age": 2}),
    ("max_factor_age 3", {"max_factor_age": 3}),
    ("max_factor_age 5", {"max_factor_age": 5}),
    (
        "max_factor_age 5, residual_tolerance 1e-4",
        {"max_factor_age": 5, "residual_tolerance": 1e-4},
    ),
    ("residual_tolerance 1e-2", {"residual_tolerance": 1e-2}),
    ("residual_tolerance 1e-5", {"residual_tolerance": 1e-5}),
    ("point_tolerance 1e-6", {"point_tolerance": 1e-6}),
    ("point_tolerance 1e-5", {"point_tolerance": 1e-5}),
    ("max_step_s 2.5", {"max_step_s": 2.5}),
)
KINKED_PATHS = {
    "unloading": [[0, 0], [50, 0.05], [75, 0.045], [100, 0.07]],
    "reversal": [[0, 0], [40, 0.04], [80, 0.0], [100, 0.02]],
    "hold": [[0, 0], [50, 0.05], [100, 0.05]],
}
MESHES = (50, 100, 200, 400)


@dataclass
class Result:
    """Strain (outputs, ny + 1, nx + 1, 3), load (outputs,) N, record and CPU seconds of a run."""

    strain: np.ndarray
    load: np.ndarray
    record: Record
    seconds: float


def simulate(study: Study, micro: Microstructure, k: Parameters) -> Result:
    """Run one sample on this process."""
    problem = problem_of(study, micro)
    started = time.process_time()
    stepper, found = run(problem, k)
    seconds = time.process_time() - started
    return Result(found.strain, np.array(found.load), stepper.record, seconds)


def errors(result: Result, exact: Result) -> list[float]:
    """Errors of strain over all outputs, at the worst output, at the end, and of the load."""
    each = [relative_difference(a, b) for a, b in zip(result.strain, exact.strain, strict=True)]
    load = np.abs(result.load - exact.load).max() / np.abs(exact.load).max()
    return [relative_difference(result.strain, exact.strain), max(each), each[-1], float(load)]


ERROR_COLUMNS = ["strain, L2", "worst output", "last output", "load / largest load"]
COST_COLUMNS = ["steps", "factorisations", "CPU s"]


def _cost(result: Result) -> list[float]:
    return [result.record.steps, result.record.factorisations, round(result.seconds, 2)]


def time_chapter(cells: int = 100, corner_cells: int = 48) -> Chapter:
    """Compare time steps and tolerances with a run of fine steps."""
    found = Chapter(
        "time_step",
        "Time step and tolerances",
        f"One sample at the centre of the sampling box, {cells} x {cells} elements, 300 grains, "
        "5 %, against a run of fine steps (step tolerance 1e-4, residual 1e-7, points 1e-10). "
        "Errors of the Green-Lagrange strain at the nodes are L2 norms over all 20 outputs, at "
        "the worst one and at the last, relative to the fine run. The last two tables hold the "
        "corners of the sampling box and paths with kinks at "
        f"{corner_cells} x {corner_cells}; after a reversal the strain passes through zero, where "
        "a relative error says little.",
    )
    micro = grain_map(make_study(cells))

    def sample(**solver: float) -> Result:
        study = make_study(cells, solver=solver)
        return simulate(study, micro, study.sampling.centre)

    exact = sample(**FINE)
    rows: list[list] = []
    for tolerance in STEP_TOLERANCES:
        result = sample(step_tolerance=tolerance)
        rows.append([tolerance, *errors(result, exact), *_cost(result)])
    columns = ["step_tolerance", *ERROR_COLUMNS, *COST_COLUMNS]
    found.tables.append(Table("Step tolerance", columns, rows))
    steps = [row[5] for row in rows]
    lines = {
        name: (steps, [row[i] for row in rows]) for i, name in ((1, "all outputs"), (3, "last"))
    }
    found.curves.append(Curves("Strain error of the time step", "steps", "L2", lines, log=True))
    rows = []
    for name, solver in SETTINGS:
        result = sample(**solver)
        rows.append([name, *errors(result, exact), *_cost(result)])
    found.tables.append(Table("Settings", ["setting", *ERROR_COLUMNS, *COST_COLUMNS], rows))
    found.check("default settings: strain error, L2 over all outputs", rows[0][1], ALLOWED)
    found.check("default settings: strain error of the worst output", rows[0][2], ALLOWED)
    found.check("default settings: load error", rows[0][4], ALLOWED)
    rows = corner_errors(corner_cells)
    found.tables.append(Table("Corners of the box", ["k1", "k2", "k3", *ERROR_COLUMNS], rows))
    worst = max(row[4] for row in rows)
    found.check("default settings, all corners: strain error of the worst output", worst, ALLOWED)
    rows = path_errors(corner_cells)
    found.tables.append(Table("Loading paths", ["path", "n", *ERROR_COLUMNS, "steps"], rows))
    found.check("default settings, paths with kinks: load error", max(r[5] for r in rows), 1e-2)
    return found


def corner_errors(cells: int) -> list[list[float]]:
    """Errors of the default settings at the eight corners of the sampling box."""
    study, fine = make_study(cells), make_study(cells, solver=FINE)
    micro, rows = grain_map(study), []
    for k in product(*study.sampling.box):
        rows.append([*k, *errors(simulate(study, micro, k), simulate(fine, micro, k))])
    return rows


def path_errors(cells: int) -> list[list]:
    """Errors of the default settings along paths with kinks, at the centre of the box."""
    rows = []
    for (name, path), n in product(KINKED_PATHS.items(), (10.0, 50.0)):
        loading, material = {"path": path}, {"rate_exponent": n}
        study = make_study(cells, loading=loading, material=material)
        fine_steps = FINE | {"max_step_s": 0.5}
        fine = make_study(cells, solver=fine_steps, loading=loading, material=material)
        micro, k = grain_map(study), study.sampling.centre
        result = simulate(study, micro, k)
        error = errors(result, simulate(fine, micro, k))
        rows.append([name, n, *error, result.record.steps])
    return rows


def mesh_chapter(meshes: tuple[int, ...] = MESHES) -> Chapter:
    """Compare meshes of one grain map with the finest of them."""
    found = Chapter(
        "mesh",
        "Mesh",
        "The same 300 grains on four meshes, default settings, centre of the sampling box. "
        "Differences are taken at the nodes of the coarsest mesh, relative to the finest. "
        "Elements take the grain at their centre, so grain boundaries are stair-cased and strains "
        "next to them converge slowly; the load converges fast.",
    )
    results, spacing = {}, meshes[0]
    for cells in meshes:
        study = make_study(cells)
        result = simulate(study, grain_map(study), study.sampling.centre)
        stride = cells // spacing
        result.strain = result.strain[:, ::stride, ::stride]
        results[cells] = result
    exact = results[meshes[-1]]
    rows: list[list] = []
    for cells, result in results.items():
        overall, _, last, load = errors(result, exact)
        rows.append([f"{cells} x {cells}", overall, last, load, *_cost(result)])
    columns = ["mesh", "strain, L2", "last output", "load / largest load", *COST_COLUMNS]
    found.tables.append(Table("Mesh", columns, rows))
    coarse = rows[:-1]
    falling = min(a[1] / b[1] for a, b in zip(coarse, coarse[1:], strict=False))
    found.check("strain difference falls with each refinement by a factor of", falling, 1.3, True)
    found.check("load difference of the second finest mesh", coarse[-1][3], 5e-3)
    size = [2 / cells for cells in meshes[:-1]]
    lines = {"strain, L2": (size, [r[1] for r in coarse]), "load": (size, [r[3] for r in coarse])}
    found.curves.append(
        Curves("Difference from the finest mesh", "element size, mm", "relative", lines, log=True)
    )
    images = {
        f"{cells} x {cells}": np.round(results[cells].strain[-1, ..., 1], 5).tolist()
        for cells in meshes
    }
    found.maps.append(Maps("Strain along the load at 5 %", "E22", images))
    return found
