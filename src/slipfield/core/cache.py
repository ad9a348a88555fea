"""What is kept in a file so that it need not be computed again: arrays, rows of tables."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from slipfield.core.files import complete_file, write_text
from slipfield.core.recorded import recorded_json

UNREADABLE = (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error)
"""What NumPy raises for a damaged or foreign file."""


def cached_arrays(
    path: Path | None, names: Sequence[str], make: Callable[[], Mapping[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Read arrays from a cache (.npz); compute them, and keep them there, if that fails.

    A cache that cannot be read is made again: nothing but its maker writes it, and nothing in it is
    unpickled. In a folder that this process may not write to, as of a data set that belongs to
    somebody else, nothing is kept.

    Parameters
    ----------
    path : Path or None
        None if nothing is kept.
    names : sequence of str
        Of the arrays.
    """
    if path is not None and path.exists():
        try:
            with np.load(path) as data:
                return {name: data[name] for name in names}
        except UNREADABLE:
            pass
    arrays: dict[str, Any] = dict(make())
    if path is not None and os.access(path.parent, os.W_OK):
        with complete_file(path) as temporary, open(temporary, "wb") as handle:
            np.savez(handle, **arrays)
    return {name: arrays[name] for name in names}


def cached_rows(path: Path, make: Callable[[], Any]) -> Any:
    """Read a row, or rows, that a stopped run left (JSON); make and keep them if that fails.

    What is damaged is made again.

    Parameters
    ----------
    make : gives a row (a mapping of plain values) or a sequence of rows, none of them empty.
    """
    content = recorded_json(path)
    rows = content if isinstance(content, list) else [content]
    if content and all(isinstance(row, dict) for row in rows):
        return content
    text = json.dumps(make(), indent=1)
    write_text(path, text + "\n")
    return json.loads(text)
