"""The formats of orientation maps, in the order in which a file is shown to them."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import h5py

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers import ang, bruker_h5, cpr, ctf, dream3d, edax_h5, h5oina
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.scans import Scan
from slipfield.kinds.slip.measure.readers.text_files import first_lines


class Reader(Protocol):
    """A module of this package that reads orientation maps."""

    NAME: str
    TITLE: str
    EULER_AXES: str
    Y_AXIS: str

    def recognises(self, head: Head) -> bool:
        """Whether a file is of this format."""
        ...

    def read(self, path: Path) -> Scan:
        """Read a map in the axes of its file."""
        ...


READERS: tuple[Reader, ...] = (cpr, h5oina, edax_h5, bruker_h5, dream3d, ang, ctf)
SUFFIXES = ".ctf, .ang, .h5oina, .cpr/.crc, .h5, .oh5, .dream3d"
UNREAD = {
    ".osc": ("an OIM scan (binary)", "export .ang or HDF5 in OIM Analysis"),
    ".bcf": ("a Bruker project (binary)", "export .ctf or HDF5 in Esprit"),
    ".ebsp": ("patterns of Oxford Instruments", "export the map as .ctf or .h5oina"),
    ".up1": ("patterns of EDAX", "export the map as .ang"),
    ".up2": ("patterns of EDAX", "export the map as .ang"),
    ".oip": ("an AZtec project", "export the map as .ctf or .h5oina"),
    ".oipx": ("an AZtec project", "export the map as .ctf or .h5oina"),
}
PROGRAMS = {
    "crystal_map": "orix",
    "Scan 1": "kikuchipy or EMsoft",
    "EMheader": "EMsoft",
    "ebsd": "MTEX",
    "Index": "DREAM.3D's import (.h5ebsd)",
}


def recognised(path: Path) -> Reader:
    """Reader that recognises an orientation map.

    Raises
    ------
    SlipfieldError
        If the file is missing or no reader knows it; the message names its program if that is
        known.
    """
    suffix = path.suffix.lower()
    if suffix in UNREAD:
        what, remedy = UNREAD[suffix]
        raise SlipfieldError(f"{path}: {what}, which is not read; {remedy}")
    head = _head(path)
    for reader in READERS:
        if reader.recognises(head):
            return reader
    if any("Column 1-3" in line or "Integer identifying grain" in line for line in head.lines):
        raise SlipfieldError(
            f"{path}: a grain file of OIM Analysis, without pixels; export the scan as .ang"
        )
    program = next((name for top, name in PROGRAMS.items() if top in head.arrays), None)
    if program is not None:
        raise SlipfieldError(f"{path}: a map of {program}, which is not read; write .ang or .ctf")
    raise SlipfieldError(f"{path}: no known map; expected a map of type {SUFFIXES}")


def _head(path: Path) -> Head:
    """Start of a map; of a text without looking for a table."""
    if path.suffix.lower() in (".cpr", ".crc"):
        return Head(path)
    try:
        if path.is_file() and h5py.is_hdf5(path):
            with h5py.File(path) as file:
                return Head(path, arrays=frozenset(file))
    except OSError as error:
        raise SlipfieldError(f"{path}: not a readable map: {error}") from error
    if path.suffix.lower() == ".h5oina":
        return Head(path)
    return Head(path, tuple(first_lines(path, 20)))
