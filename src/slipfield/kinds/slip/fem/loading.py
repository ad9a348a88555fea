"""The loading path: displacement of the top edge over time, and the times steps must meet."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from slipfield.kinds.slip.study import Loading

Time = TypeVar("Time", float, np.ndarray)


class LoadPath:
    """Piecewise-linear displacement of the top edge.

    Attributes
    ----------
    outputs : (n,) equally spaced output times, s, the last one the end of the path.
    targets : sorted times that steps must end at: outputs and corners of the path.
    """

    def __init__(self, loading: Loading):
        corners = np.array(loading.path)
        self._time, self._displacement = corners[:, 0], corners[:, 1]
        end = self._time[-1]
        self.outputs = np.array(loading.output_times)
        tolerance = 1e-9 * end
        inner = [t for t in self._time[1:] if np.abs(self.outputs - t).min() > tolerance]
        self.targets = np.sort(np.concatenate([self.outputs, inner]))
        self._kinks = self._time[1:-1]
        self._tolerance = tolerance

    def displacement(self, time: Time) -> Time:
        """Displacement in mm at a time in s."""
        return np.interp(time, self._time, self._displacement)

    def is_kink(self, time: float) -> bool:
        """Whether the rate changes at this time."""
        return bool(np.any(np.abs(self._kinks - time) <= self._tolerance))

    def output_index(self, time: float) -> int | None:
        """Number of the output at this time, if it is one."""
        hit = np.flatnonzero(np.abs(self.outputs - time) <= self._tolerance)
        return int(hit[0]) if hit.size else None
