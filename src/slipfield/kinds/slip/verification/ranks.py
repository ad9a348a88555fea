"""The same sample on several ranks, and restarted from a checkpoint.

``python -m slipfield.kinds.slip.verification.ranks FILE CELLS PRECISION [voce]`` under mpirun
runs one sample on all ranks and writes what it found.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from mpi4py import MPI

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.crystal.build import Precision
from slipfield.kinds.slip.fem.checkpoint import load_checkpoint, save_checkpoint
from slipfield.kinds.slip.fem.nodal import NodalGradient
from slipfield.kinds.slip.fem.point_fields import mean_lattice_rotation
from slipfield.kinds.slip.fem.sensitivity import Sensitivity
from slipfield.kinds.slip.fem.stepping import Problem, Stepper
from slipfield.kinds.slip.fem.strain import strain
from slipfield.kinds.slip.study.constants import CONSTANTS
from slipfield.kinds.slip.verification.point_law import VOCE
from slipfield.kinds.slip.verification.result import Chapter, Table
from slipfield.kinds.slip.verification.specimens import grain_map, make_study, problem_of

RANKS = (1, 2, 4)
OVERSUBSCRIBE = {  # Open MPI 5 and 4: more ranks than cores
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
}
PATH = [[0.0, 0.0], [50.0, 0.05], [75.0, 0.04], [100.0, 0.09]]


def run_here(output: Path, cells: int, precision: Precision, voce: bool) -> None:
    """Run one sample with sensitivities on all ranks of the world and write both. Collective.

    One with Voce hardening has the sensitivities to the law's constants, too.
    """
    loading, material = {"path": PATH, "outputs": 8}, VOCE if voce else {}
    study = make_study(cells, 40, loading=loading, material=material)
    problem = Problem(study, grain_map(study), precision=precision)
    nodal, steps, fields, loads, rotations = NodalGradient(problem), [], [], [], []
    constants = CONSTANTS if voce else ()
    sensitivity = Sensitivity(problem, study.material, study.sampling.centre, tuple(constants))

    def on_output(number: int, stepper: Stepper) -> None:
        fields.append(nodal.image(stepper.u.array))
        loads.append(stepper.load)
        rotations.append(mean_lattice_rotation(problem, stepper.points, stepper.u.array))

    def on_step(stepper: Stepper, u: np.ndarray) -> None:
        sensitivity.follow(stepper, u)
        steps.append(stepper.dt)

    record = Stepper(problem, study.sampling.centre, on_output, on_step).run()
    if record.status:
        raise SlipfieldError(f"verification run failed: {record.reason}")
    rates = [nodal.image(du) for du in sensitivity.du]
    if problem.comm.rank == 0:
        np.savez(
            output,
            steps=steps,
            strain=strain(np.array(fields), "green_lagrange"),
            load=loads,
            rotation=rotations,
            rates=rates,
            load_rates=sensitivity.dload,
        )


def run_on(
    ranks: int,
    cells: int,
    folder: Path,
    precision: Precision = "double",
    module: str | None = None,
    voce: bool = False,
) -> dict[str, np.ndarray]:
    """Get what :func:`run_here`, or that of another ``module``, writes on ``ranks`` processes.

    Raises
    ------
    SlipfieldError
        If mpirun is missing or the run fails.
    """
    output = folder / f"{ranks}.npz"
    program = [sys.executable, "-m", module or __spec__.name, str(output), str(cells), precision]
    program += ["voce"] if voce else []
    try:
        # os.environ, and not what MPI added to the environment of this process
        settings = os.environ | OVERSUBSCRIBE
        command = ["mpirun", "-n", str(ranks), *program]
        subprocess.run(command, check=True, capture_output=True, text=True, env=settings)
    except FileNotFoundError as error:
        raise SlipfieldError("mpirun: not found; use the simulate environment") from error
    except subprocess.CalledProcessError as error:
        raise SlipfieldError(f"{ranks} ranks: {error.stderr.strip()[-300:]}") from error
    with np.load(output) as file:
        return dict(file)


def restart_differences(folder: Path, cells: int = 16, age: int = 3) -> int:
    """Numbers that differ after restarting a sample at each of its outputs."""
    solver = {"max_factor_age": age}
    study = make_study(cells, 20, loading={"path": PATH, "outputs": 8}, solver=solver)
    micro = grain_map(study)

    def sample(restart: Path | None, keep: bool) -> np.ndarray:
        states = np.zeros((8, 2 * (cells + 1) ** 2 + 2))

        def on_output(number: int, stepper: Stepper) -> None:
            states[number] = [*stepper.u.array, stepper.load, stepper.time]
            if keep:
                save_checkpoint(stepper, folder / str(number))

        stepper = Stepper(problem_of(study, micro), study.sampling.centre, on_output)
        if restart:
            load_checkpoint(stepper, restart)
        stepper.run()
        return states

    whole = sample(None, keep=True)
    return sum(
        int((sample(folder / str(i), keep=False)[i + 1 :] != whole[i + 1 :]).sum())
        for i in range(7)
    )


def chapter(cells: int = 48) -> Chapter:
    """Run on 1, 2 and 4 ranks and restart from every output."""
    found = Chapter(
        "ranks",
        "Ranks and restarts",
        f"One sample ({cells} x {cells} elements, 40 grains, loading, unloading and reloading) on "
        "1, 2 and 4 MPI ranks: the step sequence must be the same and fields must agree. A sample "
        "restarted from the checkpoint of each of its outputs must repeat the same bits. Runs on "
        "several ranks are compared in double precision, and once in single, whose rounding "
        "depends on the partition; once also with Voce hardening and the sensitivities to all "
        "constants, on half as many elements a side.",
    )
    with tempfile.TemporaryDirectory() as folder:
        runs = {ranks: run_on(ranks, cells, Path(folder)) for ranks in RANKS}
        single = run_on(2, cells, Path(folder), "single")
        voce = [run_on(ranks, cells // 2, Path(folder), voce=True) for ranks in (1, 2)]
        changed = restart_differences(Path(folder))
    one, rows = runs[RANKS[0]], []
    for ranks, result in runs.items():
        same = len(result["steps"]) == len(one["steps"])
        step = np.abs(result["steps"] / one["steps"] - 1).max() if same else np.inf
        difference = np.abs(result["strain"] - one["strain"]).max()
        load = np.abs(result["load"] / one["load"] - 1).max()
        rates = np.linalg.norm(result["rates"] - one["rates"]) / np.linalg.norm(one["rates"])
        changes = [step, difference, load, rates]
        rows.append([ranks, len(result["steps"]), *map(float, changes)])
    columns = ["ranks", "steps", "step sizes, relative", "strain", "load, relative"]
    columns.append("sensitivities, relative")
    found.tables.append(Table("Difference from one rank", columns, rows))
    found.check("step sizes on 2 and 4 ranks: relative difference", max(r[2] for r in rows), 1e-6)
    found.check("strain on 2 and 4 ranks: largest difference", max(r[3] for r in rows), 1e-8)
    found.check(
        "sensitivities on 2 and 4 ranks: relative difference", max(r[5] for r in rows), 1e-4
    )
    norm = np.linalg.norm
    apart = float(norm(single["strain"] - one["strain"]) / norm(one["strain"]))
    found.check("strain on 2 ranks in single precision, relative L2 difference", apart, 1e-4)
    strains = float(np.abs(voce[1]["strain"] - voce[0]["strain"]).max())
    found.check("Voce hardening, strain on 2 ranks: largest difference", strains, 1e-8)
    alone, shared = voce[0]["rates"], voce[1]["rates"]
    change = float(norm(shared - alone) / norm(alone))
    found.check("Voce hardening, sensitivities on 2 ranks: relative difference", change, 1e-4)
    found.check("numbers that differ after a restart", changed, 0)
    return found


if __name__ == "__main__":
    chosen: Precision = "single" if "single" in sys.argv else "double"
    run_here(Path(sys.argv[1]), int(sys.argv[2]), chosen, "voce" in sys.argv)
    MPI.COMM_WORLD.barrier()
