"""Grain size D from the minimum-area enclosing ellipse, and the distribution of sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from slipfield.core.errors import SlipfieldError

TOLERANCE = 1e-10
MAX_ITERATIONS = 100
LIFTED = 3

LEAST_SPREAD = 1e-6
"""Range of ln D below which all sizes count as one."""


def enclosing_ellipses(point_sets: Sequence[np.ndarray]) -> np.ndarray:
    """Axis lengths d1 >= d2 of the minimum-area ellipse around each set of points.

    Full axes, not semi-axes. With q = (x, y, 1) and masses u >= 0 of the points, the ellipse is
    q' V^-1 q <= 3 where V = sum u q q' has the greatest determinant (Titterington 1975; Todd,
    Minimum-Volume Ellipsoids, SIAM 2016). A primal-dual interior-point method solves the
    optimality conditions, q' V^-1 q + s = 3 and u s = 0, of all sets at once.

    Parameters
    ----------
    point_sets : n arrays (points, 2), mm.

    Returns
    -------
    (n, 2) axis lengths, mm; relative error of the area below 1e-9.

    Raises
    ------
    SlipfieldError
        If the points of a set lie on one line or so close to it that no ellipse is found.
    """
    points, scale = _hulls(point_sets)
    lifted = np.concatenate((points, np.ones((*points.shape[:2], 1))), axis=2)
    mass = np.full(points.shape[:2], 1 / points.shape[1])
    slack = np.ones_like(mass)
    active = np.arange(len(points))
    for _ in range(MAX_ITERATIONS):
        mass[active], slack[active], gap = _step(lifted[active], mass[active], slack[active])
        active = active[gap > TOLERANCE]
        if not len(active):
            break
    else:
        raise SlipfieldError(f"points of set {active[0]}: no enclosing ellipse found; too flat")
    mass /= mass.sum(axis=1, keepdims=True)
    mean = np.einsum("gv,gvi->gi", mass, points)
    moment = np.einsum("gv,gvi,gvj->gij", mass, points, points)
    moment -= mean[:, :, None] * mean[:, None, :]
    return 2 * scale[:, None] * np.sqrt(2 * np.linalg.eigvalsh(moment)[:, ::-1])


def _hulls(point_sets: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Hull vertices (n, v, 2), centred, scaled to 1 and padded by repeats, and the scales (n,)."""
    hulls = shapely.convex_hull([shapely.MultiPoint(points) for points in point_sets])
    flat = np.flatnonzero(shapely.area(hulls) <= 0)
    if len(flat):
        raise SlipfieldError(f"points of set {flat[0]} lie on one line; an ellipse needs an area")
    corners = [shapely.get_coordinates(hull)[:-1] for hull in hulls]
    widest = max(len(c) for c in corners)
    points = np.stack([np.resize(c - c.mean(axis=0), (widest, 2)) for c in corners])
    scale = np.abs(points).max(axis=(1, 2))
    return points / scale[:, None, None], scale


def _step(
    lifted: np.ndarray, mass: np.ndarray, slack: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One Newton step of every set: masses and slacks (g, v), and the gap (g,) before the step."""
    information = np.einsum("gv,gvi,gvj->gij", mass, lifted, lifted)
    kernel = lifted @ np.linalg.solve(information, lifted.swapaxes(1, 2))
    residual = LIFTED - np.diagonal(kernel, axis1=1, axis2=2) - slack
    product = mass * slack
    centred = 0.1 * product.mean(axis=1, keepdims=True) - product
    matrix = kernel**2
    corner = np.arange(mass.shape[1])
    matrix[:, corner, corner] += slack / mass
    change = np.linalg.solve(matrix, (centred / mass - residual)[..., None])[..., 0]
    slack_change = (centred - slack * change) / mass
    shrink = np.maximum(-change / mass, -slack_change / slack).max(axis=1, keepdims=True)
    length = np.minimum(1.0, 0.95 / np.maximum(shrink, 1e-300))
    gap = np.maximum(product.sum(axis=1), np.abs(residual).max(axis=1))
    return mass + length * change, slack + length * slack_change, gap


def grain_size(axes: np.ndarray) -> np.ndarray:
    """Grain size D = sqrt(d1^2 + d2^2) (paper, Eq. 11), mm, from axis lengths (..., 2), mm."""
    return np.hypot(axes[..., 0], axes[..., 1])


@dataclass(frozen=True)
class SizeDistribution:
    """Histogram of grain sizes and the log-normal density fitted to its bin centres.

    Attributes
    ----------
    edges, centres, density : (n + 1,) and (n,) mm; (n,) 1/mm.
    median_mm, sigma : parameters of the fit: exp(mean of ln D) and standard deviation of ln D.
    """

    edges: np.ndarray
    centres: np.ndarray
    density: np.ndarray
    median_mm: float
    sigma: float

    def pdf(self, size: np.ndarray) -> np.ndarray:
        """Fitted density at ``size`` (mm), 1/mm."""
        return lognormal_pdf(size, np.log(self.median_mm), self.sigma)


def lognormal_pdf(size: np.ndarray, mean: float, sigma: float) -> np.ndarray:
    """Log-normal density of ``size`` for mean and standard deviation of ln(size)."""
    ratio = (np.log(size) - mean) / sigma
    return np.exp(-0.5 * ratio**2) / (np.sqrt(2 * np.pi) * sigma * size)


def are_spread(sizes: np.ndarray) -> bool:
    """Whether sizes differ by more than rounding."""
    return bool(np.ptp(np.log(sizes)) > LEAST_SPREAD)


def size_distribution(sizes: np.ndarray, bins: int | str = "auto") -> SizeDistribution:
    """Log-normal least-squares fit of the bin centres of the histogram (paper, figure 1b).

    Parameters
    ----------
    sizes : (n,) grain sizes, mm.
    bins : number of bins, or a rule of :func:`numpy.histogram_bin_edges`.

    Raises
    ------
    SlipfieldError
        If there are fewer than three different sizes, or all are equal but for rounding.
    """
    from scipy.optimize import curve_fit

    if len(np.unique(sizes)) < 3 or not are_spread(sizes):
        raise SlipfieldError(f"sizes: a log-normal fit needs 3 different sizes, given {len(sizes)}")
    density, edges = np.histogram(sizes, bins=bins, density=True)
    centres = 0.5 * (edges[1:] + edges[:-1])
    logarithm = np.log(sizes)
    (mean, sigma), _ = curve_fit(
        lognormal_pdf,
        centres,
        density,
        p0=(logarithm.mean(), logarithm.std()),
        bounds=((logarithm.min(), 1e-3), (logarithm.max(), np.inf)),
    )
    return SizeDistribution(edges, centres, density, float(np.exp(mean)), float(sigma))


def mean_diameter(area: float, grains: int) -> float:
    """Diameter d of a circle of the mean section, mm, for a face of ``area`` (mm^2)."""
    return 2 * np.sqrt(area / (np.pi * grains))
