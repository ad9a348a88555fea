"""EDAX / TSL orientation maps (.ang): radians, micrometres, y down."""

from __future__ import annotations

from pathlib import Path

from orix.io.plugins import ang

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.orix_maps import read_with_orix
from slipfield.kinds.slip.measure.readers.scans import Scan
from slipfield.kinds.slip.measure.readers.tables import read_lines

EULER_AXES = "-y,x"
"""Reference axes of the angles as seen in the picture: the first one down, the second right."""


def read(path: Path) -> Scan:
    """Read an .ang map.

    Raises
    ------
    SlipfieldError
        If it cannot be read, or its grid is hexagonal.
    """
    header = [line for line in read_lines(path)[:500] if line.startswith("#")]
    if any("GRID" in line and "Hex" in line for line in header):
        raise SlipfieldError(f"{path}: hexagonal grid; convert it to a square one and export again")
    return read_with_orix(path, ang.file_reader, "#")
