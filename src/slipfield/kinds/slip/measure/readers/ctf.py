"""Oxford Instruments / HKL Channel text files (.ctf): degrees, um, y down.

Eight columns (Phase, X, Y, Bands, Error, Euler1 to Euler3) up to eleven (MAD, BC, BS). Positions
have five digits, so the grid is that of the header (XCells, XStep, ...); pixels that are not
indexed may be left out. Not indexed is phase 0, what has an error code and no angles, and a mean
angular deviation (MAD) above 2 degrees.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.confidence import solved
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.numbers import MISSING
from slipfield.kinds.slip.measure.readers.scans import Crystal, Pixels, Scan, scan_of
from slipfield.kinds.slip.measure.readers.text_files import read_text

NAME = "ctf"
TITLE = "Channel text file"
EULER_AXES = "x,y"
"""Reference axes of the angles as seen in the picture: x to the right, y up."""

Y_AXIS = "down"
MILLIMETRES = 1e-3
CUBIC_LAUE_GROUPS = ("10", "11")
FIRST_CUBIC_SPACE_GROUP = 195
COLUMNS = ("Phase", "X", "Y", "Euler1", "Euler2", "Euler3")
QUALITY = ("Error", "MAD")


def recognises(head: Head) -> bool:
    """Whether a file is called .ctf, or starts like one."""
    return head.suffix == ".ctf" or head.says("Channel Text File")


def read(path: Path) -> Scan:
    """Read a .ctf map.

    Raises
    ------
    SlipfieldError
        If it cannot be read, or holds no map of a cubic crystal.
    """
    text = read_text(path)
    lines = text.split("\n", 300)[:300]
    if not any("Channel Text File" in line for line in lines[:5]):
        raise SlipfieldError(
            f"{path}: no line with 'Channel Text File' at the start; not a .ctf map"
        )
    names = next((i for i, line in enumerate(lines) if line.split()[:3] == ["Phase", "X", "Y"]), 0)
    if not names:
        raise SlipfieldError(f"{path}: no line with 'Phase X Y'; not a readable .ctf map")
    facts = {entry[0].strip(): entry[1:] for entry in map(_entries, lines[:names])}
    if " ".join(facts.get("JobMode", [])).strip().lower().startswith("interactive"):
        raise SlipfieldError(
            f"{path}: single points (JobMode Interactive), not a map; export a map"
        )
    values = _values(path, text[sum(len(line) + 1 for line in lines[: names + 1]) :], lines[names])
    euler = np.radians(np.stack([values[f"Euler{i}"] for i in (1, 2, 3)], axis=1))
    phase, notes = solved(
        values["Phase"].astype(int), euler, *(values.get(name) for name in QUALITY)
    )
    cells, steps = ([_number(facts, f"{axis}{n}") for axis in "XY"] for n in ("Cells", "Step"))
    return scan_of(
        Pixels(
            path,
            euler,
            phase,
            _crystals(lines[:names]),
            MILLIMETRES * values["X"],
            MILLIMETRES * values["Y"],
            (int(cells[1]), int(cells[0])),
            (MILLIMETRES * steps[0], MILLIMETRES * steps[1]),
            notes,
            turned([_number(facts, f"AcqE{i}") for i in (1, 2, 3)], "AcqE1 to AcqE3")
            + in_radians(euler[phase > 0]),
        )
    )


def in_radians(angles: np.ndarray) -> tuple[str, ...]:
    """Warning of angles (n, 3), rad, that were so small in degrees that radians are likely."""
    if not len(angles) or not 0 < np.degrees(np.abs(angles)).max() <= 2 * np.pi:
        return ()
    return (
        "no Euler angle is larger than 6.3 degrees: the file may hold radians, where this format "
        "has degrees",
    )


def turned(angles: Sequence[float], name: str) -> tuple[str, ...]:
    """Warning of angles of the acquisition surface (degrees) that are not zero."""
    if not any(angle % 360 for angle in angles):
        return ()
    given = ", ".join(f"{angle:g}" for angle in angles)
    return (
        f"{name} of the header are {given} degrees: the Euler angles refer to axes that are turned "
        "against the map, which is not undone; check one known grain and use --euler-axes",
    )


def _entries(line: str) -> list[str]:
    """Entries of a line of the header, which some programs write with blanks for tabs."""
    return line.split("\t") if "\t" in line else line.split() or [""]


def _number(facts: dict[str, list[str]], name: str) -> float:
    try:
        return float(facts[name][0].replace(",", "."))
    except (KeyError, IndexError, ValueError):
        return 0.0


def _crystals(lines: Sequence[str]) -> dict[int, Crystal]:
    """Phases of the header by number: lines of lattice constants, angles, name, Laue group."""
    start = next((i for i, line in enumerate(lines) if line.split()[:1] == ["Phases"]), len(lines))
    entries = [_entries(line) for line in lines[start + 1 :] if line.count(";") >= 4]
    return {
        number: Crystal(
            entry[2].strip() if len(entry) > 2 else f"phase {number}",
            _is_cubic([item.strip() for item in entry[3:5]]),
        )
        for number, entry in enumerate(entries, 1)
    }


def _is_cubic(groups: Sequence[str]) -> bool:
    """Whether a phase is cubic by its Laue group or, where there is none, its space group."""
    if groups and groups[0] not in ("", "0"):
        return groups[0] in CUBIC_LAUE_GROUPS
    return len(groups) > 1 and groups[1].isdigit() and int(groups[1]) >= FIRST_CUBIC_SPACE_GROUP


def _values(path: Path, body: str, header: str) -> dict[str, np.ndarray]:
    """Columns of the rows by name."""
    names = header.split()
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise SlipfieldError(f"{path}: no column {missing[0]!r}; not a readable .ctf map")
    if not body.strip():
        raise SlipfieldError(f"{path}: no pixels below the header; not a readable .ctf map")
    there = [*COLUMNS, *(name for name in QUALITY if name in names)]
    try:
        table = pd.read_csv(
            io.StringIO(body),
            header=None,
            sep=r"\s+",
            decimal="," if "," in body else ".",
            usecols=[names.index(name) for name in there],
            na_values=sorted(MISSING),
            dtype=float,
        )
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise SlipfieldError(f"{path}: not a readable .ctf map: {reason}") from error
    values = {name: table[names.index(name)].to_numpy() for name in there}
    indexed = np.stack([values[name] for name in COLUMNS[3:]])[:, values["Phase"] > 0]
    places = all(np.isfinite(values[name]).all() for name in COLUMNS[:3])
    if not (places and np.isfinite(indexed).all()):
        raise SlipfieldError(f"{path}: a row ends early or holds no number; the file is truncated")
    return values
