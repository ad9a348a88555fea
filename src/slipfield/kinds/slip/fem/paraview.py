"""Fields of a sample for ParaView: one XDMF file (with its HDF5) per sample."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from xml.etree import ElementTree

import numpy as np
from dolfinx import fem, io

from slipfield.kinds.slip.crystal.law import Parameters
from slipfield.kinds.slip.fem.point_fields import PointFields
from slipfield.kinds.slip.fem.solid import SolidProblem, SolidStates
from slipfield.kinds.slip.fem.solid_fields import SolidFields
from slipfield.kinds.slip.fem.state import PointStates
from slipfield.kinds.slip.fem.stepping import Problem, Stepper

CELL_FIELDS: dict[str, tuple[int, ...]] = {  # name -> shape of a value
    "strain": (3, 3),
    "cauchy_stress_MPa": (3, 3),
    "accumulated_slip": (),
    "mean_crss_MPa": (),
    "lattice_rotation_rad": (3,),
    "grain": (),
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

    def __init__(self, problem: Problem, k: Parameters, folder: Path):
        self.problem, self.k, self.folder = problem, k, folder
        self._part = folder.with_name(f".{folder.name}.part")
        spaces = {
            name: fem.functionspace(problem.sheet.mesh, ("DG", 0, shape))
            for name, shape in CELL_FIELDS.items()
        }
        self._functions = {name: fem.Function(space, name=name) for name, space in spaces.items()}
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
        points, problem = stepper.points, self.problem
        fields = fields_of(problem, points, self.k, stepper.u.array)
        grain = points.grain_of(problem.micro)[problem.sheet.cell_index]
        values = {
            "strain": _tensor(fields.strain()),
            "cauchy_stress_MPa": _tensor(fields.cauchy_stress()),
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
                join_grids(self._part / "fields.xdmf")
                shutil.rmtree(self.folder, ignore_errors=True)
                self._part.rename(self.folder)
            else:
                shutil.rmtree(self._part, ignore_errors=True)
        comm.barrier()


def fields_of(problem: Problem, points: PointStates, k: Parameters, u: np.ndarray) -> PointFields:
    """Fields of a sheet or of a solid after a step."""
    if isinstance(problem, SolidProblem) and isinstance(points, SolidStates):
        return SolidFields(problem, points, k, u)
    return PointFields(problem, points, k, u)


def _tensor(components: np.ndarray) -> np.ndarray:
    """(..., 9) tensor of a whole one, or of in-plane xx, yy, xy; the others are left zero."""
    if components.shape[-2:] == (3, 3):
        return components.reshape(*components.shape[:-2], 9)
    tensor = np.zeros((*components.shape[:-1], 9))
    tensor[..., [0, 4, 1]], tensor[..., 3] = components, components[..., 2]
    return tensor


def join_grids(path: Path) -> None:
    """Give every time one grid with all its attributes (DOLFINx makes a series per function)."""
    tree = ElementTree.parse(path)
    (domain,) = tree.getroot().findall("Domain")
    mesh, *series = domain.findall("Grid")
    joined = ElementTree.SubElement(
        domain, "Grid", Name="sample", GridType="Collection", CollectionType="Temporal"
    )
    grids: dict[str, ElementTree.Element] = {}
    for grid in (grid for one in series for grid in one):
        (time,), (attribute,) = grid.findall("Time"), grid.findall("Attribute")
        if (value := time.attrib["Value"]) not in grids:
            grids[value] = ElementTree.SubElement(joined, "Grid", Name="sheet", GridType="Uniform")
            grids[value].extend([*mesh, time])
        grids[value].append(attribute)
    for grid in (mesh, *series):
        domain.remove(grid)
    ElementTree.indent(tree)
    tree.write(path, xml_declaration=True, encoding="utf-8")
