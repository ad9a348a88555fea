"""Sobol points, held to what they promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from slipfield.core.errors import SlipfieldError

if TYPE_CHECKING:  # slow to import
    from scipy.stats import qmc


def sobol_points(sequence: qmc.Sobol, count: int) -> np.ndarray:
    """First points (count, dimensions) of a new Sobol sequence in the unit cube.

    SciPy prints and passes over an error in reading its table of direction numbers (`findings/`),
    and all points are the same one then.

    Raises
    ------
    SlipfieldError
        If they are.
    """
    power = max(count - 1, 1).bit_length()  # whole powers of two, as its balance wants
    points = sequence.random_base2(power)
    if not np.ptp(points, axis=0).all():
        raise SlipfieldError(
            "Sobol points: SciPy could not read its table of direction numbers; the lines above "
            "say why, such as too many open files (ulimit -n) or too little memory (ulimit -v): "
            "mend that and run again"
        )
    return points[:count]
