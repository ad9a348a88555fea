"""Parts of a report page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from slipfield.core.numbers import short
from slipfield.core.reading import reading

PAGE_PIXELS = 0.53
"""Page pixels for one pixel of a figure: a figure 9 inches wide (200 dpi) fills the page."""


PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Card:
    """One headline number; its ``unit`` stands beside it in smaller letters, on one line."""

    value: str
    label: str
    unit: str = ""


@dataclass(frozen=True)
class Banner:
    """A word and a sentence above the headline numbers; ``tone`` is good, doubtful or none."""

    tone: str
    word: str
    sentence: str


@dataclass(frozen=True)
class Table:
    """A table; the first ``text_columns`` columns are text, the others numbers."""

    title: str
    rows: Sequence[Sequence[str]]
    header: Sequence[str] = ()
    note: str = ""
    text_columns: int = 1


@dataclass(frozen=True)
class Picture:
    """A PNG picture, base64-encoded, with its caption, its width on the page and its own file."""

    title: str
    caption: str
    data: str
    width: int
    path: Path


@dataclass(frozen=True)
class Details:
    """Text that is folded away."""

    title: str
    text: str


@dataclass(frozen=True)
class Section:
    """One section of the page."""

    key: str
    title: str
    texts: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = field(default_factory=list)
    details: Details | None = None
    side_by_side: bool = False


def picture_of(path: Path, title: str, caption: str) -> Picture:
    """Picture on the page from a PNG file.

    Raises
    ------
    SlipfieldError
        If it is none.
    """
    with reading(path, "figure"):
        content = path.read_bytes()
        if not (content.startswith(PNG) and content.rstrip()[-8:-4] == b"IEND"):
            raise ValueError("no whole PNG picture")
    pixels = int.from_bytes(content[16:20], "big")
    data = base64.b64encode(content).decode("ascii")
    return Picture(title, caption, data, round(pixels * PAGE_PIXELS), path)


def significant(value: float, digits: int = 3) -> str:
    """Write a number with ``digits`` significant digits, without an exponent where possible."""
    return f"{value:#.{digits}g}".rstrip(".") if abs(value) < 1000 else f"{value:,.0f}"


def duration(seconds: float) -> str:
    """Write a duration in the unit that suits it."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{short(seconds / 60, 3)} min" if seconds < 7200 else f"{short(seconds / 3600, 3)} h"


def unit_text(unit: str) -> str:
    """Write a unit for a reader; the unit 1 is nothing."""
    return "" if unit == "1" else unit.replace("mm^0.5", "√mm")
