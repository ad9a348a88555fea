"""What the size of the grains and of the pixels costs: rendered micrographs at other scales."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from slipfield.core.files import write_text
from slipfield.core.progress import track
from slipfield.core.tables import csv_text
from slipfield.kinds.micrograph.finding import Found, find_grains
from slipfield.kinds.micrograph.intercepts import along, mean_intercept
from slipfield.kinds.micrograph.methods import boundary_method
from slipfield.kinds.micrograph.presets import PRESETS, preset_of
from slipfield.kinds.micrograph.render import Micrograph, render
from slipfield.kinds.micrograph.scene import tessellate
from slipfield.kinds.micrograph.score import FIRST_SEED, share_matched
from slipfield.kinds.micrograph.zoom import zoomed

GRAINS_PX = (12.0, 25.0, 100.0)
"""Diameters of grains; beside them each look's own."""
ENLARGED = (1, 2, 3, 4)
"""How many times an image of the look's own grains is enlarged, as a finer camera would show it."""
SPREAD, WARP = 0.3, 0.05


def scales(presets: Sequence[str], images: int, side: int) -> Iterator[dict[str, Any]]:
    """Errors of the mean intercept at other scales, by the network that comes along.

    Parameters
    ----------
    side : of the images, px, before they are enlarged.

    Yields
    ------
    dict
        ``grains`` (diameter, px, or "own"), ``enlarged``, ``zooms`` ("by the image", or "1": as it
        is), ``preset``, ``seed``, ``zoom`` that was taken, ``doubt``, ``intercept_error``
        (relative, 1) and ``matched`` (share of grains of 100 px or more, 1).
    """
    method = boundary_method("network")
    cases: list[tuple[float | None, int]] = [(size, 1) for size in GRAINS_PX]
    cases += [(None, times) for times in ENLARGED]
    work = [
        (*case, preset, number) for case in cases for preset in presets for number in range(images)
    ]
    for size, times, preset, number in track(work, "score scales"):
        drawn = _drawn(preset, FIRST_SEED + number, side, size)
        image = _enlarged(drawn.image, times)
        for name, zoom in (("by the image", None), ("1", 1.0)):
            found = find_grains(image, method, zoom=zoom)
            yield {
                "grains": "own" if size is None else f"{size:g} px",
                "enlarged": times,
                "zooms": name,
                "preset": preset,
                "seed": FIRST_SEED + number,
                **_errors(drawn, found, times),
            }


def _drawn(preset: str, seed: int, side: int, size: float | None) -> Micrograph:
    """An image of a look, with grains of a diameter, px, or with the look's own."""
    if size is None:
        return render(preset, seed, (side, side))
    random = np.random.default_rng([seed, round(10 * size)])
    return render(preset, seed, scene=tessellate((side, side), size, SPREAD, 0.0, WARP, random))


def _enlarged(image: np.ndarray, times: int) -> np.ndarray:
    """Image (height, width) or (height, width, 3), uint8, with so many times the pixels a side."""
    if times == 1:
        return image
    return (255 * zoomed(image, times) + 0.5).astype(np.uint8)


def _errors(drawn: Micrograph, found: Found, times: int) -> dict[str, float]:
    truth = mean_intercept(along(drawn.labels))[0]
    longest = float(max(found.labels.shape))
    size = min(mean_intercept(along(found.labels))[0], longest) / times
    coarse = found.labels[times // 2 :: times, times // 2 :: times]
    return {
        "zoom": found.zoom,
        "doubt": found.doubt,
        "intercept_error": size / truth - 1,
        "matched": share_matched(drawn.labels, coarse),
    }


def write_scales(presets: Sequence[str] | None, images: int, side: int, output: Path) -> list[str]:
    """Write the rows of :func:`scales` (CSV); means by scale as lines of a table.

    Raises
    ------
    SlipfieldError
        If a preset is unknown.
    """
    for preset in presets or ():
        preset_of(preset)
    rows = pd.DataFrame(list(scales(presets or list(PRESETS), images, side)))
    write_text(output, csv_text(rows, digits=5))
    rows["intercept_error"] = rows["intercept_error"].abs()
    keys = ["grains", "enlarged", "zooms"]
    table = rows.groupby(keys, sort=False)[["intercept_error", "matched", "doubt"]].mean()
    return (
        table.reset_index().to_string(index=False, float_format=lambda x: f"{x:.3f}").splitlines()
    )
