"""What the HDF5 formats of orientation maps share."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path

import h5py
import numpy as np


def manufacturer(path: Path, names: Set[str]) -> str:
    """Manufacturer that an HDF5 file names, in small letters; empty if none.

    ``names`` are those at the top of the file.
    """
    name = next((n for n in names if n.strip().lower() == "manufacturer"), None)
    if name is None:
        return ""
    try:
        with h5py.File(path) as file:
            return text(file, name).lower()
    except OSError:
        return ""


def scan_groups(file: h5py.File) -> list[h5py.Group]:
    """Groups, at any depth, that hold a map in ``EBSD/Data``, in the order of their names.

    Raises
    ------
    KeyError
        If there is none.
    """
    found: list[h5py.Group] = []

    def look(_: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Group) and isinstance(item.get("EBSD/Data"), h5py.Group):
            found.append(item)

    file.visititems(look)
    if not found:
        raise KeyError("no group 'EBSD/Data'")
    return found


def first_of(names: Sequence[str]) -> tuple[str, ...]:
    """Note that the first of several maps in a file was taken; none if there is one."""
    if len(names) < 2:
        return ()
    given = ", ".join(repr(name.strip("/")) for name in names)
    return (f"the file holds {len(names)} maps ({given}); the first was taken",)


def text(group: h5py.Group, name: str) -> str:
    """Text of a dataset, empty if there is none."""
    if name not in group:
        return ""
    value = np.ravel(group[name][()])
    first = value[0] if len(value) else ""
    plain = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    return plain.strip().strip("\0")


def number(group: h5py.Group, name: str) -> float:
    """First number of a dataset."""
    return float(np.ravel(group[name][()])[0])
