"""One material point in three dimensions, driven through a deformation path."""

from __future__ import annotations

from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from slipfield.kinds.slip.crystal.law import Law
from slipfield.kinds.slip.crystal.point import Point
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler

SIX = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
"""Index pairs of the six components, in the order of the kernel."""


def tensor_of(six: np.ndarray) -> np.ndarray:
    """Symmetric tensors (..., 3, 3) of stress components (..., 6) in the kernel's order."""
    return six[..., [[0, 5, 4], [5, 1, 3], [4, 3, 2]]]


class SolidPoint(Point):
    """A single crystal point of a solid; its metric is (3, 3).

    Parameters
    ----------
    law : kernel constants.
    euler : Bunge angles in rad.
    h : hardening modulus, MPa.
    crss : initial crss of all systems, MPa.

    Attributes
    ----------
    elastic_stress : (6,) Se in crystal axes, MPa.  inverse_flow : (3, 3) Fp^-1.
    tangent : (6, 6) of solid_point.hpp, MPa.
    """

    kernel = "slipfield_solid_point"
    state = ("elastic_stress", "crss", "inverse_flow", "slip", "tangent")

    def __init__(self, law: Law, euler: ArrayLike, h: SupportsFloat, crss: SupportsFloat):
        super().__init__(law, h, crss)
        self.inverse_flow = np.ascontiguousarray(matrix_of_euler(np.asarray(euler, float)).T)
        self.elastic_stress = np.zeros(6)
        self.tangent = np.zeros((6, 6))

    @property
    def stress(self) -> np.ndarray:
        """Second Piola-Kirchhoff stress S (3, 3) of the reference body in sample axes, MPa."""
        flow = self.inverse_flow
        return flow @ tensor_of(self.elastic_stress) @ flow.T

    def deformation(self, metric: np.ndarray) -> np.ndarray:
        """The metric seen from the state at the start of the step: Fp^-T C Fp^-1."""
        start = self.inverse_flow
        return np.ascontiguousarray(start.T @ metric @ start)


def follow(
    point: SolidPoint, times: np.ndarray, gradients: np.ndarray, steps: int = 400
) -> np.ndarray:
    """Stress (n, 3, 3) in MPa at the corners of a path of F (n, 3, 3), ``steps`` in each part.

    Steps grow from the start of a part, as its stress does most there.

    Raises
    ------
    RuntimeError
        If a step does not converge.
    """
    stresses = [point.stress]
    shares = (np.arange(steps + 1) / steps) ** 2
    for i in range(len(times) - 1):
        point.restart()
        length, change = times[i + 1] - times[i], gradients[i + 1] - gradients[i]
        for before, after in zip(shares, shares[1:], strict=False):
            gradient = gradients[i] + after * change
            if not point.advance(gradient.T @ gradient, length * (after - before)):
                raise RuntimeError(f"the point did not converge at {after:.4f} of part {i}")
        stresses.append(point.stress)
    return np.array(stresses)
