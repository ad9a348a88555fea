"""What the simulation environment can do, asked of it as a simulation uses it.

``python3 -m slipfield.kinds.slip.fem.probe`` prints JSON; under mpirun, every rank takes part.
"""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

SIZE = 64


def probe(comm: MPI.Intracomm = MPI.COMM_WORLD) -> dict[str, object]:
    """Versions, ranks, threads, and the worst error of each direct solver. Collective.

    Returns
    -------
    dict
        ``solvers`` maps CHOLMOD (on one rank) and MUMPS to the largest error of a solution, or to
        the reason why there is none.
    """
    serial = {"cholmod": "cholmod"} if comm.size == 1 else {}
    return {
        "python": platform.python_version(),
        "dolfinx": version("fenics-dolfinx"),
        "petsc": ".".join(map(str, PETSc.Sys.getVersion())),
        "mpi": MPI.Get_library_version().split(",")[0].splitlines()[0],
        "ranks": comm.size,
        "ranks_that_answer": comm.allreduce(1),
        "threads": os.environ.get("OMP_NUM_THREADS", "not set"),
        "solvers": {name: _solve(name, comm) for name in (*serial, "mumps")},
    }


def _solve(solver: str, comm: MPI.Intracomm) -> float | str:
    """Largest error of the solution of -u'' = f, u(0) = u(1) = 0, with u = x (1 - x) exactly."""
    matrix = PETSc.Mat().createAIJ((SIZE, SIZE), nnz=3, comm=comm)
    first, last = matrix.getOwnershipRange()
    for row in range(first, last):
        matrix[row, row] = 2.0
        for other in {row - 1, row + 1} & set(range(SIZE)):
            matrix[row, other] = -1.0
    matrix.assemble()
    matrix.setOption(PETSc.Mat.Option.SPD, True)
    solution, right = matrix.createVecs()
    step = 1 / (SIZE + 1)
    right.array = 2 * step**2
    ksp = PETSc.KSP().create(comm)
    ksp.setOperators(matrix)
    ksp.setType("preonly")
    ksp.getPC().setType("cholesky")
    ksp.getPC().setFactorSolverType(solver)
    try:
        ksp.solve(right, solution)
    except PETSc.Error as error:
        return f"PETSc error {error.ierr}"
    x = step * np.arange(first + 1, last + 1)
    worst = np.abs(solution.array_r - x * (1 - x)).max(initial=0.0)
    return float(comm.allreduce(worst, op=MPI.MAX))


if __name__ == "__main__":
    found = probe()
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(found))
