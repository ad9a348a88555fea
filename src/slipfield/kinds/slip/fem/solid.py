"""The forward model in three dimensions: blocks of hexahedra, their points, the problem."""

from __future__ import annotations

import numpy as np

from slipfield.kinds.slip.crystal.build import law_variants
from slipfield.kinds.slip.crystal.law import Parameters
from slipfield.kinds.slip.fem.kernels import HEXAHEDRA
from slipfield.kinds.slip.fem.sheet import Microstructure
from slipfield.kinds.slip.fem.solid_mesh import Solid, as_solid
from slipfield.kinds.slip.fem.state import Blocks, PointStates
from slipfield.kinds.slip.fem.stepping import LATERAL_CONTRACTION, Problem

FACTOR_AGE = 4
"""Times the steps that share a factor in a sheet: here it costs ten evaluations, not two."""


class SolidBlocks(Blocks):
    """Hexahedra in blocks of one lane each."""

    kernel = HEXAHEDRA
    prefix = "slipfield_hex"


class SolidStates(PointStates):
    """Histories of all points of this rank's hexahedra; ``a`` is Fp^-1, ``s`` Se in crystal axes.

    Attributes
    ----------
    dilatation : whether the change of volume is that of the element's centre.
    """

    dilatation = True

    def grain_of(self, micro: Microstructure) -> np.ndarray:
        """Grain of every cell of the specimen."""
        return as_solid(micro).layer_grain.ravel()

    def start_of(self, rotation: np.ndarray) -> dict[str, np.ndarray]:
        """Fp^-1 and Se of every cell, for its matrix H (cells, 3, 3)."""
        inverse = np.swapaxes(rotation, -1, -2).reshape(-1, 9)
        return {"a": inverse, "s": np.zeros((len(rotation), 6))}

    def options(self) -> tuple[int, ...]:
        """What the kernel's evaluation takes beside arrays and step."""
        return (int(self.dilatation),)


class SolidProblem(Problem):
    """Mesh, blocks, boundary conditions and solver of a sheet with a thickness.

    The faces y = 0 and y = height move rigidly along y and are free along x and z; every other
    face is free. Two nodes of the edge y = 0, z = 0 hold what is left of a rigid motion.
    """

    sheet: Solid
    blocks: SolidBlocks

    def discretise(self) -> None:
        """Make the mesh and its blocks."""
        self.sheet = Solid(as_solid(self.micro), self.comm)
        self.blocks = SolidBlocks(self.sheet, law_variants(self.study.material))
        self.load_factor = 1.0
        self.max_factor_age = FACTOR_AGE * self.study.solver.max_factor_age

    def point_states(self, k: Parameters) -> SolidStates:
        """Points of a sample with k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5) at its start."""
        study = self.study
        tolerance = study.solver.point_tolerance
        return SolidStates(self.sheet, self.blocks, self.micro, study.material, k, tolerance)

    def stretch(self, u: np.ndarray, rise: float) -> None:
        """Add the first guess, uniform tension for a ``rise`` (mm) of the top face, to u."""
        strain = rise / self.study.specimen.height_mm
        x, y, z = (self.sheet.coordinates - self.sheet.coordinates_of_pin).T
        u[0::3] -= LATERAL_CONTRACTION * strain * x
        u[1::3] += strain * y
        u[2::3] -= LATERAL_CONTRACTION * strain * z

    def prescribed(self) -> np.ndarray:
        """Mask (3 * nodes,) of the displacements that the loading prescribes."""
        solid, mask = self.sheet, np.zeros(3 * self.sheet.nodes, bool)
        mask[3 * solid.bottom + 1] = mask[3 * solid.top + 1] = True
        mask[3 * solid.pin] = mask[3 * solid.pin + 2] = mask[3 * solid.second_pin + 2] = True
        return mask

    def prescribe(self, u: np.ndarray, time: float) -> None:
        """Set the prescribed displacements (mm) of a time (s) in u (3 * nodes,)."""
        u[self.constrained] = 0.0
        u[3 * self.sheet.top + 1] = self.path.displacement(time)
