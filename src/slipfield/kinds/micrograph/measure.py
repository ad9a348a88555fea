"""Grain size and second phase of a segmented micrograph: the work of `micrograph measure`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from skimage.measure import label

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.reading import read_json
from slipfield.core.recorded import forget
from slipfield.core.tables import csv_text
from slipfield.kinds.micrograph import areas, bands, intercepts, statistics
from slipfield.kinds.micrograph.files import BANDS, FACTS, MEASURED, read_labels, read_mask
from slipfield.kinds.micrograph.statistics import Estimate
from slipfield.kinds.micrograph.twins import join_twins


def grain_size(labels: np.ndarray, pixel_um: float) -> dict[str, object]:
    """Grain size of a label image by ASTM E112, with intervals over fields.

    Parameters
    ----------
    labels : (height, width) whole numbers, 0 for no grain.
    pixel_um : size of a pixel, um.

    Raises
    ------
    SlipfieldError
        If no line crosses a boundary.
    """
    grains = len(np.unique(labels[labels > 0]))
    fields = statistics.field_slices(labels.shape, grains)
    if grains < 2:
        raise SlipfieldError(f"grains: {grains} found; a grain size takes 2 or more")
    lines = intercepts.along(labels)
    mean, _ = intercepts.mean_intercept(lines)
    intercept = _intercept(labels, fields, mean * pixel_um, pixel_um)
    edges = (intercept.high, intercept.low)
    low, high = (statistics.g_of_intercept(each) if each > 0 else np.nan for each in edges)
    accuracy = statistics.relative_accuracy(intercept)
    round_lines = intercepts.circles(labels)
    return {
        "mean_intercept_um": intercept.as_dict(),
        "G": Estimate(statistics.g_of_intercept(intercept.value), low, high).as_dict(),
        "grains": grains,
        "fields": len(fields),
        "intersections": round(sum(each.intersections for each in lines)),
        "relative_accuracy_percent": accuracy if np.isfinite(accuracy) else None,
        "further_fields_for_10_percent": statistics.fields_missing(accuracy, len(fields)),
        "circles": _of_rate(round_lines, pixel_um),
        "directional_intercept_um": {
            f"{each.angle_deg:.4g}": _of_rate(each, pixel_um)["mean_intercept_um"] for each in lines
        },
        "anisotropy": _anisotropy(lines),
        "planimetric": _planimetric(labels, fields, pixel_um),
    }


def area_fraction(phases: np.ndarray, labels: np.ndarray) -> Estimate:
    """Area fraction of the second phase by ASTM E562, with its interval over fields, 1."""
    fields = statistics.field_slices(labels.shape, int(len(np.unique(labels))))
    inside = labels > 0
    weights = np.array([np.count_nonzero(inside[field]) for field in fields], float)
    covered = (phases > 0) & inside
    found = np.array([np.count_nonzero(covered[field]) for field in fields], float)
    estimate = statistics.over_fields(found / np.maximum(weights, 1.0), weights)
    return Estimate(estimate.value, max(estimate.low, 0.0), min(estimate.high, 1.0))


def measure(
    folder: Path, with_saltykov: bool, with_bands: bool, count_twins: bool = True
) -> dict[str, object]:
    """Measure what `micrograph segment` wrote into ``folder``, within the window of its grains.

    Without ``count_twins``, twin lamellae are joined to the grains that they cross, in what is
    measured; ``grains.png`` stays as it is.

    Writes ``grain_size.json``, which is returned, ``grains.csv`` (one grain a row),
    ``profile.csv`` (intercept against height), ``grain_size.png`` and, with bands,
    ``bands.yaml``.

    Raises
    ------
    SlipfieldError
        If a file is missing or holds no grains.
    """
    from slipfield.kinds.micrograph.picture import save_picture

    facts = read_json(folder / FACTS, "micrograph segment")
    pixel_um = facts.get("pixel_um") if isinstance(facts, dict) else None
    if not isinstance(pixel_um, int | float) or not pixel_um > 0:
        raise SlipfieldError(f"{folder / FACTS}: no pixel_um; run micrograph segment")
    labels, phases = read_labels(folder / "grains.png"), read_mask(folder / "phases.png")
    if labels.shape != phases.shape:
        raise SlipfieldError(
            f"{folder / 'phases.png'}: of shape {phases.shape}, grains.png of {labels.shape}; "
            "run micrograph segment again"
        )
    down, right = (np.flatnonzero((labels > 0).any(axis)) for axis in (1, 0))
    held = slice(down[0], down[-1] + 1), slice(right[0], right[-1] + 1)
    labels, phases = labels[held], phases[held]
    lamellae = 0
    if not count_twins:
        labels, lamellae = join_twins(labels)
    grains = areas.grains_of(labels)
    diameters = grains.diameter_px[~grains.cut] * pixel_um
    results = {
        **grain_size(labels, pixel_um),
        "twins": "counted" if count_twins else f"{lamellae} joined",
        "equivalent_diameter_um": _diameters(diameters),
        "area_fraction": area_fraction(phases, labels).as_dict(),
        "second_phase_diameter_um": _particles(phases, labels, pixel_um),
    }
    height, size = bands.profile(labels, pixel_um)
    found = bands.bands(labels, grains, pixel_um, size)
    results["bands"] = [vars(band) for band in found]
    if with_saltykov:
        if len(diameters) == 0:
            raise SlipfieldError("saltykov: every grain is cut by the edge; take a larger image")
        area = float(np.count_nonzero(labels)) * pixel_um**2
        counts = areas.stand_for(labels, grains)[~grains.cut]
        results["saltykov"] = areas.saltykov(diameters, counts, area)
    names = ("height_um", "mean_intercept_um")
    rows = [dict(zip(names, pair, strict=True)) for pair in zip(height, size, strict=True)]
    for earlier in (MEASURED, BANDS):
        forget(folder / earlier)
    write_text(folder / "profile.csv", csv_text(rows, digits=6, names=names))
    write_text(folder / "grains.csv", _table(grains, pixel_um))
    if with_bands:
        write_text(folder / BANDS, bands.snippet(found, labels, grains, pixel_um))
    save_picture(labels, pixel_um, grains, (height, size), found, folder / "grain_size.png")
    write_text(folder / MEASURED, json.dumps(results, indent=2) + "\n")
    return results


def _intercept(
    labels: np.ndarray, fields: list[tuple[slice, slice]], mean_um: float, pixel_um: float
) -> Estimate:
    """Mean intercept, um, with the interval of intersections per length over fields."""
    sizes = [intercepts.mean_intercept(intercepts.along(labels[field])) for field in fields]
    rates = np.array([0.0 if np.isinf(size) else 1.0 / size for size, _ in sizes])
    lengths = np.array([length for _, length in sizes])
    rate = statistics.over_fields(rates, lengths)
    if not np.isfinite(mean_um):
        raise SlipfieldError("grains: no line crosses a boundary; is the image segmented?")
    spread = (rate.high - rate.low) / 2 / rate.value if rate.value > 0 else np.nan
    low, high = mean_um / (1 + spread), mean_um / (1 - spread) if spread < 1 else np.nan
    return Estimate(mean_um, low, high)


def _of_rate(lines: intercepts.Lines, pixel_um: float) -> dict[str, float | None]:
    """Mean intercept, um, and G of lines; null where they cross nothing."""
    if lines.intersections <= 0:
        return {"mean_intercept_um": None, "G": None}
    size = lines.length_px / lines.intersections * pixel_um
    return {"mean_intercept_um": size, "G": statistics.g_of_intercept(size)}


def _anisotropy(lines: list[intercepts.Lines]) -> float | None:
    """Level over upright mean intercept, 1: above 1 for grains that are long along the level."""
    level, upright = (
        next(each for each in lines if abs(each.angle_deg - angle) < 1) for angle in (0, 90)
    )
    if not (level.intersections and upright.intersections):
        return None
    sizes = [each.length_px / each.intersections for each in (level, upright)]
    return sizes[0] / sizes[1]


def _planimetric(
    labels: np.ndarray, fields: list[tuple[slice, slice]], pixel_um: float
) -> dict[str, object]:
    """Grains per area by Jeffries, mm^-2, with its interval over fields, and its G."""

    def density(part: np.ndarray) -> tuple[float, float]:
        area = np.count_nonzero(part) * (pixel_um / 1000.0) ** 2
        return (areas.number_of_grains(part) / area if area else 0.0), area

    value, _ = density(labels)
    found = np.array([density(labels[field]) for field in fields])
    over = statistics.over_fields(found[:, 0], found[:, 1])
    half = 0.5 * (over.high - over.low)
    return {
        "grains_per_mm2": Estimate(value, value - half, value + half).as_dict(),
        "G": statistics.g_of_density(value),
    }


def _particles(phases: np.ndarray, labels: np.ndarray, pixel_um: float) -> dict[str, object]:
    """Equivalent diameters of particles of second phase that no edge cuts, by common sides."""
    parts = np.where(labels > 0, label(phases, connectivity=1) + 1, 0)
    found = areas.grains_of(parts)
    whole = (found.label > 1) & ~found.cut
    return _diameters(found.diameter_px[whole] * pixel_um, "particles")


def _diameters(found: np.ndarray, counted: str = "grains") -> dict[str, object]:
    """Mean, median and log-normal spread of diameters (n,), um, and how many are ``counted``."""
    if len(found) == 0:
        return {counted: 0}
    return {
        counted: len(found),
        "mean": float(found.mean()),
        "median": float(np.median(found)),
        "largest": float(found.max()),
        "log_deviation": float(np.log(found).std(ddof=1)) if len(found) > 1 else None,
    }


def _table(grains: areas.Grains, pixel_um: float) -> str:
    """CSV of the grains: label, area, equivalent diameter, centre (y up), whether the edge cuts."""
    named = {
        "label": grains.label,
        "area_um2": grains.area_px * float(pixel_um) ** 2,
        "equivalent_diameter_um": grains.diameter_px * pixel_um,
        "x_um": grains.x_px * pixel_um,
        "y_um": grains.y_px * pixel_um,
        "cut_by_edge": grains.cut.astype(int),
    }
    rows = [dict(zip(named, row, strict=True)) for row in zip(*named.values(), strict=True)]
    return csv_text(rows, digits=6, names=list(named))


def summary(results: dict) -> list[str]:
    """Lines that say the main numbers of :func:`measure`."""

    def text(name: str, unit: str) -> str:
        value, low, high = (results[name][key] for key in ("value", "low", "high"))
        if low is None and high is None:
            return f"{value:.4g}{unit} (too few fields for an interval)"
        if low is None:
            return f"{value:.4g}{unit} (95 %: {high:.4g} or less)"
        if high is None:
            return f"{value:.4g}{unit} (95 %: {low:.4g} or more)"
        return f"{value:.4g}{unit} (95 %: {low:.4g} to {high:.4g})"

    lines = [
        f"mean lineal intercept: {text('mean_intercept_um', ' um')}",
        f"ASTM G: {text('G', '')}",
        f"area fraction of second phase: {text('area_fraction', '')}",
        f"bands of grain size: {len(results['bands'])}",
    ]
    further = results["further_fields_for_10_percent"]
    if further:
        lines.append(
            f"relative accuracy is over 10 % (ASTM E112): take about {further} more fields like "
            "these"
        )
    return lines
