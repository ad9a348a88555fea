"""One sample of a solid on several ranks: ``python -m ... FILE CELLS PRECISION`` under mpirun."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from mpi4py import MPI

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.crystal.build import Precision
from slipfield.kinds.slip.fem.face import FaceGradient
from slipfield.kinds.slip.fem.point_fields import mean_lattice_rotation
from slipfield.kinds.slip.fem.solid import SolidProblem
from slipfield.kinds.slip.fem.solid_mesh import SolidMicrostructure
from slipfield.kinds.slip.fem.stepping import Stepper
from slipfield.kinds.slip.fem.strain import strain
from slipfield.kinds.slip.verification.ranks import PATH
from slipfield.kinds.slip.verification.specimens import grain_map, make_study


def run_here(output: Path, cells: int, precision: Precision, layers: int = 3) -> None:
    """Run one sample on all ranks of the world and write its fields. Collective."""
    specimen = {"thickness_mm": 0.5}
    study = make_study(cells, 20, loading={"path": PATH, "outputs": 4}, specimen=specimen)
    micro = SolidMicrostructure.columns(grain_map(study), layers, 0.5)
    problem = SolidProblem(study, micro, precision=precision)
    faces = [FaceGradient(problem, side) for side in ("front", "back")]
    steps, fields, loads, rotations, roughness = [], [], [], [], []

    def on_output(number: int, stepper: Stepper) -> None:
        fields.append([face.image(stepper.u.array) for face in faces])
        loads.append(stepper.load)
        rotations.append(mean_lattice_rotation(problem, stepper.points, stepper.u.array))
        roughness.append(faces[0].roughness(stepper.u.array))

    stepper = Stepper(problem, study.sampling.centre, on_output, lambda s, u: steps.append(s.dt))
    record = stepper.run()
    if record.status:
        raise SlipfieldError(f"verification run failed: {record.reason}")
    if problem.comm.rank == 0:
        np.savez(
            output,
            steps=steps,
            strain=strain(np.array(fields), "green_lagrange"),
            load=loads,
            rotation=rotations,
            roughness=roughness,
        )


if __name__ == "__main__":
    chosen: Precision = "single" if "single" in sys.argv else "double"
    run_here(Path(sys.argv[1]), int(sys.argv[2]), chosen)
    MPI.COMM_WORLD.barrier()
