"""Which forward model a study asks for: a membrane, or a solid with what lies below its face."""

from __future__ import annotations

from mpi4py import MPI

from slipfield.kinds.slip.fem.face import FaceGradient
from slipfield.kinds.slip.fem.nodal import NodalGradient
from slipfield.kinds.slip.fem.sheet import Microstructure
from slipfield.kinds.slip.fem.solid import SolidProblem
from slipfield.kinds.slip.fem.solid_mesh import SolidMicrostructure
from slipfield.kinds.slip.fem.stepping import Problem
from slipfield.kinds.slip.study import Solid, Study

SUBSURFACE_STREAM = 3  # apart from the streams of grain maps and orientations


def solid_microstructure(study: Study, micro: Microstructure, solid: Solid) -> SolidMicrostructure:
    """The grain map with what ``solid`` says lies below it.

    Raises
    ------
    SlipfieldError
        If the sheet would hold too many grains.
    """
    thickness = study.specimen.thickness_mm
    if solid.grains == "columns":
        return SolidMicrostructure.columns(micro, solid.layers, thickness)
    from slipfield.kinds.slip.specimen.subsurface import draw_subsurface

    seed = (SUBSURFACE_STREAM, study.specimen.seed, micro.index, solid.seed)
    below = draw_subsurface(
        micro.element_grain,
        micro.x_mm,
        micro.y_mm,
        micro.euler,
        micro.size,
        thickness,
        solid.layers,
        study.specimen.orientations,
        seed,
    )
    return SolidMicrostructure(
        micro.index,
        micro.x_mm,
        micro.y_mm,
        micro.element_grain,
        below.euler,
        below.size,
        below.layer_grain,
        thickness,
    )


def make_problem(
    study: Study, micro: Microstructure, comm: MPI.Intracomm = MPI.COMM_WORLD
) -> Problem:
    """The specimen as the study's forward model takes it. Collective."""
    if study.solid is None:
        return Problem(study, micro, comm)
    return SolidProblem(study, solid_microstructure(study, micro, study.solid), comm)


def nodal_gradient(problem: Problem) -> NodalGradient | FaceGradient:
    """Displacement gradients at the pixels: the nodes of the sheet, or of the solid's face."""
    if isinstance(problem, SolidProblem):
        return FaceGradient(problem)
    return NodalGradient(problem)
