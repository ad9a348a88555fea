"""Size of a pixel: said by the user, by tags of the file, or by a scale bar; never a guess."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units

LARGEST_UM = 20.0
"""Pixels of 1,270 to an inch or fewer are a printer's or a screen's, not a microscope's."""
UM = {2: 25_400.0, 3: 10_000.0}
"""um in the unit of a TIFF's resolution: inch, centimetre."""


@dataclass(frozen=True)
class Scale:
    """Size of a pixel, um, and where it is from."""

    pixel_um: float
    source: str


def scale_of(path: Path, image: np.ndarray, pixel_um: float | None, bar_um: float | None) -> Scale:
    """Size of a pixel of an image file.

    Parameters
    ----------
    pixel_um : as the user says it, um; goes before everything else.
    bar_um : length of the scale bar on the image, um; its length in pixels is measured.

    Raises
    ------
    SlipfieldError
        If it is nowhere to be found, or not positive.
    """
    for name, value in (("pixel-um", pixel_um), ("bar-um", bar_um)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise SlipfieldError(f"{name}: given {value:g}; expected a length above 0 um")
    if pixel_um is not None:
        return Scale(pixel_um, "given")
    if bar_um is not None:
        bar = bar_length(image)
        if bar is None:
            raise SlipfieldError(f"{path}: no scale bar found on it; use --pixel-um")
        return Scale(bar_um / bar, f"scale bar of {bar} px")
    tagged = _of_tags(path)
    if tagged is not None:
        return tagged
    bar = bar_length(image)
    hint = f"--bar-um (a bar of {bar} px is on it)" if bar else "--bar-um"
    raise SlipfieldError(
        f"{path}: no size of a pixel in its tags; use --pixel-um, or {hint} with the length of "
        "its scale bar"
    )


def bar_length(image: np.ndarray) -> int | None:
    """Length, px, of the scale bar: a straight level bar of one colour in the lower third.

    The longest solid one counts that stands out from what is above and below it; None if none does.
    """
    value = image if image.ndim == 3 else image[..., None]
    value = value[..., :3].astype(np.int32)
    height, width = value.shape[:2]
    start = 2 * height // 3
    lower = value[start:]
    same = np.all(np.abs(np.diff(lower, axis=1)) <= 24, axis=-1)
    best = None
    for row in range(len(lower)):
        runs, count = ndimage.label(same[row])
        for place in ndimage.find_objects(runs):
            first, last = place[0].start, place[0].stop
            length = last - first + 1
            if not width // 25 < length < 0.6 * width or length <= (best or 0):
                continue
            if _stands_out(lower, row, first, last):
                best = length
    return best


def _stands_out(lower: np.ndarray, row: int, first: int, last: int) -> bool:
    """Whether a run of pixels is a bar: extreme, thin, and unlike what is around it."""
    own = lower[row, first : last + 1].mean(0)
    inner = slice(first + 1, last)

    def like(other: int) -> bool:
        if not 0 <= other < len(lower):
            return False
        return bool((np.abs(lower[other, inner] - own).max(-1) < 60).mean() > 0.5)

    up = next((k for k in range(1, 13) if not like(row - k)), None)
    down = next((k for k in range(1, 13) if not like(row + k)), None)
    if up is None or down is None or up + down > 13:
        return False
    if not (0 <= row - up and row + down < len(lower)):
        return False
    around = np.abs(lower[[row - up, row + down], inner] - own).max(-1)
    ends = [lower[row, k] for k in (first - 3, last + 3) if 0 <= k < lower.shape[1]]
    apart = [np.abs(end - own).max() > 60 for end in ends]
    return bool((around > 60).mean() > 0.95 and len(apart) == 2 and all(apart))


def _of_tags(path: Path) -> Scale | None:
    """Size of a pixel in the tags of a TIFF or PNG, if it is a microscope's."""
    with Image.open(path) as image:
        tags = getattr(image, "tag_v2", {})
        resolution, unit = tags.get(282), tags.get(296, 2)
        description = str(tags.get(270, ""))
        dpi = image.info.get("dpi") if image.format == "PNG" else None
    if not (resolution and np.isfinite(float(resolution)) and float(resolution) > 0):
        resolution = None  # a ratio of 0 to something, or of something to 0
    if description.startswith("ImageJ") and resolution:
        words = dict(line.split("=", 1) for line in description.splitlines() if "=" in line)
        unit_mm = units.length(words.get("unit", "").replace("\\u00B5", "u"))
        if unit_mm is not None:
            return Scale(1e3 * unit_mm / float(resolution), "ImageJ's tags")
    if resolution and unit in UM:
        found = UM[unit] / float(resolution)
    elif dpi and dpi[0] > 0:
        found = UM[2] / float(dpi[0])
    else:
        return None
    return Scale(found, "tags of the file") if found <= LARGEST_UM else None
