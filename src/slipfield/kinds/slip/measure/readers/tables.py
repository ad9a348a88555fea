"""Text tables that programs export: delimiter, decimal sign and headers of many habits."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers.numbers import (
    MISSING,
    SPACED,
    decimal_sign,
    is_number,
    seconds,
    without_spaces,
)

DELIMITERS = (";", "\t", ",")
HEADER = re.compile(r"(?P<name>[^\[(]*?)\s*[\[(](?P<unit>[^\])]*)[\])]\s*-?\s*(?P<remark>.*)")
LAST_UNIT = re.compile(r"(?P<name>.*\S)\s*[\[(](?P<unit>[^\[\]()]*)[\])]")
SAMPLE = 5000
LONGEST_HEADER = 400
"""Lines before the table, at most."""


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


@dataclass(frozen=True)
class Place:
    """Where a table lies in a text: names and units of its columns, delimiter, first row."""

    names: list[str]
    units: list[str]
    delimiter: str | None
    first: int


def read_text(path: Path) -> str:
    """Text of a file, lines end with a line feed.

    Raises
    ------
    SlipfieldError
        If it is missing, empty or not text.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SlipfieldError(f"{path}: cannot be read: {error.strerror}") from error
    text = _decoded(path, content)
    if "\0" in text or not text.strip():
        raise SlipfieldError(f"{path}: {'not a text file' if text.strip() else 'empty'}")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def read_lines(path: Path) -> list[str]:
    """Lines of a text file; errors as in :func:`read_text`."""
    return read_text(path).splitlines()


def first_lines(path: Path, count: int = LONGEST_HEADER) -> list[str]:
    """First lines of a text file; errors as in :func:`read_text`."""
    return read_text(path).split("\n", count)[:count]


def _decoded(path: Path, content: bytes) -> str:
    """Text of a file: UTF-8, UTF-16 (with or without its mark), or the code page of Windows."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif content[1:200:2].count(0) > 0.9 * len(content[1:200:2]) > 0:
        encodings = ["utf-16-le"]
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SlipfieldError(f"{path}: not a text file")


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
    *lines, _ = (
        text.split("\n", LONGEST_HEADER)
        if text.count("\n") > LONGEST_HEADER
        else (
            *text.split("\n"),
            "",
        )
    )
    place = find_table(path, lines, comment, start, knows)
    body = text[sum(len(line) + 1 for line in lines[: place.first]) :]
    values = _values(path, body, place)
    columns: dict[str, Column] = {}
    for i, (entry, unit) in enumerate(zip(place.names, place.units, strict=True)):
        column = _column(entry, unit, values[i])
        if not column.name:
            continue
        before = columns.get(column.name)
        if before is not None:
            column = Column(
                before.name, before.unit, before.remark, before.values, before.repeated + 1
            )
        columns[column.name] = column
    return columns


def header_names(path: Path, lines: Sequence[str], comment: str = "#") -> list[str]:
    """Names of the columns of the table in a text, or none if there is no table."""
    try:
        place = find_table(path, lines, comment)
    except SlipfieldError:
        return []
    return [name_of(entry) for entry in place.names]


def name_of(entry: str) -> str:
    """Name in an entry of a header."""
    return _column(entry, "", np.empty(0)).name


def find_table(
    path: Path,
    lines: Sequence[str],
    comment: str = "#",
    start: str = "",
    knows: Callable[[list[str]], bool] | None = None,
) -> Place:
    """Find header, units and first row of the table in the first lines of a text.

    Raises
    ------
    SlipfieldError
        If there is no header, or no row below it.
    """
    rows = [i for i, line in enumerate(lines) if line.strip(' ;,\t"')]
    header = _known_header(lines, rows, comment, start, knows)
    if header is None and not start:
        header = _header_above_numbers(lines, rows, comment)
    if header is None:
        said = f" that starts with {start!r}" if start else ""
        raise SlipfieldError(f"{path}: no header line{said}; the columns need names")
    below = [i for i in rows if i > header and not lines[i].lstrip().startswith(comment)][:2]
    if not below:
        raise SlipfieldError(f"{path}: no rows under the header")
    line = _bare(lines[header], comment)
    data = lines[below[-1]]
    delimiter = _delimiter(line, data)
    names = split(line, delimiter)
    second = split(_bare(lines[below[0]], comment), _delimiter(lines[below[0]], data))
    given = [""] * len(names)
    first = below[0]
    if units.is_unit_row(second):
        if len(below) < 2:
            raise SlipfieldError(f"{path}: no rows under the header")
        given = (second + given)[: len(names)]
        first = below[1]
    return Place(names, given, delimiter, first)


def _known_header(
    lines: Sequence[str],
    rows: Sequence[int],
    comment: str,
    start: str,
    knows: Callable[[list[str]], bool] | None,
) -> int | None:
    for i in rows:
        if start and not lines[i].strip().startswith(comment):
            if lines[i].strip().lstrip('"').startswith(start):
                return i
        if knows is not None:
            line = _bare(lines[i], comment)
            there: list[str | None] = [d for d in DELIMITERS if d in line]
            for delimiter in there or [None]:
                if knows([name_of(entry) for entry in split(line, delimiter)]):
                    return i
    return None


def _header_above_numbers(lines: Sequence[str], rows: Sequence[int], comment: str) -> int | None:
    """Line above the first rows of numbers, or above their units."""
    plain = [i for i in rows if not lines[i].strip().startswith(comment)]
    for at, i in enumerate(plain):
        if not _is_numeric(lines[i]):
            continue
        follow = plain[at + 1 : at + 3]
        if not all(_is_numeric(lines[k]) for k in follow):
            continue
        above = [k for k in plain[:at] if k < i] or [k for k in rows if k < i]
        if above and len(above) > 1:
            entries = split(
                _bare(lines[above[-1]], comment), _delimiter(lines[above[-1]], lines[i])
            )
            if units.is_unit_row(entries) and len(entries) > 1:
                above = above[:-1]
        return above[-1] if above else None
    text = [i for i in plain if not _is_numeric(lines[i])]
    return text[0] if text else None


def _is_numeric(line: str) -> bool:
    """Whether a line holds numbers alone, some entries perhaps missing."""
    delimiter = next((d for d in DELIMITERS[:2] if d in line), None)
    if delimiter is None and "," in line:
        delimiter = ","
    entries = split(line, delimiter)
    return all(is_number(e) or e.lower() in MISSING for e in entries) and any(
        is_number(e) for e in entries
    )


def _bare(line: str, comment: str) -> str:
    """Line without the sign of a comment."""
    text = line.strip("\n")
    return text.lstrip().lstrip(comment) if text.lstrip().startswith(comment) else text


def _delimiter(header: str, data: str) -> str | None:
    """Delimiter of a table: what splits header and rows alike; None for blanks."""
    there = [d for d in DELIMITERS if d in header]
    for delimiter in there:
        if len(split(header, delimiter)) == len(split(data, delimiter)):
            return delimiter
    if not there:
        return None
    best = max(there, key=lambda d: len(split(header, d)))
    return best if best in data or len(split(header, best)) > 2 else None


def split(line: str, delimiter: str | None) -> list[str]:
    """Entries of a line, without quotes and blanks at their ends."""
    if delimiter is None:
        line = line.strip()
        return [e.strip('"') for e in re.findall(r'"[^"]*"|\S+', line)]
    if '"' in line:
        entries = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    else:
        entries = line.split(delimiter)
    return [entry.strip().strip('"').strip() for entry in entries]


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
    """Rows up to a blank line that text follows, and rows of further blocks of the same names."""
    kept, inside, blank = [], True, False
    for line in body.split("\n"):
        bare = line.strip(' ;,\t"')
        if not bare:
            blank = True
            continue
        if split(line, place.delimiter) == place.names:
            inside = True
        elif _is_numeric(line):
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
            io.StringIO(body),
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
    while len(place.names) > table.shape[1] and not place.names[-1]:
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
        if 0 < len(wrong) < column.notna().sum():
            raise SlipfieldError(
                f"{path}: line {first + wrong[0]}: {str(column.iloc[wrong[0]])!r} in column "
                f"{i + 1} is not a number"
            )
        if len(wrong) == column.notna().sum() > 0:
            times = seconds([str(entry) for entry in column.dropna()])
            if times is not None:
                numbers[column.notna().to_numpy()] = times
        columns.append(numbers)
    empty = np.isnan(columns).all(axis=0) if columns else np.empty(0, dtype=bool)
    return [column[~empty] for column in columns] if empty.any() else columns


def _column(entry: str, unit: str, values: np.ndarray) -> Column:
    """Split a header such as ``exx [1] - Lagrange`` or ``load (kN)`` or ``load_kN``."""
    match = HEADER.fullmatch(entry)
    if match is None:
        return Column(entry.strip(), units_text(unit), "", values)
    name, inside, remark = (match[part].strip() for part in ("name", "unit", "remark"))
    last = LAST_UNIT.fullmatch(entry.strip())
    if remark and last is not None and units.is_unit(last["unit"]) and not units.is_unit(inside):
        name, inside, remark = last["name"].strip(), last["unit"].strip(), ""
    return Column(name, inside or units_text(unit), remark, values)


def units_text(unit: str) -> str:
    """Unit of a line of units, without brackets."""
    return unit.strip().strip("[]()").strip()
