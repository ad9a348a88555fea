"""Fields of a sample for ParaView: one XDMF file (with its HDF5) per sample."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType

import numpy as np
from dolfinx import fem, io

from slipfield.fem.point_fields import PointFields
from slipfield.fem.stepping import Problem, Stepper

CELL_FIELDS = {  # name -> components
    "strain": 3,
    "cauchy_stress_MPa": 3,
    "accumulated_slip": 1,
    "mean_crss_MPa": 1,
    "lattice_rotation_rad": 3,
    "grain": 1,
}


class ParaviewWriter:
    """Writes displacements at the nodes and means of the point fields in the cells. Collective.

    A context manager: the folder appears under its name when the block succeeds.

    Parameters
    ----------
    problem : the specimen.
    k : k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5).
    folder : to make; holds ``fields.xdmf`` and ``fields.h5``.
    """

    def __init__(self, problem: Problem, k: tuple[float, float, float], folder: Path):
        self.problem, self.k, self.folder = problem, k, folder
        self._part = folder.with_name(f".{folder.name}.part")
        self._functions = {
            name: fem.Function(fem.functionspace(problem.sheet.mesh, ("DG", 0, _shape(count))), name=name)
            for name, count in CELL_FIELDS.items()
        }
        self._displacement = fem.Function(problem.sheet.space, name="displacement_mm")

    def __enter__(self) -> ParaviewWriter:
        comm = self.problem.comm
        if comm.rank == 0:
            shutil.rmtree(self._part, ignore_errors=True)
            self._part.mkdir(parents=True)
        comm.barrier()
        self._file = io.XDMFFile(comm, str(self._part / "fields.xdmf"), "w")
        self._file.write_mesh(self.problem.sheet.mesh)
        return self

    def write(self, stepper: Stepper) -> None:
        """Write the state after a step that ended at an output."""
        fields = PointFields(self.problem, stepper.points, self.k, stepper.u.array)
        grain = self.problem.micro.element_grain.ravel()[self.problem.sheet.cell_index]
        values = {
            "strain": fields.strain(),
            "cauchy_stress_MPa": fields.cauchy_stress(),
            "accumulated_slip": fields.accumulated_slip(),
            "mean_crss_MPa": fields.crss.mean(axis=-1),
            "lattice_rotation_rad": fields.lattice_rotation(),
            "grain": np.broadcast_to(grain[:, None], fields.crss.shape[:2]),
        }
        self._displacement.x.array[:] = stepper.u.array
        self._file.write_function(self._displacement, stepper.time)
        for name, function in self._functions.items():
            cells = function.function_space.dofmap.list[: len(grain), 0]
            mean = values[name].mean(axis=1).reshape(len(grain), -1)
            function.x.array.reshape(-1, mean.shape[1])[cells] = mean
            self._file.write_function(function, stepper.time)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        comm = self.problem.comm
        comm.barrier()
        if comm.rank == 0:
            if kind is None:
                shutil.rmtree(self.folder, ignore_errors=True)
                self._part.rename(self.folder)
            else:
                shutil.rmtree(self._part, ignore_errors=True)
        comm.barrier()


def _shape(count: int) -> tuple[int, ...]:
    return () if count == 1 else (count,)
