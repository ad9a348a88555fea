"""Where a table lies in a text, and what its header says."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers.measures import measure_in
from slipfield.kinds.slip.measure.readers.numbers import MISSING, is_number

DELIMITERS = (";", "\t", ",")
HEADER = re.compile(r"(?P<name>[^\[(]*?)\s*[\[(](?P<unit>[^\])]*)[\])]\s*-?\s*(?P<remark>.*)")
LAST_UNIT = re.compile(r"(?P<name>.*\S)\s*[\[(](?P<unit>[^\[\]()]*)[\])]")


@dataclass(frozen=True)
class Place:
    """Where a table lies in a text: names and units of its columns, delimiter, first row."""

    names: list[str]
    units: list[str]
    delimiter: str | None
    first: int


def header_names(path: Path, lines: Sequence[str], comment: str = "#") -> list[str]:
    """Names of the columns of the table in a text, or none if there is no table."""
    try:
        place = find_table(path, lines, comment)
    except SlipfieldError:
        return []
    return [name_of(entry) for entry in place.names]


def name_of(entry: str) -> str:
    """Name in an entry of a header."""
    return parts_of(entry)[0]


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
        if not is_numeric(lines[i]):
            continue
        follow = plain[at + 1 : at + 3]
        if not all(is_numeric(lines[k]) for k in follow):
            continue
        above = [k for k in plain[:at] if k < i] or [k for k in rows if k < i]
        if above and len(above) > 1:
            entries = split(
                _bare(lines[above[-1]], comment), _delimiter(lines[above[-1]], lines[i])
            )
            if units.is_unit_row(entries) and len(entries) > 1:
                above = above[:-1]
        return above[-1] if above else None
    text = [i for i in plain if not is_numeric(lines[i])]
    return text[0] if text else None


def is_numeric(line: str) -> bool:
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


def parts_of(entry: str, unit: str = "") -> tuple[str, str, str]:
    """Name, unit and remark of a header such as ``exx [1] - Lagrange`` or ``load (kN)``.

    ``unit`` is that of a line of units, for a header without one.
    """
    match = HEADER.fullmatch(entry)
    if match is None:
        return entry.strip(), _unbracketed(unit), ""
    name, inside, remark = (match[part].strip() for part in ("name", "unit", "remark"))
    last = LAST_UNIT.fullmatch(entry.strip())
    if remark and last is not None and units.is_unit(last["unit"]) and not units.is_unit(inside):
        name, inside, remark = last["name"].strip(), last["unit"].strip(), ""
    elsewhere = measure_in(inside)[0] is not None or units.is_unit(unit)
    if not remark and not units.is_unit(inside) and elsewhere:
        inside, remark = "", inside
    return name, inside or _unbracketed(unit), remark


def _unbracketed(unit: str) -> str:
    """Unit of a line of units, without brackets."""
    return unit.strip().strip("[]()").strip()
