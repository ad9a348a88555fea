"""Tables of a user as spreadsheets save them: encoding, delimiter, decimals, blanks."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.headers import DELIMITERS
from slipfield.kinds.slip.measure.readers.numbers import (
    MISSING,
    SPACED,
    decimal_sign,
    is_number,
    without_spaces,
)
from slipfield.kinds.slip.measure.readers.text_files import read_text


def read_sheet(
    path: Path, names: Sequence[str], texts: Sequence[str], comment: str = ""
) -> pd.DataFrame:
    """Read a table; entries are strings, NaN where they are empty.

    Numbers get a decimal point and lose the signs between groups of thousands. Lines before the
    header, and rows and columns without any entry, are left out.

    Parameters
    ----------
    names : columns that are known, found whatever their capitals; the header has the first.
    texts : those of them that hold no numbers.
    comment : lines that begin with it are left out; nothing: none are.

    Raises
    ------
    SlipfieldError
        One line that names file, row and remedy.
    """
    lines = [
        line
        for line in read_text(path).split("\n")
        if not (comment and line.lstrip().startswith(comment))
    ]
    if not any(line.strip() for line in lines):
        raise SlipfieldError(f"{path}: nothing but comments; expected a header with {names[0]}")
    first, delimiter = _header(lines, names[0])
    try:
        rows = [
            [entry.strip() for entry in row]
            for row in csv.reader(io.StringIO("\n".join(lines[first:])), delimiter=delimiter)
        ]
    except csv.Error as error:
        raise SlipfieldError(f"{path}: no readable table ({error})") from error
    known = {name.lower(): name for name in names}
    head, *body = [row for row in rows if any(row)]
    head = [known.get(entry.lower(), entry) for entry in head]
    table = _named(path, pd.DataFrame(_even(path, body, len(head)), columns=head, dtype=object))
    numbers = [name for name in table.columns if name in names and name not in texts]
    return _as_numbers(path, table, numbers, delimiter)


def _header(lines: Sequence[str], name: str) -> tuple[int, str]:
    """Number of the line that has a column ``name``, else of the first one, and the delimiter."""
    for number, line in enumerate(lines):
        for delimiter in DELIMITERS:
            if name in (entry.strip(' "').lower() for entry in line.split(delimiter)):
                return number, delimiter
    number = next(number for number, line in enumerate(lines) if line.strip())
    return number, max(DELIMITERS, key=lines[number].count)


def _even(path: Path, rows: Sequence[list[str]], width: int) -> list[list[str]]:
    """Rows below the header with as many entries as that; what is not there is empty.

    Further entries hold nothing, and all rows have them: else one has a comma too many, as of a
    number, and its entries are not those of the columns.
    """
    shortest = min(map(len, rows), default=0)
    for number, row in enumerate(rows, 1):
        if len(row) > max(width, shortest) or any(row[width:]):
            raise SlipfieldError(
                f"{path}: row {number} has {len(row)} entries for {width} columns; put numbers "
                "with decimal commas and texts with commas in quotes, or save with semicolons"
            )
    return [[*row, *[""] * (width - len(row))][:width] for row in rows]


def _named(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """The columns that have a name; others hold nothing, and each name is there once."""
    nameless = (table.columns == "") & (table != "").any(axis=0).to_numpy()
    if nameless.any():
        raise SlipfieldError(f"{path}: column {nameless.argmax() + 1} has no name; remove it")
    table = table.loc[:, table.columns != ""]
    twice = [name for name, count in Counter(table.columns).items() if count > 1]
    if twice:
        raise SlipfieldError(f"{path}: column {twice[0]!r} is there twice; remove one")
    return table


def _as_numbers(
    path: Path, table: pd.DataFrame, columns: Sequence[str], delimiter: str
) -> pd.DataFrame:
    """The table with decimal points in ``columns``, and NaN where nothing is filled in."""
    entries = table[list(columns)].map(lambda entry: SPACED.sub("", without_spaces(entry)))
    quoted = (delimiter.join(f'"{entry}"' for entry in row) for row in entries.to_numpy())
    decimal, thousands = decimal_sign(path, "\n".join(quoted), delimiter)

    def plain(entry: str) -> str:
        if entry.lower() in MISSING:
            return ""
        if not is_number(entry):
            return entry
        return entry.replace(thousands or "", "").replace(decimal, ".")

    table = table.assign(**{name: entries[name].map(plain) for name in columns})
    return table.where(table != "")
