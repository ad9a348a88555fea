"""Oxford Instruments HDF5 maps (.h5oina, version 1.0 to 8.0): radians, um, y down.

Pixels outside the acquired area are NaN. Error codes are those of the format's specification
(github.com/oinanoanalysis/h5oina), not those of Channel 5; the mean angular deviation is in
radians. Neither counts in a cleaned map, in which such pixels were given other orientations.

A map that was cleaned or cropped in AZtecCrystal stands in ``1/Data Processing`` (since version
2.0) beside the acquired one in ``1/EBSD``; it goes before.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.confidence import close
from slipfield.kinds.slip.measure.readers.ctf import turned
from slipfield.kinds.slip.measure.readers.hdf5 import first_of, text
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.scans import Crystal, Pixels, Scan, scan_of
from slipfield.kinds.slip.measure.sizes import check_hdf5

NAME = "h5oina"
TITLE = "Oxford Instruments HDF5"
EULER_AXES = "x,y"
"""Reference axes of the angles as seen in the picture: x to the right, y up."""

Y_AXIS = "down"
CUBIC_LAUE_GROUPS = (10, 11)
MILLIMETRES = 1e-3
ACQUIRED, CLEANED = "EBSD", "Data Processing"
SUCCESS, FAILED = 1, (2, 3, 4, 5, 6)
"""Error codes: solved; and no solution, low contrast, low slope, high deviation, unexpected."""


def recognises(head: Head) -> bool:
    """Whether a file is called .h5oina, or has its version and slices."""
    return head.suffix == ".h5oina" or {"Format Version", "1"} <= head.arrays


def read(path: Path) -> Scan:
    """Read the map of the first slice: the cleaned one if there is one.

    Raises
    ------
    SlipfieldError
        If the file cannot be read or lacks a mandatory dataset.
    """
    try:
        with h5py.File(path) as file:
            check_hdf5(file, path, 2)
            slices = sorted((name for name in file if name.isdigit()), key=int)
            maps = [n for n in slices if {ACQUIRED, CLEANED} & set(file[n])]
            if not maps:
                raise SlipfieldError(f"{path}: no EBSD map, but {_techniques(file, slices)}")
            area = file[maps[0]]
            cleaned = CLEANED in area and {"Data/Euler", "Data/Phase"} <= _paths(area[CLEANED])
            part, acquired = area[CLEANED if cleaned else ACQUIRED], area.get(ACQUIRED)
            header = part["Header"] if "Header" in part else area[f"{ACQUIRED}/Header"]
            head = _Header(header, acquired["Header"] if acquired is not None else header)
            columns, rows = (int(head.number(f"{n} Cells")) for n in "XY")
            dx, dy = (MILLIMETRES * head.number(f"{n} Step") for n in "XY")
            euler = np.asarray(part["Data/Euler"], dtype=float)
            phase, doubtful = _phase(part["Data"], cleaned)
            crystals = {
                int(number): Crystal(
                    text(group, "Phase Name") or f"phase {number}",
                    int(np.ravel(group["Laue Group"])[0]) in CUBIC_LAUE_GROUPS,
                )
                for number, group in head.group("Phases").items()
            }
            angles = np.degrees(head.numbers("Specimen Orientation Euler"))
            scanning = np.nan_to_num(np.degrees(head.numbers("Scanning Rotation Angle")))
    except (OSError, KeyError, ValueError, IndexError, TypeError) as error:
        raise SlipfieldError(f"{path}: not a readable .h5oina map: {error}") from error
    if not len(euler) == len(phase) == rows * columns:
        raise SlipfieldError(
            f"{path}: {rows} x {columns} pixels in the header, but {len(euler)} orientations and "
            f"{len(phase)} phases"
        )
    notes = (f"the map of {CLEANED!r} was taken, not the acquired one",) if cleaned else doubtful
    notes = first_of(maps) + notes
    warnings = turned(angles, "Specimen Orientation Euler angles")
    warnings += turned(scanning, "Scanning Rotation Angle")
    return scan_of(
        Pixels(path, euler, phase, crystals, None, None, (rows, columns), (dx, dy), notes, warnings)
    )


def _phase(data: h5py.Group, cleaned: bool) -> tuple[np.ndarray, tuple[str, ...]]:
    """Phase (n,) of the pixels, 0 where not solved, and notes."""
    phase = np.nan_to_num(np.ravel(data["Phase"])).astype(int)
    if cleaned:
        return phase, ()
    if "Error" in data:
        error = np.ravel(data["Error"])
        if (error == SUCCESS).any():
            phase = np.where(np.isin(error, FAILED), 0, phase)
    if "Mean Angular Deviation" not in data:
        return phase, ()
    deviation = np.degrees(np.ravel(data["Mean Angular Deviation"]).astype(float))
    near, notes = close(np.where(phase > 0, deviation, 0.0))
    return np.where(near, phase, 0), notes


def _techniques(file: h5py.File, slices: list[str]) -> str:
    """What a file without a map holds."""
    return ", ".join(sorted({name for each in slices for name in file[each]})) or "nothing"


class _Header:
    """Header of a map; what it lacks is that of the acquired map."""

    def __init__(self, own: h5py.Group, acquired: h5py.Group) -> None:
        self.groups = own, acquired

    def group(self, name: str) -> h5py.Group:
        """Entry of that name."""
        return next((g[name] for g in self.groups if name in g), self.groups[0].get(name, {}))

    def number(self, name: str) -> float:
        """Number of that name."""
        found = self.group(name)
        if not isinstance(found, h5py.Dataset):
            raise KeyError(name)
        return float(np.ravel(found)[0])

    def numbers(self, name: str) -> np.ndarray:
        """Numbers of that name, or none."""
        found = self.group(name)
        return np.ravel(found).astype(float) if isinstance(found, h5py.Dataset) else np.zeros(0)


def _paths(group: h5py.Group) -> set[str]:
    return {f"Data/{name}" for name in group.get("Data", {})}
