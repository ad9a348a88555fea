"""One material point in three dimensions, driven through a deformation path."""

from __future__ import annotations

import ctypes
from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from slipfield.kinds.slip.crystal.build import POINTS, load_kernel
from slipfield.kinds.slip.crystal.driver import _pointer
from slipfield.kinds.slip.crystal.law import SYSTEMS, Law
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler

SIX = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
"""Index pairs of the six components, in the order of the kernel."""


def tensor_of(six: np.ndarray) -> np.ndarray:
    """Symmetric tensors (..., 3, 3) of stress components (..., 6) in the kernel's order."""
    return six[..., [[0, 5, 4], [5, 1, 3], [4, 3, 2]]]


class SolidPoint:
    """A single crystal point and its history.

    Parameters
    ----------
    law : kernel constants.
    euler : Bunge angles in rad.
    h : hardening modulus, MPa.
    crss : initial crss of all systems, MPa.

    Attributes
    ----------
    elastic_stress : (6,) Se in crystal axes, MPa.  crss : (12,) MPa.  inverse_flow : (3, 3) Fp^-1.
    slip : (3, 3) slip tensor of the last step.  tangent : (6, 6) of solid_point.hpp, MPa.
    """

    def __init__(self, law: Law, euler: ArrayLike, h: SupportsFloat, crss: SupportsFloat):
        self.law, self.h = law, float(h)
        self.inverse_flow = np.ascontiguousarray(matrix_of_euler(np.asarray(euler, float)).T)
        self.crss = np.full(SYSTEMS, float(crss))
        self.crss_old = self.crss.copy()
        self.slip = np.zeros((3, 3))
        self.elastic_stress = np.zeros(6)
        self.tangent = np.zeros((6, 6))
        self.last_dt: float | None = None
        self._kernel = load_kernel(POINTS, *law.variants).slipfield_solid_point

    @property
    def stress(self) -> np.ndarray:
        """Second Piola-Kirchhoff stress S (3, 3) of the reference body in sample axes, MPa."""
        flow = self.inverse_flow
        return flow @ tensor_of(self.elastic_stress) @ flow.T

    def trial(self, metric: np.ndarray, dt: float) -> tuple[np.ndarray, ...] | None:
        """State (Se, crss, Fp^-1, slip, tangent) after a step; None without convergence.

        Parameters
        ----------
        metric : (3, 3) C = F^T F at the end of the step.
        dt : step, s.
        """
        stress, crss = self.elastic_stress.copy(), self.crss.copy()
        flow, slip, tangent = np.empty((3, 3)), np.empty((3, 3)), np.empty((6, 6))
        start = self.inverse_flow
        turned = np.ascontiguousarray(start.T @ metric @ start)
        ratio = dt / self.last_dt if self.last_dt else 0.0
        iterations = self._kernel(
            ctypes.byref(self.law),
            ctypes.c_double(dt),
            ctypes.c_double(ratio),
            *map(_pointer, (turned, start, self.crss, self.crss_old, self.slip)),
            ctypes.c_double(self.h),
            *map(_pointer, (stress, crss, flow, slip, tangent)),
        )
        state = (stress, crss, flow, slip, tangent)
        ok = iterations > 0 and all(np.isfinite(array).all() for array in state)
        return state if ok else None

    def advance(self, metric: np.ndarray, dt: float) -> bool:
        """Take the step and keep its state; False (and no change) without convergence."""
        state = self.trial(metric, dt)
        if state is None:
            return False
        self.crss_old = self.crss
        self.elastic_stress, self.crss, self.inverse_flow, self.slip, self.tangent = state
        self.last_dt = dt
        return True

    def restart(self) -> None:
        """Forget the step history: the next step is backward Euler (after a kink of the path)."""
        self.last_dt = None


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
