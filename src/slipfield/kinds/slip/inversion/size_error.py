"""What the pixels of an orientation map do to grain sizes, and those to k1, k2, k3.

D of a grain is known to about a pixel. A refinement takes sizes for exact; an error of one grain's
D^-1/2 is an error of its hardening k1 D^-1/2 and of its resistance k3 D^-1/2, and the parameters
follow what the grains have in common: the line through them, weighted by area.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

PIXELS = 0.9
"""Standard deviation of D, in pixels. Drawn on pixels of 5 to 40 um, grains of an equiaxed sheet
are off by 0.41 to 0.47 of them, those of the default sheet with small grains by 0.8 to 0.97."""


def size_covariance(data: xr.Dataset, microstructure: xr.Dataset, k: np.ndarray) -> np.ndarray:
    """Covariance (3, 3) of ln k by errors of the grain sizes.

    Parameters
    ----------
    data : specimen, with the pixels of its grain map.
    microstructure : its grains, as the solver sees them.
    k : (3,) k1, k2, k3.
    """
    step = float(np.diff(data["grain_x_mm"].values).mean())
    pixel = step * np.sqrt(abs(np.linalg.det(data["affine"].values[:, :2])))
    size = microstructure["size"].values
    area = np.bincount(microstructure["element_grain"].values.ravel(), minlength=len(size))
    root = size**-0.5
    error = 0.5 * root * PIXELS * pixel / size  # standard deviation of each grain's D^-1/2
    hardening = k[0] * area * root / (area @ root**2)
    line = np.stack([np.ones_like(root), root])
    resistance = k[2] * np.linalg.solve((line * area) @ line.T, line * area)
    of_k = np.vstack([hardening, resistance]) * error / k[:, None]
    return of_k @ of_k.T
