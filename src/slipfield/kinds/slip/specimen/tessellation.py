"""Grains of the five bands: seeds, log-normal target areas, polygons."""

from __future__ import annotations

import numpy as np
import shapely

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.specimen.geometry import into_sheet, sheet_outline
from slipfield.kinds.slip.specimen.power import fit_weights
from slipfield.kinds.slip.study import Band, Specimen

CENTRING_STEPS = 4
CENTRING_TOLERANCE = 0.2
AREA_TOLERANCE = 1e-3
COLUMN_JITTER = 0.07
SEED_JITTER = 0.35


def grains_per_band(specimen: Specimen) -> np.ndarray:
    """Count the grains of every band: largest remainders, at least one each.

    Raises
    ------
    SlipfieldError
        If there are fewer grains than bands.
    """
    bands = specimen.bands
    if specimen.grains < len(bands):
        raise SlipfieldError(
            f"specimen.grains: given {specimen.grains}; "
            f"{len(bands)} bands need at least {len(bands)} grains"
        )
    share = np.array([band.grain_fraction for band in bands]) * specimen.grains
    number = np.maximum(np.floor(share).astype(int), 1)
    while number.sum() > specimen.grains:
        number[np.argmax(number)] -= 1
    rest = specimen.grains - number.sum()
    number[np.argsort(number - share, kind="stable")[:rest]] += 1
    return number


def tessellate(specimen: Specimen, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Grains of the sheet: polygons (grains,) in mm and the band (grains,) of each.

    A power diagram whose cells have log-normal areas in every band. The polygons partition the
    sheet exactly; they are counter-clockwise and numbered band by band from y = 0.

    Raises
    ------
    SlipfieldError
        If the areas cannot be reached or a neck cuts a grain in two.
    """
    sheet = sheet_outline(specimen)
    number = grains_per_band(specimen)
    band = np.repeat(np.arange(len(number)), number)
    edges = np.cumsum([0.0] + [b.height_fraction for b in specimen.bands]) * specimen.height_mm
    band_areas, band_seeds = [], []
    for kind, count, low, high in zip(specimen.bands, number, edges, edges[1:], strict=False):
        strip = shapely.intersection(sheet, shapely.box(0, low, specimen.width_mm, high))
        areas = _lognormal_areas(count, strip.area, specimen.size_sigma, random)
        band_areas.append(areas)
        band_seeds.append(_band_seeds(kind, areas, low, high, specimen.width_mm, random))
    seeds, areas = into_sheet(specimen, np.concatenate(band_seeds)), np.concatenate(band_areas)
    areas *= sheet.area / areas.sum()

    columnar = np.array([b.kind == "columnar" for b in specimen.bands])[band]
    for _ in range(CENTRING_STEPS):
        _, diagram = fit_weights(seeds, areas, sheet, CENTRING_TOLERANCE)
        centroids = shapely.get_coordinates(shapely.centroid(diagram.cells))
        seeds[~columnar] = centroids[~columnar]
    _, diagram = fit_weights(seeds, areas, sheet, AREA_TOLERANCE)
    if not np.all(shapely.get_type_id(diagram.cells) == shapely.GeometryType.POLYGON):
        raise SlipfieldError(
            f"specimen.neck_depth_mm: given {specimen.neck_depth_mm}; a neck cuts one of the "
            f"{specimen.grains} grains in two; use shallower necks or another seed"
        )
    return shapely.orient_polygons(diagram.cells), band


def _lognormal_areas(
    count: int, total: float, sigma: float, random: np.random.Generator
) -> np.ndarray:
    """Log-normal areas (count,), mm^2, that sum to ``total``."""
    areas = np.exp(sigma * random.standard_normal(count))
    return areas * (total / areas.sum())


def _band_seeds(
    band: Band,
    areas: np.ndarray,
    low: float,
    high: float,
    width: float,
    random: np.random.Generator,
) -> np.ndarray:
    """Seeds (n, 2), mm: one row for columnar grains, a jittered lattice for equiaxed ones."""
    count, depth = len(areas), high - low
    if band.kind == "columnar":
        right = np.cumsum(areas) * (width / areas.sum())
        shift = COLUMN_JITTER * (width / count) * random.uniform(-1, 1, count)
        return np.column_stack(
            (right - 0.5 * np.diff(right, prepend=0), 0.5 * (low + high) + shift)
        )
    rows = int(np.clip(round(np.sqrt(count * depth / width)), 1, count))
    in_row = np.diff(np.linspace(0, count, rows + 1).round().astype(int))
    row = np.repeat(np.arange(rows), in_row)
    column = np.concatenate([np.arange(n) for n in in_row])
    shift = 0.5 + SEED_JITTER * random.uniform(-1, 1, (count, 2))
    return np.column_stack(
        (width * (column + shift[:, 0]) / in_row[row], low + depth * (row + shift[:, 1]) / rows)
    )
