"""The formats of strain maps, in the order in which a file is shown to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers import (
    davis,
    dice,
    gom,
    matchid,
    mudic,
    ncorr,
    nodemap,
    opencorr,
    pyaldic,
    vic2d,
    vic2d_mat,
    vic3d,
)
from slipfield.kinds.slip.measure.readers.frames import Frames
from slipfield.kinds.slip.measure.readers.head import Head, head_of
from slipfield.kinds.slip.measure.readers.point_tables import STRAINS
from slipfield.kinds.slip.measure.readers.tables import read_table
from slipfield.kinds.slip.measure.readers.unread import BINARY, unread


class Reader(Protocol):
    """A module of this package that reads strain maps."""

    NAME: str
    TITLE: str

    def recognises(self, head: Head) -> bool:
        """Whether a file is of this format."""
        ...

    def read(self, files: Sequence[Path], gaps: bool = False) -> Frames:
        """Read the files of a test; ``gaps`` allows numbers missing in their names."""
        ...


READERS: tuple[Reader, ...] = (
    dice,
    gom,
    ncorr,
    opencorr,
    pyaldic,
    mudic,
    davis,
    matchid,
    vic3d,
    vic2d_mat,
    vic2d,
    nodemap,
)
NAMES = tuple(reader.NAME for reader in READERS)


def reader_named(name: str) -> Reader:
    """Reader of a format.

    Raises
    ------
    SlipfieldError
        If there is none of that name.
    """
    for reader in READERS:
        if reader.NAME == name:
            return reader
    raise SlipfieldError(f"format: given {name!r}; expected one of auto, {', '.join(NAMES)}")


def recognised(path: Path) -> Reader:
    """Reader that recognises a file.

    Raises
    ------
    SlipfieldError
        If the file cannot be read, or no reader knows it; the message names its program if that
        is known.
    """
    if path.suffix.lower() in BINARY and path.is_file():
        raise SlipfieldError(f"{path}: {unread(Head(path))}")
    head = head_of(path)
    for reader in READERS:
        if reader.recognises(head):
            return reader
    reason = unread(head)
    if reason is not None:
        raise SlipfieldError(f"{path}: {reason}")
    names = list(read_table(path))
    missing = sorted(vic2d.LAYOUTS[-1].required - set(names))
    if len(missing) < len(STRAINS):
        what = f"no {', '.join(map(repr, missing))} of {vic2d.TITLE}"
    elif {"x", "y", "u", "v"} <= {name.lower() for name in names}:
        what = "no columns of strains"
    else:
        what = "no columns of a program that is known here"
    raise SlipfieldError(
        f"{path}: {what} among {', '.join(map(repr, names[:8]))}; export positions and strains, "
        "and name them x, y, exx, eyy, exy as docs/howto-dic.md describes"
    )
