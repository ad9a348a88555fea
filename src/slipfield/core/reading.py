"""Read small results; what is missing or damaged is one line with the file and its maker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slipfield.core.errors import SlipfieldError, one_line

if TYPE_CHECKING:  # slow to import
    import pandas as pd


LONGEST = 80

NOT_LISTED = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading and using a damaged file raises."""


@contextmanager
def reading(path: Path, maker: str) -> Iterator[None]:
    """Turn what a missing or damaged file leads to into one line with the verb to run.

    A file that the system does not open, as with too many open ones, is not called damaged: nobody
    is told to delete it.

    Raises
    ------
    SlipfieldError
        If the block fails with any of :data:`NOT_LISTED`.
    """
    try:
        yield
    except NOT_LISTED as error:
        if isinstance(error, OSError):
            if not path.exists():
                raise SlipfieldError(f"{path}: not there yet; run `{maker}` first") from error
            if (error.errno or 0) > 0:  # libraries give a damaged file none, or one of their own
                raise SlipfieldError(f"{path}: cannot be read: {error.strerror}") from error
        raise SlipfieldError(
            f"{path}: not readable ({type(error).__name__}: {one_line(error)[:LONGEST]}); delete "
            f"it and run the study, or `{maker}`, again"
        ) from error


def read_json(path: Path, maker: str) -> Any:
    """Content of a JSON file that the verb ``maker`` writes."""
    with reading(path, maker):
        return json.loads(path.read_text(encoding="utf-8"))


def read_table(
    path: Path, maker: str, columns: tuple[str, ...] = (), empty: bool = False
) -> pd.DataFrame:
    """Read a CSV file that the verb ``maker`` writes; ``columns`` have to be there.

    Parameters
    ----------
    empty : whether it may have no rows.

    Raises
    ------
    SlipfieldError
        If it is not there or damaged.
    """
    import pandas as pd

    with reading(path, maker):
        table = pd.read_csv(path)
        if table.empty and not empty:
            raise ValueError("no rows")
        table[list(columns)]
        return table
