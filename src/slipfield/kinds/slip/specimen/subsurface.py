"""Grains below a given face, drawn by a stated rule (docs/thickness.md).

Every grain is taken for an ellipsoid. A section with the semi-axes a >= b (of its area and its
moments) belongs to an ellipsoid as deep as it is short, (a, b, b) / sqrt(1 - c^2), whose middle is
the share c of its depth below the face or above it: c is uniform, as for a sphere that a plane
meets anywhere. Grains below copy a grain of the face, each with a chance of 1 / depth (a face meets
deep grains more often), and go to its height y where they find most room, until the volumes of all
ellipsoids make up the sheet. A place belongs to the grain whose surface it lies deepest in or is
closest to; the face itself is that of the map.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, find_objects

from slipfield.core.errors import SlipfieldError
from slipfield.core.numbers import short as brief
from slipfield.kinds.slip.specimen.geometry import cell_centres
from slipfield.kinds.slip.specimen.orientation import draw_orientations

LARGEST_SHARE = 0.9  # of a grain's depth at which the face may cut it
CANDIDATES = 20
MOST_GRAINS = 20_000
"""Grains below a face that are drawn: each looks for room among all others (minutes)."""

MEAN_EXCESS = 1 / np.sqrt(1 - LARGEST_SHARE**2)
"""Volume of a grain over that of one whose middle its section shows, mean over the shares."""


@dataclass(frozen=True)
class Ellipsoids:
    """Grains as ellipsoids.

    Attributes
    ----------
    centre : (n, 3) x, y and depth below the face, mm.  radius : (n,) half their depth, mm.
    axes : (n, 2, 2) rows that turn an in-plane offset into units of the radius.
    """

    centre: np.ndarray
    radius: np.ndarray
    axes: np.ndarray

    def distance(self, points: np.ndarray) -> np.ndarray:
        """About the distance (n, m) of points (m, 3) from the surfaces, mm, negative inside."""
        offset = points[None] - self.centre[:, None]
        x, y, z = np.moveaxis(offset, -1, 0)
        (a, b), (c, d) = self.axes.transpose(1, 2, 0)[..., None]
        square = (a * x + b * y) ** 2 + (c * x + d * y) ** 2 + z**2
        return np.sqrt(square) - self.radius[:, None]

    @property
    def volume(self) -> np.ndarray:
        """Volume (n,), mm^3."""
        return 4 / 3 * np.pi * self.radius**3 / np.abs(np.linalg.det(self.axes))


@dataclass(frozen=True)
class Subsurface:
    """Grains of a sheet in three dimensions, those of the face first.

    Attributes
    ----------
    layer_grain : (layers, ny, nx) grain of each element, from the back to the face.
    euler : (grains, 3) Bunge angles, rad.  size : (grains,) D, mm.
    """

    layer_grain: np.ndarray
    euler: np.ndarray
    size: np.ndarray


def draw_subsurface(
    element_grain: np.ndarray,
    x_mm: np.ndarray,
    y_mm: np.ndarray,
    euler: np.ndarray,
    size: np.ndarray,
    thickness_mm: float,
    layers: int,
    orientations: str,
    seed: tuple[int, ...],
) -> Subsurface:
    """Draw grains below a face.

    Parameters
    ----------
    element_grain : (ny, nx) grain of each element of the face.
    x_mm, y_mm : (ny + 1, nx + 1) nodes.
    euler, size : of the face's grains: (grains, 3) rad, (grains,) mm.
    thickness_mm, layers : of the sheet and its elements.
    orientations : how :func:`draw_orientations` draws those of the grains below.
    seed : of the draw.

    Raises
    ------
    SlipfieldError
        If the sheet would hold too many grains.
    """
    place, shape, growth = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(3))
    centres = np.stack([cell_centres(x_mm), cell_centres(y_mm)], axis=-1)
    short, axes, middle, cells = _sections(
        element_grain, centres, len(size), _cell_area(x_mm, y_mm)
    )
    face = _face_grains(short, axes, middle, shape)
    volume = cells.sum() * thickness_mm
    template, below = _fill(face, short, element_grain, centres, thickness_mm, volume, place)
    layer_grain = _assign(element_grain, centres, face, short, below, thickness_mm, layers)
    kept, numbers = np.unique(layer_grain[layer_grain >= len(size)], return_inverse=True)
    layer_grain[layer_grain >= len(size)] = len(size) + numbers
    turned = draw_orientations(orientations, len(template), growth)
    chosen = kept - len(size)
    return Subsurface(
        layer_grain.astype(np.int32),
        np.vstack([euler, turned[chosen]]),
        np.concatenate([size, size[template[chosen]]]),
    )


def _cell_area(x_mm: np.ndarray, y_mm: np.ndarray) -> np.ndarray:
    """Area (ny, nx) of the cells, mm^2: half the cross product of the diagonals."""
    x, y = (np.stack([v[:-1, :-1], v[:-1, 1:], v[1:, 1:], v[1:, :-1]]) for v in (x_mm, y_mm))
    return 0.5 * np.abs((x[2] - x[0]) * (y[3] - y[1]) - (x[3] - x[1]) * (y[2] - y[0]))


def _sections(
    element_grain: np.ndarray, centres: np.ndarray, count: int, area: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Short semi-axis (grains,), axes (grains, 2, 2), centroid (grains, 2), area (grains,)."""
    label, weight = element_grain.ravel(), area.ravel()
    points = centres.reshape(-1, 2)
    total = np.maximum(np.bincount(label, weight, count), 1e-30)
    moments = np.stack([np.bincount(label, weight * p, count) for p in points.T], axis=-1)
    middle = moments / total[:, None]
    offset = points - middle[label]
    moment = np.empty((count, 2, 2))
    for i in range(2):
        for j in range(2):
            product = weight * offset[:, i] * offset[:, j]
            moment[:, i, j] = np.bincount(label, product, count) / total
    moment += np.eye(2) * np.median(weight) / 12  # of a single cell
    values, vectors = np.linalg.eigh(moment)
    aspect = np.sqrt(values[:, 1] / values[:, 0])
    short = np.sqrt(total / (np.pi * aspect))
    axes = np.swapaxes(vectors, -1, -2) / np.stack([np.ones(count), aspect], axis=-1)[..., None]
    return short, axes, middle, np.bincount(label, weight, count)


def _face_grains(
    short: np.ndarray, axes: np.ndarray, middle: np.ndarray, random: np.random.Generator
) -> Ellipsoids:
    """Ellipsoids whose sections the face shows."""
    share = LARGEST_SHARE * random.random(len(short))
    radius = short / np.sqrt(1 - share**2)
    depth = radius * share * np.where(random.random(len(short)) < 0.5, 1, -1)
    return Ellipsoids(np.column_stack([middle, depth]), radius, axes)


def _inside(grains: Ellipsoids, thickness: float) -> np.ndarray:
    """Volume (n,) of the ellipsoids between the faces, mm^3 (exact for what two planes cut)."""
    top = np.clip((0 - grains.centre[:, 2]) / grains.radius, -1, 1)
    bottom = np.clip((thickness - grains.centre[:, 2]) / grains.radius, -1, 1)
    part = 0.75 * ((bottom - bottom**3 / 3) - (top - top**3 / 3))
    return grains.volume * part


def _fill(
    face: Ellipsoids,
    short: np.ndarray,
    element_grain: np.ndarray,
    centres: np.ndarray,
    thickness: float,
    volume: float,
    random: np.random.Generator,
) -> tuple[np.ndarray, Ellipsoids]:
    """Templates (m,) and ellipsoids of the grains below, until all volumes make up the sheet's."""
    rows = [np.flatnonzero((element_grain == g).any(axis=1)) for g in range(len(short))]
    alive = np.array([len(r) > 0 for r in rows])
    chance = np.where(alive, 1 / np.maximum(face.radius, 1e-12), 0)
    chance /= chance.sum()
    filled, template = _inside(face, thickness)[alive].sum(), list[int]()
    sections = Ellipsoids(face.centre, short, face.axes)
    awaited = (volume - filled) / (MEAN_EXCESS * (chance[alive] @ sections.volume[alive]))
    if awaited > MOST_GRAINS:
        raise SlipfieldError(
            f"solid: about {brief(awaited)} grains would lie below the face of a sheet "
            f"{thickness:g} mm thick (thickness_mm); {MOST_GRAINS} are the most; use fewer grains, "
            "a thinner sheet or columns"
        )
    found = _Growing(face)
    while filled < volume:
        kind = random.choice(len(short), p=chance)
        size = short[kind] / np.sqrt(1 - (LARGEST_SHARE * random.random()) ** 2)
        row = random.choice(rows[kind], CANDIDATES)
        column = random.integers(0, element_grain.shape[1], CANDIDATES)
        points = np.column_stack([centres[row, column], thickness * random.random(CANDIDATES)])
        room = found.grains.distance(points).min(axis=0)
        grain = Ellipsoids(points[[room.argmax()]], np.array([size]), face.axes[[kind]])
        found.add(grain)
        template.append(kind)
        filled += _inside(grain, thickness)[0]
    grains, start = found.grains, len(short)
    below = Ellipsoids(grains.centre[start:], grains.radius[start:], grains.axes[start:])
    return np.array(template, int), below


class _Growing:
    """Ellipsoids that become more, in arrays with room to spare."""

    def __init__(self, grains: Ellipsoids):
        self._count = len(grains.radius)
        self._parts = [grains.centre, grains.radius, grains.axes]

    @property
    def grains(self) -> Ellipsoids:
        """Those that are there."""
        centre, radius, axes = (part[: self._count] for part in self._parts)
        return Ellipsoids(centre, radius, axes)

    def add(self, grain: Ellipsoids) -> None:
        """Add one."""
        if self._count == len(self._parts[1]):
            self._parts = [np.concatenate([part, np.empty_like(part)]) for part in self._parts]
        for part, value in zip(self._parts, (grain.centre, grain.radius, grain.axes), strict=True):
            part[self._count] = value[0]
        self._count += 1


def _assign(
    element_grain: np.ndarray,
    centres: np.ndarray,
    face: Ellipsoids,
    short: np.ndarray,
    below: Ellipsoids,
    thickness: float,
    layers: int,
) -> np.ndarray:
    """Grain (layers, ny, nx) of each element, taken at the middle of its upper side."""
    depth = thickness * (1 - np.arange(1, layers + 1) / layers)
    best = np.full((layers, *element_grain.shape), np.inf, np.float32)
    grain = np.repeat(element_grain[None], layers, axis=0)
    spacing = _spacing(centres)

    def offer(number: int, part: tuple[slice, ...], distance: np.ndarray) -> None:
        better = distance < best[part]
        best[part][better] = distance[better]
        grain[part][better] = number

    for number, box in enumerate(find_objects(element_grain + 1)):
        if box is None:
            continue
        reach = np.ceil(2 * face.radius[number] / np.array(spacing)).astype(int)
        window = _window(box, reach, element_grain.shape)
        mask = element_grain[window] == number
        signed = distance_transform_edt(~mask, spacing) - distance_transform_edt(mask, spacing)
        growth = _growth(face, short, number, depth)
        offer(number, (slice(None), *window), signed[None] - growth[:, None, None])
    for k, middle in enumerate(below.centre):
        reach = 2 * below.radius[k] / np.linalg.svd(below.axes[k], compute_uv=False).min()
        deepness = _near(depth - middle[2], 2 * below.radius[k])
        place = (deepness, *_around(centres, middle, reach))
        part, deep = centres[place[1:]], depth[deepness]
        points = np.empty((len(deep), *part.shape[:2], 3))
        points[..., :2], points[..., 2] = part, deep[:, None, None]
        one = Ellipsoids(below.centre[[k]], below.radius[[k]], below.axes[[k]])
        offer(len(short) + k, place, one.distance(points.reshape(-1, 3)).reshape(points.shape[:3]))
    grain[-1] = element_grain
    return grain


def _spacing(centres: np.ndarray) -> tuple[float, float]:
    """Mean distance of cells along y and x, mm."""
    rows = np.diff(centres[..., 1], axis=0) if len(centres) > 1 else np.ones(1)
    columns = np.diff(centres[..., 0], axis=1) if centres.shape[1] > 1 else np.ones(1)
    return float(rows.mean()), float(columns.mean())


def _window(
    box: tuple[slice, slice], reach: np.ndarray, shape: tuple[int, ...]
) -> tuple[slice, slice]:
    """Box of cells widened by ``reach`` cells, inside the map."""
    first, second = (
        slice(max(s.start - r, 0), min(s.stop + r, n))
        for s, r, n in zip(box, reach, shape, strict=True)
    )
    return first, second


def _around(centres: np.ndarray, middle: np.ndarray, reach: float) -> tuple[slice, slice]:
    """Cells within ``reach`` (mm) of a place along y and x."""
    return _near(centres[:, 0, 1] - middle[1], reach), _near(centres[0, :, 0] - middle[0], reach)


def _near(offset: np.ndarray, reach: float) -> slice:
    """Where a monotonous offset is within ``reach``, and at least one place."""
    hit = np.flatnonzero(np.abs(offset) <= reach)
    if not hit.size:
        hit = np.array([np.abs(offset).argmin()])
    return slice(int(hit[0]), int(hit[-1]) + 1)


def _growth(face: Ellipsoids, short: np.ndarray, number: int, depth: np.ndarray) -> np.ndarray:
    """How much wider (mm, negative: narrower) a grain of the face is at each depth."""
    radius, below = face.radius[number], depth - face.centre[number, 2]
    inside = np.sqrt(np.maximum(radius**2 - below**2, 0.0))
    return inside - short[number] - np.maximum(np.abs(below) - radius, 0.0)
