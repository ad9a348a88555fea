"""Oxford Instruments / HKL Channel 5 projects: .cpr (text) beside .crc (binary); rad, um, y down.

A record of the .crc is the phase (one byte) and the fields that the section [Fields] of the .cpr
lists by number: 1, 2 X and Y, 3 to 5 the Euler angles, 6 MAD and 12 (floats of four bytes), 7 band
contrast, 8 band slope, 9, 10 bands, 11 error (one byte each); any other, such as element counts, is
a float. Pixels go row by row; those with an error code and no angles, or a mean angular deviation
(MAD) above 2 degrees, are not indexed. The layout is that of MTEX (interfaces/loadEBSD_crc.m) and
of DefDAP (defdap/file_readers.py).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.confidence import solved
from slipfield.kinds.slip.measure.readers.ctf import EULER_AXES as EULER_AXES
from slipfield.kinds.slip.measure.readers.ctf import FIRST_CUBIC_SPACE_GROUP, turned
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.scans import Crystal, Pixels, Scan, scan_of
from slipfield.kinds.slip.measure.readers.text_files import read_lines

NAME = "cpr"
TITLE = "Channel 5 project"
Y_AXIS = "down"
MILLIMETRES = 1e-3
BYTES = (7, 8, 9, 10, 11)
X, Y, ANGLES, DEVIATION, ERROR = 1, 2, (3, 4, 5), 6, 11
CUBIC_LAUE_GROUPS = (10.0, 11.0)

Sections = dict[str, dict[str, str]]


def recognises(head: Head) -> bool:
    """Whether a file is one of the pair."""
    return head.suffix in (".cpr", ".crc")


def read(path: Path) -> Scan:
    """Read the pair of files, named by either of them.

    Raises
    ------
    SlipfieldError
        If one is missing, cannot be read, or they do not fit.
    """
    project, data = _partner(path, ".cpr"), _partner(path, ".crc")
    sections = _sections(project)
    job = sections.get("job", {})
    columns, rows = (int(_number(job, name)) for name in ("xcells", "ycells"))
    if not min(columns, rows) > 0:
        raise SlipfieldError(f"{project}: no xCells and yCells in [Job]: points or a line, no map")
    steps = tuple(MILLIMETRES * _number(job, f"griddist{n}") for n in "xy")
    if not min(steps) > 0:
        raise SlipfieldError(f"{project}: no GridDistX and GridDistY in [Job]: no step of the map")
    fields = _fields(project, sections.get("fields", {}))
    records = _records(data, fields)
    placed = {X, Y} <= set(fields)
    if columns * rows != len(records) and not placed:
        raise SlipfieldError(
            f"{data}: {len(records)} pixels of {records.dtype.itemsize} bytes, but {project.name} "
            f"says {rows} x {columns}; the file is truncated or another one"
        )
    surface = sections.get("acquisitionsurface", {})
    angles = [_number(surface, f"euler{i}") for i in (1, 2, 3)]
    euler = np.stack([records[str(angle)] for angle in ANGLES], axis=1).astype(float)
    quality = (records[str(n)].astype(float) if n in fields else None for n in (ERROR, DEVIATION))
    phase, notes = solved(records["phase"].astype(int), euler, *quality)
    return scan_of(
        Pixels(
            path,
            euler,
            phase,
            _crystals(sections),
            MILLIMETRES * records[str(X)].astype(float) if placed else None,
            MILLIMETRES * records[str(Y)].astype(float) if placed else None,
            (rows, columns),
            (steps[0], steps[1]),
            notes,
            turned(angles, "Euler1 to Euler3 of [Acquisition Surface]"),
        )
    )


def _partner(path: Path, suffix: str) -> Path:
    """File of the pair, whatever the case of its extension."""
    for candidate in (path, path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if candidate.suffix.lower() == suffix and candidate.is_file():
            return candidate
    raise SlipfieldError(f"{path.with_suffix(suffix)}: not there; a map is a .cpr and a .crc file")


def _sections(path: Path) -> Sections:
    """Entries of the project by section; names in small letters without blanks."""
    found: Sections = {}
    section: dict[str, str] = {}
    for line in read_lines(path):
        title = re.fullmatch(r"\s*\[(.+)\]\s*", line)
        if title is not None:
            section = found.setdefault(_key(title[1]), {})
        elif "=" in line and not line.lstrip().startswith(";"):
            name, _, value = line.partition("=")
            section[_key(name)] = value.strip()
    return found


def _key(name: str) -> str:
    return name.replace(" ", "").lower()


def _number(section: dict[str, str], name: str) -> float:
    try:
        return float(section[name].replace(",", "."))
    except (KeyError, ValueError):
        return 0.0


def _fields(path: Path, section: dict[str, str]) -> list[int]:
    count = int(_number(section, "count"))
    fields = [int(_number(section, f"field{i}")) for i in range(1, count + 1)]
    if not set(ANGLES) <= set(fields):
        raise SlipfieldError(f"{path}: the section [Fields] names no Euler angles (3, 4, 5)")
    return fields


def _records(path: Path, fields: list[int]) -> np.ndarray:
    kinds = [(str(field), "u1" if field in BYTES else "<f4") for field in fields]
    record = np.dtype([("phase", "u1"), *kinds])
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SlipfieldError(f"{path}: cannot be read: {error.strerror}") from error
    if not content or len(content) % record.itemsize:
        raise SlipfieldError(
            f"{path}: {len(content)} bytes are no whole number of pixels of {record.itemsize} "
            "bytes; the file is truncated or another one"
        )
    return np.frombuffer(content, dtype=record)


def _crystals(sections: Sections) -> dict[int, Crystal]:
    phases = {
        int(name.removeprefix("phase")): section
        for name, section in sections.items()
        if re.fullmatch(r"phase\d+", name)
    }
    return {
        number: Crystal(
            section.get("structurename", f"phase {number}"),
            _number(section, "lauegroup") in CUBIC_LAUE_GROUPS
            or _number(section, "spacegroup") >= FIRST_CUBIC_SPACE_GROUP,
        )
        for number, section in phases.items()
    }
