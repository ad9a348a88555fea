"""What a test would tell of ln k: Fisher information of one run with sensitivities, under noise."""

from __future__ import annotations

import numpy as np

from slipfield.kinds.slip.measure.noise import LOAD_FLOOR, STRAIN_FLOOR
from slipfield.kinds.slip.measure.resample import NODES
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study import Noise

GAUGE_MM = 0.05
"""Width of the virtual strain gauge: 43 pixels of 1.2 um; two cells where the mesh is coarser."""


def gauge_cells(cell_mm: float) -> float:
    """Width of the gauge in cells: strain at the nodes of a mesh is a mean over two already."""
    return max(GAUGE_MM / cell_mm, NODES)


def information(run: Reference, cell_mm: float, noise: Noise) -> np.ndarray:
    """Fisher information (3, 3) of ln k in strain maps and loads of a test.

    Strain maps give one independent reading of each component in each box of the gauge's width,
    with the noise's standard deviation; the load one reading a frame. The sheet, its grains and
    the constants of its law are taken as known.

    Parameters
    ----------
    run : with sensitivities, at the frames of the test.
    cell_mm : width of the mesh's cells.
    noise : of one reading of strain and of load.
    """
    gauge = gauge_cells(cell_mm)
    seen = run.averaged(float(np.sqrt(gauge**2 - NODES**2))) if gauge > NODES else run
    fields = seen.strain_rates.astype(float).reshape(3, -1)
    strain = fields @ fields.T / (max(noise.strain_std, STRAIN_FLOOR) * gauge) ** 2
    load = run.load_rates / run.load
    return strain + load @ load.T / max(noise.load_relative_std, LOAD_FLOOR) ** 2


def standard_errors(fisher: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Standard errors (3,) of ln k: square roots of the diagonal of the inverse information.

    Parameters
    ----------
    fisher : (3, 3).
    box : (3, 2) ends of the sampling box of k, half of whose width in ln k is the prior's
        standard deviation: what a test does not tell at all is known as well as that.
    """
    prior = np.diag((0.5 * np.log(box[:, 1] / box[:, 0])) ** -2.0)
    return np.sqrt(np.diag(np.linalg.inv(fisher + prior)))


def localisation(strain: np.ndarray) -> float:
    """95th percentile of the local axial strain over its mean, 1, of a map (y, x)."""
    return float(np.quantile(strain, 0.95) / strain.mean())
