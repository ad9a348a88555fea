"""What a file shows before it is read: the start of a text, or the names inside a binary file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
from scipy.io import whosmat

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.headers import header_names, name_of, split
from slipfield.kinds.slip.measure.readers.matlab import UNREADABLE
from slipfield.kinds.slip.measure.readers.numbers import is_number
from slipfield.kinds.slip.measure.readers.text_files import read_text

SHOWN = 200


@dataclass(frozen=True)
class Head:
    """Start of a file.

    Attributes
    ----------
    path : the file.
    lines : first lines of a text; none of a binary file.
    columns : names of the columns of the table in a text.
    arrays : names of the arrays or groups at the top of a MATLAB or HDF5 file.
    """

    path: Path
    lines: tuple[str, ...] = ()
    columns: frozenset[str] = frozenset()
    arrays: frozenset[str] = frozenset()

    @property
    def suffix(self) -> str:
        """Extension in small letters."""
        return self.path.suffix.lower()

    def has(self, *names: str) -> bool:
        """Whether the table has all of these columns."""
        return set(names) <= self.columns

    def says(self, text: str) -> bool:
        """Whether a text stands in the first lines."""
        return any(text in line for line in self.lines)


def head_of(path: Path, comment: str = "#") -> Head:
    """Start of a file.

    Raises
    ------
    SlipfieldError
        If it is missing, empty, or neither text nor a file of MATLAB or HDF5.
    """
    try:
        if path.is_file() and h5py.is_hdf5(path):
            with h5py.File(path) as file:
                return Head(path, arrays=frozenset(file))
        if path.suffix.lower() == ".mat":
            return Head(path, arrays=frozenset(name for name, *_ in whosmat(path)))
    except UNREADABLE as error:
        raise SlipfieldError(f"{path}: not a readable file: {error}") from error
    lines = read_text(path).split("\n", SHOWN)[:SHOWN]
    names = set(header_names(path, lines, comment))
    for line in lines[:SHOWN]:
        bare = line.lstrip("#* ")
        for delimiter in (";", "\t", ","):
            if bare.count(delimiter) >= 4:
                entries = [entry for entry in split(bare, delimiter) if not is_number(entry)]
                names |= {name_of(entry) for entry in entries}
    return Head(path, tuple(lines), frozenset(names - {""}))
