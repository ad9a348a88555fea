"""How often the 95 % intervals of a grain size hold the truth, over many rendered specimens."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.progress import track
from slipfield.kinds.micrograph.measure import area_fraction, grain_size
from slipfield.kinds.micrograph.presets import Draw, preset_of
from slipfield.kinds.micrograph.scene import tessellate
from slipfield.kinds.micrograph.surface import particles


def coverage(preset: str, specimens: int, side: int, seed: int) -> dict[str, object]:
    """Measure specimens that differ by chance alone, with one draw of the look's ranges.

    The grains and the second phase are the true ones, so that the intervals are judged and not a
    segmentation. The truth is that of all specimens together.

    Parameters
    ----------
    specimens : 2 or more.
    side : of a specimen, px.

    Returns
    -------
    ``intercept`` and ``fraction``: ``truth`` (px; 1), ``covered`` (share of specimens whose
    interval holds it, 1) and ``relative_half_width`` (mean, 1).

    Raises
    ------
    SlipfieldError
        If the preset is unknown, a number is out of range, or a specimen has too few grains.
    """
    if specimens < 2 or side < 128:
        raise SlipfieldError(
            f"coverage: given {specimens} specimens of {side} px; expected 2 or more of 128 or more"
        )
    draw = Draw(preset_of(preset), np.random.default_rng(seed))
    sizes, fractions = [], []
    for number in track(range(specimens), "specimens"):
        random = draw.random = np.random.default_rng([seed, number])
        shape = (side, side)
        scene = tessellate(shape, draw.grain, draw.spread, draw.gradient, draw.warp, random)
        found = grain_size(scene.labels, 1.0)["mean_intercept_um"]
        sizes.append([found[key] or np.nan for key in ("value", "low", "high")])  # type: ignore[index]
        fraction = area_fraction(particles(scene, draw), scene.labels)
        fractions.append([fraction.value, fraction.low, fraction.high])
    intercepts = np.array(sizes, float)
    mean_intercept = 1.0 / np.mean(1.0 / intercepts[:, 0])
    return {
        "preset": preset,
        "specimens": specimens,
        "side_px": side,
        "seed": seed,
        "grain_px": draw.grain,
        "intercept": _covered(intercepts, float(mean_intercept)),
        "fraction": _covered(np.array(fractions), float(np.mean(fractions, axis=0)[0])),
    }


def _covered(intervals: np.ndarray, truth: float) -> dict[str, float]:
    """Share of intervals (n, 3: value, low, high) that hold the truth; open ends hold all."""
    _, low, high = intervals.T
    low, high = np.nan_to_num(low, nan=-np.inf), np.nan_to_num(high, nan=np.inf)
    return {
        "truth": truth,
        "covered": float(((low <= truth) & (truth <= high)).mean()),
        "relative_half_width": float(np.mean(0.5 * (high - low)) / truth),
    }


def write_coverage(preset: str, specimens: int, side: int, seed: int, output: Path) -> list[str]:
    """Write :func:`coverage` as JSON; its lines for the user."""
    found = coverage(preset, specimens, side, seed)
    write_text(output, json.dumps(found, indent=2) + "\n")
    return [
        f"{name}: {100 * part['covered']:.1f} % of {specimens} intervals hold the truth; "  # type: ignore[index]
        f"half width {100 * part['relative_half_width']:.1f} %"  # type: ignore[index]
        for name in ("intercept", "fraction")
        for part in [found[name]]
    ]
