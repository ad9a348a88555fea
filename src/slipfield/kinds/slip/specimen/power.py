"""Power (Laguerre) diagrams in the sheet, with prescribed cell areas.

The weights that give every cell its area solve a semi-discrete optimal-transport problem; damped
Newton steps find them (Kitagawa, Merigot & Thibert, J. Eur. Math. Soc. 21, 2019; for
polycrystals: Bourne, Kok, Roper & Spanjer, Phil. Mag. 100, 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve
from scipy.spatial import ConvexHull

from slipfield.core.errors import SlipfieldError

MAX_NEWTON_STEPS = 60


@dataclass(frozen=True)
class PowerDiagram:
    """Cells of a power diagram, clipped by the sheet.

    Attributes
    ----------
    cells : (n,) array of polygons, mm; an empty polygon where a seed has no cell.
    areas : (n,) mm^2.
    pairs, lengths : (m, 2) neighbouring cells and (m,) length of their common edge, mm.
    """

    cells: np.ndarray
    areas: np.ndarray
    pairs: np.ndarray
    lengths: np.ndarray


def power_diagram(seeds: np.ndarray, weights: np.ndarray, sheet: shapely.Polygon) -> PowerDiagram:
    """Power diagram of ``seeds`` (n, 2), mm, and ``weights`` (n,), mm^2, clipped by ``sheet``.

    The seeds are mirrored in the four sides of the sheet's bounding box, which bounds every cell
    by the box; the lower hull of the lifted seeds is the dual of the diagram (Aurenhammer 1987).
    """
    count = len(seeds)
    x0, y0, x1, y1 = sheet.bounds
    flip_x, flip_y = np.array([-1, 1]), np.array([1, -1])
    images = [seeds, seeds * flip_x + (2 * x0, 0), seeds * flip_x + (2 * x1, 0)]
    images += [seeds * flip_y + (0, 2 * y0), seeds * flip_y + (0, 2 * y1)]
    points = np.concatenate(images)
    height = np.sum(points**2, axis=1) - np.tile(weights, len(images))
    hull = ConvexHull(np.column_stack((points, height)), qhull_options="Qt")

    normal = hull.equations[:, :3]
    lower = np.flatnonzero(normal[:, 2] < -1e-12)
    position = np.full(len(normal), -1)
    position[lower] = np.arange(len(lower))
    vertices = -normal[lower, :2] / (2 * normal[lower, 2:])
    triangles, opposite = hull.simplices[lower], position[hull.neighbors[lower]]

    pairs, edges = _common_edges(triangles, opposite, vertices, count)
    cells = _clip(_polygons(triangles, vertices.clip((x0, y0), (x1, y1)), count), sheet)
    return PowerDiagram(cells, shapely.area(cells), pairs, shapely.length(_clip(edges, sheet)))


def _common_edges(
    triangles: np.ndarray, opposite: np.ndarray, vertices: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of neighbouring seeds (m, 2) and the edges (m,) between their cells."""
    here = np.repeat(np.arange(len(triangles)), 3)
    there = opposite.ravel()
    pairs = triangles[:, [[1, 2], [2, 0], [0, 1]]].reshape(-1, 2)
    keep = (there > here) & (pairs < count).all(axis=1)
    ends = np.stack((vertices[here[keep]], vertices[there[keep]]), axis=1)
    return pairs[keep], shapely.linestrings(ends)


def _polygons(triangles: np.ndarray, vertices: np.ndarray, count: int) -> np.ndarray:
    """Convex cell of every seed from the vertices of its triangles, counter-clockwise."""
    owner = triangles.ravel()
    vertex = np.repeat(np.arange(len(triangles)), 3)
    owner, vertex = owner[owner < count], vertex[owner < count]
    number = np.bincount(owner, minlength=count)
    mean = np.column_stack([np.bincount(owner, c, count) for c in vertices[vertex].T])
    ray = vertices[vertex] - mean[owner] / number[owner, None]
    order = np.lexsort((np.arctan2(ray[:, 1], ray[:, 0]), owner))
    owner, corners = owner[order], vertices[vertex[order]]
    repeated = np.r_[False, (owner[1:] == owner[:-1]) & _close(corners[1:], corners[:-1])]
    owner, corners = owner[~repeated], corners[~repeated]

    number = np.bincount(owner, minlength=count)
    cells = np.full(count, shapely.Polygon(), dtype=object)
    solid = np.flatnonzero(number >= 3)
    chosen = np.isin(owner, solid)
    index = np.repeat(np.arange(len(solid)), number[solid])
    rings = shapely.linearrings(corners[chosen], indices=index)
    cells[solid] = shapely.polygons(rings)
    return cells


def _close(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.abs(a - b).max(axis=1) < 1e-11


def _clip(shapes: np.ndarray, sheet: shapely.Polygon) -> np.ndarray:
    """Intersection with the sheet, computed only for shapes that reach over its outline."""
    shapely.prepare(sheet)
    outside = ~shapely.covers(sheet, shapes)
    shapes[outside] = shapely.intersection(shapes[outside], sheet)
    return shapes


def fit_weights(
    seeds: np.ndarray, areas: np.ndarray, sheet: shapely.Polygon, tolerance: float
) -> tuple[np.ndarray, PowerDiagram]:
    """Weights (n,), mm^2, that give cell i the area ``areas[i]``, mm^2, and their diagram.

    ``areas`` must sum to the area of the sheet; ``tolerance`` is the largest relative error of an
    area.

    Raises
    ------
    SlipfieldError
        If the areas are not reached.
    """
    weights = np.zeros(len(seeds))
    diagram = power_diagram(seeds, weights, sheet)
    floor = 0.5 * min(diagram.areas.min(), areas.min())
    for _ in range(MAX_NEWTON_STEPS if floor > 0 else 0):
        error = areas - diagram.areas
        if np.all(np.abs(error) <= tolerance * areas):
            return weights, diagram
        step = _newton_step(seeds, diagram, error)
        size, damping = np.linalg.norm(error), 1.0
        while True:
            trial = power_diagram(seeds, weights + damping * step, sheet)
            smaller = np.linalg.norm(areas - trial.areas) <= (1 - 0.5 * damping) * size
            if (trial.areas.min() > floor and smaller) or damping < 1e-4:
                break
            damping *= 0.5
        weights, diagram = weights + damping * step, trial
    raise SlipfieldError(
        f"specimen.grains: given {len(seeds)}; their areas were not reached; "
        "use another seed, fewer grains, a smaller size_sigma or shallower necks"
    )


def _newton_step(seeds: np.ndarray, diagram: PowerDiagram, error: np.ndarray) -> np.ndarray:
    """Change of the weights that removes ``error`` (n,) to first order; the last one is fixed."""
    i, j = diagram.pairs.T
    rate = diagram.lengths / (2 * np.linalg.norm(seeds[i] - seeds[j], axis=1))
    count = len(seeds)
    rows, columns = np.concatenate((i, j, i, j)), np.concatenate((i, j, j, i))
    entries = np.concatenate((rate, rate, -rate, -rate))
    laplacian = coo_matrix((entries, (rows, columns)), shape=(count, count)).tocsc()
    return np.append(spsolve(laplacian[:-1, :-1], error[:-1]), 0.0)
