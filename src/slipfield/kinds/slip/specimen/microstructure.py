"""One gradient-grained microstructure: grains, sizes, orientations and the mesh that carries them.

Grains, sizes and orientations depend on the specimen section except ``cells_x`` and ``cells_y``,
and on the index; the mesh only samples them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import shapely
import xarray as xr
from scipy.spatial import QhullError

from slipfield.core.errors import SlipfieldError, one_line
from slipfield.kinds.slip.specimen.geometry import cell_centres, node_coordinates
from slipfield.kinds.slip.specimen.orientation import draw_orientations
from slipfield.kinds.slip.specimen.size import enclosing_ellipses, grain_size
from slipfield.kinds.slip.specimen.tessellation import tessellate
from slipfield.kinds.slip.study import Specimen, Study

ANGLES = ("phi1", "Phi", "phi2")
AXES = ("d1", "d2")


@contextmanager
def _too_flat(specimen: Specimen) -> Iterator[None]:
    """Name what makes grains degenerate, instead of what geometry libraries say about them."""
    try:
        yield
    except (QhullError, shapely.GEOSException, ArithmeticError, LookupError, ValueError) as error:
        reason = one_line(error)[:80]
        raise SlipfieldError(
            f"specimen: {specimen.grains} grains cannot be laid out in these bands of "
            f"{specimen.width_mm:g} mm x {specimen.height_mm:g} mm ({reason}); use a sheet or "
            "bands that are less flat, or fewer grains"
        ) from error


def make_microstructure(study: Study, index: int) -> xr.Dataset:
    """Microstructure ``index`` of the study, as laid down in the file contract.

    Returns
    -------
    Dataset with ``grain_id`` (y, x), ``element_grain`` (cell_y, cell_x), ``x_mm``, ``y_mm``
    (y, x), ``euler`` (grain, angle) in rad, ``size`` (grain) and ``ellipse`` (grain, axis) in mm,
    ``band`` (grain), and the grain polygons ``polygon_x``, ``polygon_y`` (vertex) in mm with
    ``polygon_start`` (grain).

    Raises
    ------
    SlipfieldError
        If ``index`` is not one of the study's microstructures or the grains cannot be made.
    """
    specimen = study.specimen
    if not 0 <= index < specimen.microstructures:
        raise SlipfieldError(
            f"index: given {index}; specimen.microstructures = {specimen.microstructures} allows "
            f"0 to {specimen.microstructures - 1}"
        )
    source = np.random.SeedSequence(specimen.seed, spawn_key=(index,))
    grain_random, orientation_random = map(np.random.default_rng, source.spawn(2))
    with _too_flat(specimen):
        polygons, band = tessellate(specimen, grain_random)
        corners, starts = polygon_vertices(polygons)
        ellipse = enclosing_ellipses(np.split(corners, starts[1:]))
    euler = draw_orientations(specimen.orientations, specimen.grains, orientation_random)
    x, y = node_coordinates(specimen)

    def field(dims: tuple[str, ...], values: np.ndarray, units: str, name: str) -> tuple:
        return dims, values, {"units": units, "long_name": name}

    node, cell = ("y", "x"), ("cell_y", "cell_x")
    at_nodes = grain_at(polygons, x, y)
    at_centres = grain_at(polygons, cell_centres(x), cell_centres(y))
    data = {
        "grain_id": field(node, at_nodes, "1", "grain at the node"),
        "element_grain": field(cell, at_centres, "1", "grain at the element centre"),
        "euler": field(
            ("grain", "angle"), euler, "rad", "Bunge angles, passive, sample to crystal"
        ),
        "size": field(("grain",), grain_size(ellipse), "mm", "grain size D"),
        "ellipse": field(("grain", "axis"), ellipse, "mm", "axes of the enclosing ellipse"),
        "band": field(("grain",), band.astype(np.int32), "1", "index of the band, from y = 0"),
        "x_mm": field(node, x, "mm", "position of the node along x"),
        "y_mm": field(node, y, "mm", "position of the node along y, the load axis"),
        "polygon_x": field(("vertex",), corners[:, 0], "mm", "x of the polygon vertices"),
        "polygon_y": field(("vertex",), corners[:, 1], "mm", "y of the polygon vertices"),
        "polygon_start": field(("grain",), starts, "1", "first vertex of the grain's polygon"),
    }
    coordinates = {"angle": list(ANGLES), "axis": list(AXES)}
    return xr.Dataset(data, coordinates, {"microstructure_index": index})


def polygon_vertices(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (vertex, 2) of all polygons, not repeated, and the first one (n,) of each."""
    count = shapely.get_num_coordinates(polygons)
    corners = shapely.get_coordinates(polygons)
    closing = np.cumsum(count) - 1
    starts = np.concatenate(([0], np.cumsum(count - 1)[:-1])).astype(np.int32)
    return np.delete(corners, closing, axis=0), starts


def polygons_of(data: xr.Dataset) -> np.ndarray:
    """Grain polygons (grain,) of a microstructure, mm."""
    corners = np.column_stack((data["polygon_x"].values, data["polygon_y"].values))
    starts = data["polygon_start"].values
    return np.array([shapely.Polygon(ring) for ring in np.split(corners, starts[1:])])


def grain_at(polygons: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Grain that holds each point; int32, shape of ``x`` and ``y`` (mm).

    A point on a common edge belongs to the grain of lower number, a point outside all polygons
    (a node of the curved side edge) to the nearest grain.
    """
    points = shapely.points(x.ravel(), y.ravel())
    found = np.full(len(points), len(polygons), dtype=np.int32)
    grain, point = shapely.STRtree(points).query(polygons, predicate="intersects")
    np.minimum.at(found, point, grain.astype(np.int32))
    missing = np.flatnonzero(found == len(polygons))
    found[missing] = shapely.STRtree(polygons).nearest(points[missing])
    return found.reshape(x.shape)
