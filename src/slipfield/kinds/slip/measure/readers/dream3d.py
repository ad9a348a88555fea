"""DREAM.3D maps (.dream3d, versions 4, 6 and NX): rad, um, x right, y up, angles refer to x, y.

The grid of cells is an image geometry: ``DIMENSIONS`` and ``SPACING`` (x, y, z) in
``_SIMPL_GEOMETRY`` (6), in the attributes ``_DIMENSIONS`` and ``_SPACING`` of the group (NX), or
beside the cells (4). ``EulerAngles`` and ``Phases`` have the shape (z, y, x, components);
``CrystalStructures`` are the Laue classes by phase, 1 and 3 the cubic ones. DAMASK reads the same
(python/damask/_geomgrid.py, load_DREAM3D). The first of several layers is taken. Pixels count as
not indexed where a ``Mask`` is 0, or the confidence index is low.

Angles stay as they were imported, unless a filter turned them: the file does not say.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.confidence import confident
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.scans import Crystal, Pixels, Scan, scan_of
from slipfield.kinds.slip.measure.sizes import check_hdf5

NAME = "dream3d"
TITLE = "DREAM.3D"
EULER_AXES = "x,y"
Y_AXIS = "up"
MILLIMETRES = 1e-3
CUBIC_CLASSES = (1, 3)
ROOTS = ("DataContainers", "DataStructure", "VoxelDataContainer")
ANGLES = ("EulerAngles", "Euler Angles", "Eulers", "AvgEulerAngles")
PHASES = ("Phases", "Phase")
STRUCTURES = ("CrystalStructures", "Crystal Structures")
MASKS = ("Mask", "ThresholdArray", "GoodVoxels")
CONFIDENCE = ("Confidence Index", "ConfidenceIndex", "CI")
WARNING = (
    "the file does not say whether DREAM.3D turned angles and map after their import; y up, and "
    "angles that refer to x, y were taken: check one known grain (--y-axis, --euler-axes)"
)
NAMES = ("MaterialName", "PhaseName", "Material Name", "PhaseNames")


def recognises(head: Head) -> bool:
    """Whether an HDF5 file has the containers of DREAM.3D."""
    return head.suffix == ".dream3d" or bool(head.arrays & set(ROOTS))


def read(path: Path) -> Scan:
    """Read the first image geometry that holds Euler angles.

    Raises
    ------
    SlipfieldError
        If it cannot be read, lacks a dataset, or holds no map of a cubic crystal.
    """
    try:
        with h5py.File(path) as file:
            check_hdf5(file, path)
            root = next(file[name] for name in ROOTS if name in file)
            cells = _cells(root)
            angles = np.asarray(_first(cells, ANGLES)[()], dtype=float).reshape(-1, 3)
            phase, doubtful = _phase(cells)
            dimensions, spacing = _geometry(cells)
            crystals = _crystals(root)
    except StopIteration:
        raise SlipfieldError(f"{path}: no image geometry with Euler angles in it") from None
    except (OSError, KeyError, ValueError, IndexError, TypeError) as error:
        raise SlipfieldError(f"{path}: not a readable map of DREAM.3D: {error}") from error
    columns, rows, layers = dimensions
    if not len(angles) == len(phase) == columns * rows * layers:
        raise SlipfieldError(
            f"{path}: {columns} x {rows} x {layers} cells, but {len(angles)} orientations and "
            f"{len(phase)} phases"
        )
    count = columns * rows
    steps = MILLIMETRES * spacing[0], MILLIMETRES * spacing[1]
    notes = (f"the first of {layers} layers was taken",) if layers > 1 else ()
    return scan_of(
        Pixels(
            path,
            angles[:count],
            phase[:count],
            crystals,
            shape=(rows, columns),
            steps=steps,
            notes=notes + doubtful,
            warnings=(WARNING,),
        )
    )


def _phase(cells: h5py.Group) -> tuple[np.ndarray, tuple[str, ...]]:
    """Phase (n,) of all cells, 0 where they are not to be believed, and notes."""
    phase = np.ravel(_first(cells, PHASES)[()]).astype(int)
    notes: tuple[str, ...] = ()
    found = [_optional(cells, names, len(phase)) for names in (MASKS, CONFIDENCE)]
    if found[0] is not None:
        lost = int(((found[0] == 0) & (phase > 0)).sum())
        phase = np.where(found[0] == 0, 0, phase)
        notes += (f"{lost} pixels are masked in the file",) if lost else ()
    if found[1] is not None:
        sure, doubtful = confident(np.where(phase > 0, found[1], 1.0))
        phase, notes = np.where(sure, phase, 0), notes + doubtful
    return phase, notes


def _optional(cells: h5py.Group, names: tuple[str, ...], count: int) -> np.ndarray | None:
    """Values (count,) of one of the datasets, or None."""
    for name in names:
        if isinstance(cells.get(name), h5py.Dataset) and cells[name].size == count:
            return np.ravel(cells[name][()])
    return None


def _groups(group: h5py.Group) -> list[h5py.Group]:
    """Group and all groups in it."""
    found = [group]
    group.visititems(lambda _, item: found.append(item) if isinstance(item, h5py.Group) else None)
    return found


def _cells(root: h5py.Group) -> h5py.Group:
    """Group that holds angles and phases of cells: next to a geometry, not of features."""
    fitting = [
        group
        for group in _groups(root)
        if any(n in group for n in ANGLES) and any(n in group for n in PHASES)
    ]
    return max(fitting, key=lambda group: _first(group, PHASES).size) if fitting else next(iter(()))


def _first(group: h5py.Group, names: tuple[str, ...]) -> h5py.Dataset:
    for name in names:
        if name in group and isinstance(group[name], h5py.Dataset):
            return group[name]
    raise KeyError(names[0])


def _geometry(cells: h5py.Group) -> tuple[tuple[int, int, int], tuple[float, float]]:
    """Cells along x, y and z, and steps along x and y, um."""
    above = cells.parent
    geometry = above.get("_SIMPL_GEOMETRY", above)
    if "DIMENSIONS" in geometry:
        sizes, spacing = geometry["DIMENSIONS"][()], geometry["SPACING"][()]
    else:
        sizes, spacing = above.attrs["_DIMENSIONS"], above.attrs["_SPACING"]
    x, y, z = (int(size) for size in np.ravel(sizes))
    steps = np.ravel(spacing).astype(float)
    return (x, y, z), (float(steps[0]), float(steps[1]))


def _crystals(root: h5py.Group) -> dict[int, Crystal]:
    """Phases by number; the entry 0 stands for none."""
    group = next(g for g in _groups(root) if any(n in g for n in STRUCTURES))
    classes = np.ravel(_first(group, STRUCTURES)[()]).astype(int)
    try:
        names = [_plain(name) for name in np.ravel(_first(group, NAMES)[()])]
    except KeyError:
        names = []
    return {
        number: Crystal(
            (names[number] if number < len(names) else "") or f"phase {number}",
            int(kind) in CUBIC_CLASSES,
        )
        for number, kind in enumerate(classes)
        if number > 0
    }


def _plain(name: bytes | str) -> str:
    return (name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)).strip("\0 ")
