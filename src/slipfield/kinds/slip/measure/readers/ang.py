"""EDAX / TSL orientation maps (.ang) and those of other programs in this format: rad, um, y down.

Ten columns are the same in all: phi1, Phi, phi2, x, y, image quality, confidence index, phase,
detector signal, fit; element counts and others may follow. Not indexed is what has a confidence
index below 0.1 (unless most pixels have), or angles of four pi. NanoMegas writes nm and a
reliability in place of the confidence.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers.confidence import confident
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.numbers import MISSING
from slipfield.kinds.slip.measure.readers.scans import Crystal, Pixels, Scan, scan_of
from slipfield.kinds.slip.measure.readers.text_files import read_text

NAME = "ang"
TITLE = "EDAX .ang"
EULER_AXES = "-y,x"
"""Reference axes of the angles as seen in the picture: the first one down, the second right."""

Y_AXIS = "down"
CUBIC = {"43", "23", "m-3m", "m3m", "432", "-43m", "m-3", "m3", "oh", "th", "o", "td", "t"}
"""Codes of the Laue groups of OIM, and names of point groups that others write."""

FEWEST_COLUMNS = 8


def recognises(head: Head) -> bool:
    """Whether a file is called .ang, or starts like one."""
    named = head.suffix == ".ang" and not head.says("Channel Text File")
    return named or head.says("# TEM_PIXperUM")


def read(path: Path) -> Scan:
    """Read an .ang map.

    Raises
    ------
    SlipfieldError
        If it cannot be read, or holds no map of a cubic crystal.
    """
    text = read_text(path)
    header = _header(text)
    if not header:
        raise SlipfieldError(f"{path}: no line with '#' at the start; not a .ang map")
    values = _values(path, text)
    scale = units.LENGTHS["nm" if any("ACOM" in line for line in header) else "um"]
    crystals = _crystals(header)
    valid, notes = confident(values[6]) if scale == units.LENGTHS["um"] else (values[6] >= 0, ())
    return scan_of(
        Pixels(
            path,
            np.stack(values[:3], axis=1),
            phase_numbers(values[7], valid, list(crystals)),
            {number: crystal for number, crystal in enumerate(crystals.values(), 1)},
            scale * values[3],
            scale * values[4],
            *_grid(header, scale),
            notes,
        )
    )


def phase_numbers(phase: np.ndarray, valid: np.ndarray, ids: Sequence[int]) -> np.ndarray:
    """Places of the phases (n,) in the header from 1; 0 where not ``valid`` or unknown.

    ``ids`` are the numbers of the phases in the header. A map of one phase has number 0 in the
    rows; some programs count the phases of the rows from 0.
    """
    phase = np.where(np.isfinite(phase), phase, -1).astype(int)
    found = set(np.unique(phase[valid]).tolist())
    shift = 1 if 0 in found and 0 not in ids and max(found, default=0) < len(ids) else 0
    number = np.zeros(len(phase), dtype=int)
    for place, given in enumerate(ids, 1):
        number[phase + shift == given] = place
    return np.where(valid, number, 0)


def _header(text: str) -> list[str]:
    lines = []
    for line in io.StringIO(text):
        if line.startswith("#"):
            lines.append(line.strip())
        elif line.strip():
            break
    return lines


def _crystals(header: Sequence[str]) -> dict[int, Crystal]:
    """Phases of the header by their number, in the order of the numbers."""
    found: dict[int, dict[str, str]] = {}
    number = 1
    for line in header:
        match = re.match(r"#\s*(Phase|MaterialName|Symmetry|Formula)\b[:\s]*(.*)", line)
        if match is None:
            continue
        key, value = match[1], match[2].strip()
        if key == "Phase":
            if re.fullmatch(r"\d+", value):
                number = int(value)
        elif value:
            found.setdefault(number, {}).setdefault(key, value)
    return {
        number: Crystal(
            facts.get("MaterialName") or facts.get("Formula") or f"phase {number}",
            facts.get("Symmetry", "").lower() in CUBIC,
        )
        for number, facts in sorted(found.items())
        if "Symmetry" in facts
    }


def _grid(
    header: Sequence[str], scale: float
) -> tuple[tuple[int, int] | None, tuple[float, float] | None]:
    """Rows and columns, and steps in mm, of the header; None where it has none."""
    facts = {}
    for line in header:
        match = re.match(r"#\s*(\w+):\s*([-+.,\deE]+|\w+)", line)
        if match is not None:
            facts[match[1].upper()] = match[2].replace(",", ".")
    try:
        rows, columns = int(facts["NROWS"]), int(facts["NCOLS_ODD"])
        even = int(facts.get("NCOLS_EVEN", columns))
        steps = scale * float(facts["XSTEP"]), scale * float(facts["YSTEP"])
    except (KeyError, ValueError):
        return None, None
    return ((rows, columns) if even == columns else None), steps


def _values(path: Path, text: str) -> list[np.ndarray]:
    """Columns of the rows."""
    start = re.search(r"^(?!#)[^\n]*\S", text, re.MULTILINE)
    if start is None:
        raise SlipfieldError(f"{path}: no pixels below the header; not a readable .ang map")
    body = text[start.start() :]
    decimal = "," if "," in body and "." not in body else "."
    first = body.split("\n", 1)[0].split()
    if len(first) < FEWEST_COLUMNS:
        raise SlipfieldError(
            f"{path}: {len(first)} columns; not a readable .ang map, which has eight or more"
        )
    try:
        table = pd.read_csv(
            io.StringIO(body),
            header=None,
            sep=r"\s+",
            decimal=decimal,
            comment="#",
            usecols=range(FEWEST_COLUMNS),
            na_values=sorted(MISSING),
            dtype=float,
        )
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise SlipfieldError(f"{path}: not a readable .ang map: {reason}") from error
    return [table[i].to_numpy() for i in range(FEWEST_COLUMNS)]
