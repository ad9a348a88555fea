"""Text tables that programs export: delimiter, decimal sign and headers of many habits."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers.headers import (
    Place,
    find_table,
    is_numeric,
    parts_of,
    split,
)
from slipfield.kinds.slip.measure.readers.numbers import (
    MISSING,
    SPACED,
    decimal_sign,
    seconds,
    without_spaces,
)
from slipfield.kinds.slip.measure.readers.text_files import LONGEST_HEADER, read_text

UNFILLED = ("", "comment")
"""Names at the end of a header that have no column: a delimiter too many, remarks of LabVIEW."""

SAMPLE = 5000
"""Characters at both ends of a table that show how its numbers are written."""


@dataclass(frozen=True)
class Column:
    """One column: its name, the unit and the remark in its header, and its numbers.

    ``repeated`` counts the columns of that name; the numbers are those of the first.
    """

    name: str
    unit: str
    remark: str
    values: np.ndarray
    repeated: int = 1


def read_table(
    path: Path,
    comment: str = "#",
    start: str = "",
    knows: Callable[[list[str]], bool] | None = None,
) -> dict[str, Column]:
    """Read the table of a text file; columns by name.

    The header is the line that starts with ``start`` or whose names ``knows`` accepts, or else the
    last line of text before the numbers; facts and remarks may come before it, and a line of
    units after it. It may be commented out.

    Parameters
    ----------
    comment : lines that start with it come before the table and are no header.
    start : what the header starts with.
    knows : tells whether names of columns are those of the table that is looked for.

    Raises
    ------
    SlipfieldError
        If there is no header, a line is incomplete or an entry is no number.
    """
    text = read_text(path)
    lines = text.split("\n", LONGEST_HEADER)[:LONGEST_HEADER]
    place = find_table(path, lines, comment, start, knows)
    body = text[sum(len(line) + 1 for line in lines[: place.first]) :]
    values = _values(path, body, place)
    columns: dict[str, Column] = {}
    for i, (entry, unit) in enumerate(zip(place.names, place.units, strict=True)):
        column = Column(*parts_of(entry, unit), values[i])
        if unit and units.differ(column.unit, unit):
            raise SlipfieldError(
                f"{path}: column {column.name!r} has {column.unit} in its name and {unit} in the "
                "line of units; export the file again"
            )
        if not column.name:
            continue
        before = columns.get(column.name)
        if before is not None:
            column = replace(before, repeated=before.repeated + 1)
        columns[column.name] = column
    return columns


def _values(path: Path, body: str, place: Place) -> list[np.ndarray]:
    """Numbers of the columns; a column of text alone becomes NaN."""
    body = without_spaces(body)
    if place.delimiter is not None and SPACED.search(body[:SAMPLE] + body[-SAMPLE:]):
        body = SPACED.sub("", body)
    decimal, thousands = decimal_sign(path, body, place.delimiter)
    try:
        _check_lengths(path, body, place)
        table = _parse(path, body, place, decimal, thousands)
        return _numbers(path, table, place)
    except SlipfieldError:
        shorter = _without_footer(body, place)
        if shorter == body:
            raise
    _check_lengths(path, shorter, place)
    return _numbers(path, _parse(path, shorter, place, decimal, thousands), place)


def _without_footer(body: str, place: Place) -> str:
    """Rows up to text after a blank line or a remark, and further blocks of the same names."""
    kept, inside, blank = [], True, False
    for line in body.split("\n"):
        bare = line.strip(' ;,\t"')
        if not bare or bare.startswith("#"):
            blank = True
            continue
        if split(line, place.delimiter) == place.names:
            inside = True
        elif is_numeric(line):
            kept += [line] if inside else []
        elif units.is_unit_row(split(line, place.delimiter)) and inside:
            pass
        elif blank or not inside:
            inside = False
        else:
            return body
        blank = False
    return "\n".join(kept)


def _check_lengths(path: Path, body: str, place: Place) -> None:
    """Refuse a table with a line that ends early."""
    delimiter = place.delimiter
    if delimiter is not None and _all_alike(body, delimiter, len(place.names)):
        return
    if delimiter is None or '"' in body:
        counts = np.array(
            [len(split(line, delimiter)) for line in body.split("\n") if line.strip(' ;,\t"')]
        )
    else:
        counts = _counted(body, delimiter)
    if not len(counts):
        raise SlipfieldError(f"{path}: no rows under the header")
    wanted = min(len(place.names), int(counts[0]))
    short = np.flatnonzero(counts < wanted)
    if not len(short):
        return
    row, count = int(short[0]), int(counts[short[0]])
    if row == len(counts) - 1:
        raise SlipfieldError(
            f"{path}: the last line has {count} entries, the others {wanted}: the file is truncated"
        )
    raise SlipfieldError(
        f"{path}: row {row + 1} has {count} entries, the others {wanted}; export the file again"
    )


def _all_alike(body: str, delimiter: str, wanted: int) -> bool:
    """Whether there are as many delimiters as in rows of the first one's length.

    Then no row is short, or another is longer, which the parser does not accept.
    """
    if '"' in body or "\n\n" in body:
        return False
    in_first = body[: body.find("\n")].count(delimiter)
    rows = body.count("\n") + (not body.endswith("\n"))
    return in_first + 1 >= wanted and body.count(delimiter) == rows * in_first


def _counted(body: str, delimiter: str) -> np.ndarray:
    """Number of entries in every row that holds something."""
    signs = np.frombuffer(body.encode("latin-1", "replace"), dtype=np.uint8)
    ends = np.append(np.flatnonzero(signs == 10), len(signs))
    counts = np.diff(np.searchsorted(np.flatnonzero(signs == ord(delimiter)), ends), prepend=0)
    filled = np.isin(signs, np.frombuffer(b' ;,\t"\n', dtype=np.uint8), invert=True)
    some = np.diff(np.searchsorted(np.flatnonzero(filled), ends), prepend=0) > 0
    return counts[some] + 1


def _parse(
    path: Path, body: str, place: Place, decimal: str, thousands: str | None
) -> pd.DataFrame:
    try:
        table = pd.read_csv(
            io.BytesIO(body.encode()),  # a sixth faster than StringIO
            header=None,
            sep=place.delimiter or r"\s+",
            decimal=decimal,
            thousands=thousands,
            skipinitialspace=True,
            na_values=sorted(MISSING),
        )
    except pd.errors.ParserError as error:
        found = re.search(r"line (\d+), saw (\d+)", str(error))
        where = f"line {place.first + int(found[1])}: {found[2]} entries" if found else str(error)
        raise SlipfieldError(f"{path}: {where.strip()}, more than in the lines above") from error
    count = len(place.names)
    if table.shape[1] > count and table.iloc[:, count:].isna().all(axis=None):
        table = table.iloc[:, :count]
    while len(place.names) > table.shape[1] and place.names[-1].lower() in UNFILLED:
        place.names.pop()
        place.units.pop()
    if table.shape[1] != len(place.names):
        raise SlipfieldError(
            f"{path}: {len(place.names)} columns in the header, {table.shape[1]} in the rows"
        )
    return table


def _numbers(path: Path, table: pd.DataFrame, place: Place) -> list[np.ndarray]:
    """Numbers of the columns of a table; a column of text alone becomes NaN.

    Raises
    ------
    SlipfieldError
        If a column of numbers holds something else.
    """
    columns = []
    first = place.first + 1
    for i in range(table.shape[1]):
        column = table.iloc[:, i]
        if column.dtype.kind in "if":
            numbers = column.to_numpy(dtype=float)
            wrong = np.empty(0, dtype=int)
        else:
            numbers = pd.to_numeric(column, errors="coerce")
            wrong = np.flatnonzero((numbers.isna() & column.notna()).to_numpy())
            numbers = numbers.to_numpy(dtype=float, copy=True)
        if np.isinf(numbers).any():
            row = int(np.flatnonzero(np.isinf(numbers))[0])
            raise SlipfieldError(
                f"{path}: line {first + row}: an infinite number in column {i + 1}"
            )
        if len(wrong) and len(wrong) < column.notna().sum():
            raise SlipfieldError(
                f"{path}: line {first + wrong[0]}: {str(column.iloc[wrong[0]])!r} in column "
                f"{i + 1} is not a number"
            )
        if len(wrong) and len(wrong) == column.notna().sum():
            times = seconds([str(entry) for entry in column.dropna()])
            if times is not None:
                numbers[column.notna().to_numpy()] = times
        columns.append(numbers)
    empty = np.isnan(columns).all(axis=0) if columns else np.empty(0, dtype=bool)
    return [column[~empty] for column in columns] if empty.any() else columns
