"""Bruker Esprit HDF5 maps (.h5): degrees, um, y down.

``SCAN/EBSD/Data`` holds phi1, PHI, phi2, Phase (0: not indexed) and MAD; ``SEM/IX`` and ``IY`` are
columns and rows, from the top left, which orix (io/plugins/bruker_h5ebsd.py) and kikuchipy read
too. What the angles refer to Bruker does not lay down in the file; taken are x right, y up, as in
Esprit's .ctf.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.confidence import close
from slipfield.kinds.slip.measure.readers.ctf import in_radians
from slipfield.kinds.slip.measure.readers.hdf5 import (
    first_of,
    manufacturer,
    number,
    scan_groups,
    text,
)
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.scans import Crystal, Pixels, Scan, scan_of
from slipfield.kinds.slip.measure.sizes import check_hdf5

NAME = "bruker-h5"
TITLE = "Bruker HDF5"
EULER_AXES = "x,y"
Y_AXIS = "down"
MILLIMETRES = 1e-3
CUBIC_SPACE_GROUPS = range(195, 231)
WARNING = (
    "the file does not say what Bruker's angles refer to; x right, y up was taken: check one "
    "known grain (--euler-axes)"
)


def recognises(head: Head) -> bool:
    """Whether an HDF5 file names Bruker as its manufacturer."""
    return "bruker" in manufacturer(head.path, head.arrays)


def read(path: Path) -> Scan:
    """Read the first map of a file.

    Raises
    ------
    SlipfieldError
        If it cannot be read, lacks a dataset, or holds no map of a cubic crystal.
    """
    try:
        with h5py.File(path) as file:
            check_hdf5(file, path, 2)
            scans = scan_groups(file)
            group, several = scans[0], first_of([scan.name for scan in scans])
            data, header = group["EBSD/Data"], group["EBSD/Header"]
            euler = np.radians(
                np.stack([np.ravel(data[n]) for n in ("phi1", "PHI", "phi2")], axis=1)
            )
            phase = np.ravel(data["Phase"]).astype(int)
            near, notes = close(np.ravel(data["MAD"])) if "MAD" in data else (phase >= 0, ())
            steps = tuple(MILLIMETRES * number(header, f"{n}STEP") for n in "XY")
            place = _places(group, header, len(phase))
            crystals = {
                int(name): Crystal(text(entry, "Name") or f"phase {name}", _is_cubic(entry))
                for name, entry in header["Phases"].items()
            }
    except (OSError, KeyError, ValueError, IndexError, TypeError) as error:
        raise SlipfieldError(f"{path}: not a readable map of Bruker: {error}") from error
    column, row = (values - values.min() for values in place)
    return scan_of(
        Pixels(
            path,
            euler,
            np.where(near, np.maximum(phase, 0), 0),
            crystals,
            steps[0] * column,
            steps[1] * row,
            (int(row.max()) + 1, int(column.max()) + 1),
            (steps[0], steps[1]),
            several + notes,
            warnings=(WARNING, *in_radians(euler[phase > 0])),
        )
    )


def _places(group: h5py.Group, header: h5py.Group, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Column and row of every pixel."""
    for parent in (group, group["EBSD"]):
        if "SEM" not in parent:
            continue
        sem = parent["SEM"]
        for names in (("IX", "IY"), ("SEM IX", "SEM IY")):
            if set(names) <= set(sem):
                first, second = (np.ravel(sem[name]).astype(int) for name in names)
                return first, second
    row, column = np.divmod(np.arange(count), int(number(header, "NCOLS")))
    return column, row


def _is_cubic(entry: h5py.Group) -> bool:
    if "IT" in entry and number(entry, "IT") > 0:
        return int(number(entry, "IT")) in CUBIC_SPACE_GROUPS
    lattice = np.ravel(entry["LatticeConstants"])[:6].astype(float)
    return bool(np.ptp(lattice[:3]) < 1e-3 * lattice[0] and np.allclose(lattice[3:], 90, atol=0.1))
