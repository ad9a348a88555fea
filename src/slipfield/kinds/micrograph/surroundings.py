"""What on an image is no specimen: information bars of microscopes, boxes, margins, mounts."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from slipfield.kinds.micrograph.tones import grey

OUTERMOST = (0.001, 0.999)
"""Shares of an image's middle that are darker than the darkest and the lightest tone that count."""
ALIKE = 3
"""Tones, of 255 between these two, by which pixels of one tone differ."""
BLURRED = 10
"""The same of a bar's background where a compression has blurred its text."""
HIGHEST, LOWEST, LEAST_PX = 0.25, 0.015, 8
"""Height of an information bar: shares of the image's, and px."""
BACKGROUND, EMPTY, SPECIMEN = 0.5, 0.75, 0.5
"""Shares of a row that have one tone: in a bar, in a line of it without text, on the specimen."""
WRITTEN = 0.65
"""Share of a bar's rows whose background shows through."""
BEYOND_PX = 5
"""Rows of the specimen next to a bar that are looked at."""
BOX = 0.01
"""Share of the image from which a box of one tone is told."""
FILLED = 0.6
"""Share of a box that has its tone; the rest is text."""
WHOLE = 0.9
"""The same of each of its sides."""
MOUNT_ALIKE, MOUNT_EVEN, MOUNT_STEP = 15, 0.75, 30
"""Tones by which the pixels of a mount differ, their share in each row, and how many tones lighter
or darker the specimen is."""
MOUNT_LEAST, MOUNT_MOST = 0.02, 0.45
"""Shares of the image that a mount takes at one side."""


Window = tuple[int, int, int, int]
"""Left, top, right and lower edge, px."""


def surroundings_of(
    image: np.ndarray, window: Window | None = None
) -> tuple[Window | None, list[str]]:
    """Window of the specimen on an image, and sentences on what is none; None: all of it.

    Information bars are left out; boxes, margins and mounts are told. A ``window`` that the user
    gives is taken as it is.

    Parameters
    ----------
    image : (height, width) or (height, width, 3).
    """
    if window is not None:
        return window, []
    tones = _tones(image)
    (height, width), (above, below) = tones.shape, _bars(tones)
    notes = [
        f"left out: {rows} even rows at the {end}, as of an information bar (--window 0 0 {width} "
        f"{height} counts them as grains)"
        for end, rows in (("top", above), ("bottom", below))
        if rows
    ]
    top, low = above, height - below
    notes += _boxes(image[top:low], top) + _mount(tones[top:low], top)
    return (0, top, width, low) if above or below else None, notes


def information_bars(image: np.ndarray) -> tuple[int, int]:
    """Rows of the information bars at the top and at the bottom of an image; 0: none."""
    return _bars(_tones(image))


def _bars(tones: np.ndarray) -> tuple[int, int]:
    return _bar_height(tones), _bar_height(tones[::-1])


def _tones(image: np.ndarray) -> np.ndarray:
    """Grey values (height, width), uint8, from the darkest of the middle, 0, to the lightest.

    Bars may be darker and lighter, as where 12 bits of a camera have text of 16 bits beside them,
    and some pixels are out of order.
    """
    value = grey(image)
    middle = value[len(value) // 4 : len(value) - len(value) // 4]
    low, high = np.quantile(middle, OUTERMOST)
    shade = (value - low) / max(float(high - low), 1e-12)
    return np.rint(255.0 * np.clip(shade, 0.0, 1.0)).astype(np.uint8)


def _bar_height(tones: np.ndarray) -> int:
    """Rows of the information bar that an image begins with; 0: none.

    It goes from edge to edge: rows of its background, but for text and lines, begin at once where
    the specimen, whose tones vary along a row, ends.
    """
    height, width = tones.shape
    most, least = int(HIGHEST * height), max(int(LOWEST * height), LEAST_PX)
    outer = tones[: most + BEYOND_PX]
    counts = np.array([np.bincount(row, minlength=256) for row in outer])
    background = counts[:least].sum(0)
    background = int(np.convolve(background, np.ones(2 * ALIKE + 1), "same").argmax())
    near = slice(max(background - BLURRED, 0), background + BLURRED + 1)
    lines = [np.convolve(row, np.ones(2 * ALIKE + 1)).max() for row in counts]
    even = np.maximum(counts[:, near].sum(1), lines) / width
    for rows in range(most, least - 1, -1):
        bar, beyond = even[:rows], even[rows : rows + BEYOND_PX]
        if (
            bar[-3:].max() >= EMPTY
            and beyond.max() < SPECIMEN
            and np.mean(bar >= BACKGROUND) >= WRITTEN
        ):
            return int(np.flatnonzero(bar >= BACKGROUND)[-1]) + 1
    return 0


def _boxes(image: np.ndarray, top: int) -> list[str]:
    """Sentences on rectangles of one tone, such as those behind a scale bar, or empty margins."""
    value, notes = grey(image), []
    low, high = float(value.min()), float(value.max())
    near = ALIKE / 255.0 * (high - low)
    for name, mask in (("black", value <= low + near), ("white", value >= high - near)):
        parts, _ = ndimage.label(mask)
        sizes, places = np.bincount(parts.ravel()), ndimage.find_objects(parts)
        for number in np.flatnonzero(sizes[1:] >= FILLED * BOX * mask.size) + 1:
            rows, columns = places[number - 1]
            if _is_box(parts[rows, columns] == number) and sizes[number] < mask.size:
                notes.append(
                    f"{name} from x {columns.start} to {columns.stop}, y {top + rows.start} to "
                    f"{top + rows.stop} px, which counts as grains: if it is a box or an empty "
                    "margin, --window leaves it out"
                )
    return notes


def _is_box(held: np.ndarray) -> bool:
    """Whether what is held of a rectangle is all of it but for text: its four sides are whole."""
    sides = (held[0], held[-1], held[:, 0], held[:, -1])
    return bool(held.mean() >= FILLED and min(side.mean() for side in sides) >= WHOLE)


def _mount(tones: np.ndarray, top: int) -> list[str]:
    """A sentence on a mount along whole sides of the image, with the window without it."""
    blurred = np.rint(ndimage.uniform_filter(tones.astype(np.float32), 3)).astype(np.uint8)
    above, below = _mount_rows(blurred), _mount_rows(blurred[::-1])
    left, right = _mount_rows(blurred.T), _mount_rows(blurred.T[::-1])
    if not (above or below or left or right):
        return []
    height, width = tones.shape
    inside = f"{left} {top + above} {width - right} {top + height - below}"
    return [
        f"even along whole sides, and of another tone than the rest: if it is the mount, --window "
        f"{inside} leaves it out; else it counts as grains"
    ]


def _mount_rows(tones: np.ndarray) -> int:
    """Rows of even tone that an image begins with, before rows of another; 0: none."""
    height, width = tones.shape
    middle = np.median(tones, axis=1)
    apart = np.abs(tones.astype(np.float32) - middle[:1, None])
    even = (apart <= MOUNT_ALIKE).mean(axis=1) >= MOUNT_EVEN
    rows = height if even.all() else int(np.argmin(even))
    if not MOUNT_LEAST * height <= rows <= MOUNT_MOST * height:
        return 0
    beyond = middle[rows + BEYOND_PX : rows + max(height // 4, 2 * BEYOND_PX)]
    blurred = 1  # row of the specimen next to it
    return rows + blurred if np.median(np.abs(beyond - middle[0])) >= MOUNT_STEP else 0
