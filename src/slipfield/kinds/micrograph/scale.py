"""Size of a pixel: said by the user, by tags of the file, or by a scale bar; never a guess."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from tifffile import TiffFile, TiffFileError

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units

LARGEST_UM = 20.0
"""Pixels of 1,270 to an inch or fewer are a printer's or a screen's, not a microscope's."""
SQUARE = 0.01
"""Difference of a pixel's width and height, relative, up to which it is a square."""
CORNER_PX = 4
"""At each end of a bar, what is above and below is looked at by itself."""
UM = {2: 25_400.0, 3: 10_000.0}
"""um in the unit of a TIFF's resolution: inch, centimetre."""


@dataclass(frozen=True)
class Scale:
    """Size of a pixel, um, and where it is from: if from a scale bar, that bar, too."""

    pixel_um: float
    source: str
    bar: Bar | None = None


def scale_of(path: Path, image: np.ndarray, pixel_um: float | None, bar_um: float | None) -> Scale:
    """Size of a pixel of an image file.

    Parameters
    ----------
    pixel_um : as the user says it, um; goes before everything else.
    bar_um : length of the scale bar on the image, um; its length in pixels is measured.

    Raises
    ------
    SlipfieldError
        If it is nowhere to be found, not positive, or another one along y.
    """
    for name, value in (("pixel-um", pixel_um), ("bar-um", bar_um)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise SlipfieldError(f"{name}: given {value:g}; expected a length above 0 um")
    if pixel_um is not None:
        return Scale(pixel_um, "given")
    if bar_um is not None:
        return _of_bar(path, bars(image), bar_um)
    for tagged in (_of_microscope(path), _of_tags(path)):
        if tagged is not None:
            return tagged
    found = bars(image)
    hint = f"--bar-um (a bar of {found[0].length} px is on it)" if len(found) == 1 else "--bar-um"
    raise SlipfieldError(
        f"{path}: no size of a pixel in its tags; use --pixel-um, or {hint} with the length of "
        "its scale bar"
    )


@dataclass(frozen=True)
class Bar:
    """A scale bar: its upper row, and its first and last column, px."""

    row: int
    first: int
    last: int

    @property
    def length(self) -> int:
        """Length, px."""
        return self.last - self.first + 1


def bars(image: np.ndarray) -> list[Bar]:
    """Scale bars: straight level bars of one colour in the lower third, from top to bottom.

    Each is solid and stands out from what is above and below it. Two that are equally long and on
    one level are the halves of one, with its number between them.
    """
    value = image if image.ndim == 3 else image[..., None]
    value = value[..., :3].astype(np.int32)
    height, width = value.shape[:2]
    start = 2 * height // 3
    lower = value[start:]
    same = np.all(np.abs(np.diff(lower, axis=1)) <= 24, axis=-1)
    found: list[list[Bar]] = []
    for row in range(len(lower)):
        runs, _ = ndimage.label(same[row])
        for place in ndimage.find_objects(runs):
            first, last = place[0].start, place[0].stop
            if not width // 50 < last - first + 1 < 0.6 * width:
                continue
            if _stands_out(lower, row, first, last):
                _add(found, Bar(start + row, first, last))
    longest = [max(rows, key=lambda bar: bar.length) for rows in found]
    return [bar for bar in _halves_joined(longest) if bar.length > width // 25]


def _add(found: list[list[Bar]], new: Bar) -> None:
    """Add a row to the bar that it goes on, or as a new one."""
    for rows in found:
        last = rows[-1]
        if new.row - last.row <= 2 and new.first <= last.last and last.first <= new.last:
            rows.append(new)
            return
    found.append([new])


def _halves_joined(found: list[Bar]) -> list[Bar]:
    """Bars, of which halves on one level are one."""
    for one in found:
        for two in found:
            gap = two.first - one.last
            alike = abs(one.length - two.length) <= 2 + 0.05 * one.length
            if abs(one.row - two.row) <= 1 and alike and 0 < gap < 4 * one.length:
                rest = [bar for bar in found if bar not in (one, two)]
                return _halves_joined([*rest, Bar(one.row, one.first, two.last)])
    return found


def _of_bar(path: Path, found: list[Bar], bar_um: float) -> Scale:
    """Size of a pixel by the only scale bar."""
    if not found:
        raise SlipfieldError(f"{path}: no scale bar found on it; use --pixel-um")
    if len(found) > 1:
        lengths = ", ".join(f"{bar.length} px at y {bar.row}" for bar in found[:4])
        raise SlipfieldError(
            f"{path}: {len(found)} bars are on it ({lengths}); use --pixel-um, the length of the "
            "right one in um over its pixels"
        )
    (bar,) = found
    source = f"scale bar of {bar.length} px from x {bar.first}, y {bar.row}"
    return Scale(bar_um / bar.length, source, bar)


def _stands_out(lower: np.ndarray, row: int, first: int, last: int) -> bool:
    """Whether a run of pixels is a bar: extreme, thin, and unlike what is around it.

    Above and below its ends, too: what a box has left above or below a shorter bar is none.
    """
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
    clear = around > 60
    corners = min(part.mean() for row in clear for part in (row[:CORNER_PX], row[-CORNER_PX:]))
    return bool(clear.mean() > 0.95 and corners > 0.5 and len(apart) == 2 and all(apart))


def _of_microscope(path: Path) -> Scale | None:
    """Size of a pixel in what electron microscopes of FEI and Zeiss write into a TIFF.

    Raises
    ------
    SlipfieldError
        If its pixels are no squares.
    """
    try:
        with TiffFile(path) as file:
            scan = (file.fei_metadata or {}).get("Scan", {})
            named = file.sem_metadata or {}
    except TiffFileError:  # of another format
        return None
    sizes_um = [1e6 * _length(scan.get(name)) for name in ("PixelWidth", "PixelHeight")]
    if sizes_um[0] > 0:
        _check_square(path, sizes_um[0], sizes_um[1] or sizes_um[0])
        return Scale(sizes_um[0], "the microscope's tags")
    for name in ("ap_image_pixel_size", "ap_pixel_size"):
        _, value, unit = (*named.get(name, ()), None, None, None)[:3]
        unit_mm = units.length(str(unit))
        if _length(value) > 0 and unit_mm is not None:
            return Scale(1e3 * unit_mm * _length(value), "the microscope's tags")
    return None


def _length(value: object) -> float:
    """Length that a microscope wrote; 0 for what is none."""
    if isinstance(value, int | float) and np.isfinite(value):
        return max(float(value), 0.0)
    return 0.0


def _check_square(path: Path, across_um: float, down_um: float) -> None:
    if abs(down_um / across_um - 1) > SQUARE:
        raise SlipfieldError(
            f"{path}: its pixels are {across_um:g} um wide and {down_um:g} um high; scale it to "
            "square ones, or use --pixel-um"
        )


def _of_tags(path: Path) -> Scale | None:
    """Size of a pixel in the tags of a TIFF or PNG, if it is a microscope's.

    Raises
    ------
    SlipfieldError
        If its pixels are no squares.
    """
    (across, down), unit_um, description = _resolution(path)
    source, printed = "tags of the file", True
    if description.startswith("ImageJ"):
        words = dict(line.split("=", 1) for line in description.splitlines() if "=" in line)
        unit_mm = units.length(words.get("unit", "").replace("\\u00B5", "u"))
        if unit_mm is not None:
            unit_um, source = 1e3 * unit_mm, "ImageJ's tags"
            printed = any(np.isclose(unit_um, each) for each in UM.values())
    if not (np.isfinite(across) and across > 0 and unit_um):
        return None
    found = unit_um / across
    if printed and found > LARGEST_UM:
        return None
    if np.isfinite(down) and down > 0:
        _check_square(path, found, unit_um / down)
    return Scale(found, source)


def _resolution(path: Path) -> tuple[list[float], float | None, str]:
    """Pixels in a unit along x and y, the unit in um, and the description, of TIFF or PNG."""
    try:
        with TiffFile(path) as file:
            tags = file.pages.first.tags
            unit = UM.get(int(tags.valueof(296, 2)))
            ratios = [_number(tags.valueof(code, 0)) for code in (282, 283)]
            return ratios, unit, str(tags.valueof(270, ""))
    except TiffFileError:  # of another format
        pass
    with Image.open(path) as image:
        dpi = image.info.get("dpi") if image.format == "PNG" else None
    return list(map(float, dpi or (0, 0))), UM[2], ""


def _number(value: tuple[float, ...] | float) -> float:
    """Number of a tag: of a numerator and a denominator, or of a float; 0 for what is none."""
    one, part = (*np.atleast_1d(value), 1)[:2]
    return float(one) / float(part) if part else 0.0
