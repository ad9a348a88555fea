"""Oxford Instruments / HKL Channel text files (.ctf): degrees, micrometres, y down."""

from __future__ import annotations

from pathlib import Path

from orix.io.plugins import ctf

from slipfield.kinds.slip.measure.readers.orix_maps import read_with_orix
from slipfield.kinds.slip.measure.readers.scans import Scan

EULER_AXES = "x,y"
"""Reference axes of the angles as seen in the picture: x to the right, y up."""


def read(path: Path) -> Scan:
    """Read a .ctf map."""
    return read_with_orix(path, ctf.file_reader, "Channel Text File")
