"""Where single precision is enough.

Point states, stresses, tangents and their factor may be single; displacements, residuals and loads
are always double. Of a solid only the factor may be single. Of the kernels' rounding, strains keep
an error of 1e-8 and stresses one of 1e-6.
"""

from __future__ import annotations

import numpy as np

from slipfield.kinds.slip.crystal.build import Precision
from slipfield.kinds.slip.study import Solver

DTYPES: dict[Precision, type] = {"single": np.float32, "double": np.float64}
LEAST_POINT_TOLERANCE: dict[Precision, float] = {"single": 3e-7, "double": 0.0}
"""Strain residual of a point below which rounding goes."""

SINGLE_RESIDUAL = 1e-4
SINGLE_POINT = 1e-7
"""Tolerances from which on a solver works in single precision."""


def precision_of(solver: Solver) -> Precision:
    """Single precision, unless the tolerances of residual or points ask for more digits."""
    loose = solver.residual_tolerance >= SINGLE_RESIDUAL and solver.point_tolerance >= SINGLE_POINT
    return "single" if loose else "double"
