"""Programs of testing machines whose load tables are recognised; other tables are read, too."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers import instron, load_table, mts, zwick
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.load_table import LoadCurve
from slipfield.kinds.slip.measure.readers.text_files import first_lines
from slipfield.kinds.slip.measure.readers.unread import BINARY, unread

SHOWN = 40
PLAIN = "a table"


class Reader(Protocol):
    """A module of this package that reads load tables."""

    NAME: str
    TITLE: str

    def recognises(self, head: Head) -> bool:
        """Whether a file is of this program."""
        ...

    def read(self, path: Path, unit: str | None) -> LoadCurve:
        """Read the readings; the unit of the load is that of the header or else ``unit``."""
        ...


READERS: tuple[Reader, ...] = (instron, zwick, mts)


def read(path: Path, unit: str | None) -> tuple[LoadCurve, str]:
    """Read a load curve, and tell the program that wrote it.

    Raises
    ------
    SlipfieldError
        If it cannot be read; see :func:`load_table.read`.
    """
    if path.suffix.lower() in BINARY and path.is_file():
        raise SlipfieldError(f"{path}: {unread(Head(path))}")
    head = Head(path, tuple(first_lines(path, SHOWN)))
    reader = next((reader for reader in READERS if reader.recognises(head)), None)
    if reader is None:
        return load_table.read(path, unit), PLAIN
    return reader.read(path, unit), reader.TITLE
