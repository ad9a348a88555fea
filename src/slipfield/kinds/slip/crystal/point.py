"""What the single crystal points of a sheet and of a solid share: their history and their steps."""

from __future__ import annotations

import ctypes
from typing import ClassVar, SupportsFloat

import numpy as np

from slipfield.kinds.slip.crystal.build import POINTS, load_kernel
from slipfield.kinds.slip.crystal.law import SYSTEMS, Law


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


class Point:
    """A single crystal point and its history.

    Parameters
    ----------
    law : kernel constants.
    h : hardening modulus, MPa.
    crss : initial crss of all systems, MPa.

    Attributes
    ----------
    kernel : name of the kernel's function.
    state : names of what a step changes: stress, crss, plastic deformation, slip tensor, tangent.
    crss : (12,) MPa.  slip : (3, 3) slip tensor of the last step.
    """

    kernel: ClassVar[str]
    state: ClassVar[tuple[str, str, str, str, str]]

    def __init__(self, law: Law, h: SupportsFloat, crss: SupportsFloat):
        self.law, self.h = law, float(h)
        self.crss = np.full(SYSTEMS, float(crss))
        self.crss_old = self.crss.copy()
        self.slip = np.zeros((3, 3))
        self.last_dt: float | None = None
        self._kernel = load_kernel(POINTS, *law.variants)[self.kernel]

    def trial(self, metric: np.ndarray, dt: float) -> tuple[np.ndarray, ...] | None:
        """State after a step; None without convergence.

        Parameters
        ----------
        metric : C = F^T F at the end of the step, as the kind of point takes it.
        dt : step, s.
        """
        stress, crss, flow, slip, tangent = (getattr(self, name) for name in self.state)
        end = [stress.copy(), crss.copy(), *map(np.empty_like, (flow, slip, tangent))]
        start = [self.deformation(metric), flow, crss, self.crss_old, slip]
        iterations = self._kernel(
            ctypes.byref(self.law),
            ctypes.c_double(dt),
            ctypes.c_double(dt / self.last_dt if self.last_dt else 0.0),
            *map(_pointer, start),
            ctypes.c_double(self.h),
            *map(_pointer, end),
        )
        ok = iterations > 0 and all(np.isfinite(array).all() for array in end)
        return tuple(end) if ok else None

    def deformation(self, metric: np.ndarray) -> np.ndarray:
        """What the kernel takes of the metric at the end of a step."""
        return np.ascontiguousarray(metric, float)

    def advance(self, metric: np.ndarray, dt: float) -> bool:
        """Take the step and keep its state; False (and no change) without convergence."""
        end = self.trial(metric, dt)
        if end is None:
            return False
        self.crss_old = self.crss
        for name, value in zip(self.state, end, strict=True):
            setattr(self, name, value)
        self.last_dt = dt
        return True

    def restart(self) -> None:
        """Forget the step history: the next step is backward Euler (after a kink of the path)."""
        self.last_dt = None
