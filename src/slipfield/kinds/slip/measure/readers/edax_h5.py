"""EDAX OIM HDF5 maps (.h5, .oh5): rad, um, y down; the axes are those of .ang.

``SCAN/EBSD/Data`` holds Phi1, Phi, Phi2, CI, Phase, X Position and Y Position, ``Header`` the grid
and ``Phase/N``; a pixel without data lies at -1111111. Seen in a file of OIM Analysis 7.2 (EbsdLib,
Data/EbsdTestFiles/EdaxAngOnly.h5) and in kikuchipy (io/plugins/edax_h5ebsd).
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers import ang
from slipfield.kinds.slip.measure.readers.confidence import confident
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

NAME = "edax-h5"
TITLE = "EDAX HDF5"
EULER_AXES = ang.EULER_AXES
Y_AXIS = "down"
MILLIMETRES = 1e-3
NO_DATA = -1e5


def recognises(head: Head) -> bool:
    """Whether an HDF5 file names EDAX as its manufacturer."""
    return "edax" in manufacturer(head.path, head.arrays)


def read(path: Path) -> Scan:
    """Read the first map of a file.

    Raises
    ------
    SlipfieldError
        If it cannot be read, lacks a dataset, or holds no map of a cubic crystal.
    """
    if path.suffix.lower() == ".edaxh5":
        raise SlipfieldError(f"{path}: a project of APEX, which is not read; export .ang or .oh5")
    try:
        with h5py.File(path) as file:
            check_hdf5(file, path, 2)
            scans = scan_groups(file)
            part, several = scans[0]["EBSD"], first_of([scan.name for scan in scans])
            data, header = part["Data"], part["Header"]
            columns = {
                name.lower(): np.ravel(data[name]) for name in data if _is_column(data, name)
            }
            euler = np.stack([columns[name] for name in ("phi1", "phi", "phi2")], axis=1)
            shape = int(number(header, "nRows")), int(number(header, "nColumns"))
            steps = tuple(MILLIMETRES * number(header, f"Step {n}") for n in "XY")
            grid = text(header, "Grid Type").lower()
            phases = {int(name): group for name, group in header["Phase"].items()}
            crystals = {
                n: Crystal(
                    text(group, "MaterialName") or text(group, "Material Name") or f"phase {n}",
                    _is_cubic(group),
                )
                for n, group in sorted(phases.items())
            }
    except (OSError, KeyError, ValueError, IndexError, TypeError) as error:
        raise SlipfieldError(f"{path}: not a readable map of EDAX: {error}") from error
    count = len(euler)
    valid, notes = confident(columns["ci"]) if "ci" in columns else (np.full(count, True), ())
    x, y = (columns.get(f"{n} position") for n in "xy")
    if grid.startswith("hex") and (x is None or y is None):
        raise SlipfieldError(
            f"{path}: a hexagonal grid without positions; export 'X Position' and 'Y Position', too"
        )
    phase = ang.phase_numbers(columns.get("phase", np.zeros(count)), valid, list(crystals))
    there = np.full(count, True) if x is None else x > NO_DATA
    at = None if x is None or y is None else MILLIMETRES * np.stack([x, y]).astype(float)
    return scan_of(
        Pixels(
            path,
            euler[there].astype(float),
            phase[there],
            {place: crystal for place, crystal in enumerate(crystals.values(), 1)},
            None if at is None else at[0, there],
            None if at is None else at[1, there],
            shape,
            (steps[0], steps[1]),
            several + notes,
        )
    )


def _is_column(data: h5py.Group, name: str) -> bool:
    item = data[name]
    return (
        isinstance(item, h5py.Dataset)
        and item.dtype.kind in "iuf"
        and item.size == max(item.shape, default=0)
    )


def _is_cubic(group: h5py.Group) -> bool:
    """Whether a phase is cubic, by its point group or the code of its Laue group."""
    named = f"{text(group, 'Point Group')} {text(group, 'Laue Group')}".lower()
    if named.strip():
        return "cubic" in named
    return "Symmetry" in group and str(int(number(group, "Symmetry"))) in ang.CUBIC
