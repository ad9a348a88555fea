"""Text tables that programs export: delimiter, decimal sign and headers of many habits."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from slipfield.core.errors import SlipfieldError

DELIMITERS = (";", "\t", ",")
HEADER = re.compile(r"(?P<name>[^\[(]*?)\s*[\[(](?P<unit>[^\])]*)[\])]\s*-?\s*(?P<remark>.*)")


@dataclass(frozen=True)
class Column:
    """One column: its name, the unit and the remark in its header, and its numbers."""

    name: str
    unit: str
    remark: str
    values: np.ndarray


def read_lines(path: Path) -> list[str]:
    """Lines of a text file.

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
    lines = text.splitlines()
    if "\0" in text or not any(line.strip() for line in lines):
        raise SlipfieldError(f"{path}: {'not a text file' if lines else 'empty'}")
    return lines


def _decoded(path: Path, content: bytes) -> str:
    """Text of a file: UTF-8, UTF-16 with its mark, or else the Western code page of Windows."""
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "cp1252"]:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SlipfieldError(f"{path}: not a text file")


def read_table(path: Path, comment: str = "#", start: str = "") -> dict[str, Column]:
    """Read a table with one header line; columns by name.

    Parameters
    ----------
    comment : lines that start with it come before the header and are skipped.
    start : what the header starts with; any other line before it is skipped.

    Raises
    ------
    SlipfieldError
        If there is no header, a column is there twice, a line is incomplete or an entry is no
        number.
    """
    lines = read_lines(path)
    first = next((i for i, line in enumerate(lines) if _is_header(line, comment, start)), None)
    if first is None:
        raise SlipfieldError(
            f"{path}: no header line{f' that starts with {start!r}' if start else ''}"
        )
    header = lines[first]
    delimiter = max(DELIMITERS, key=header.count) if any(d in header for d in DELIMITERS) else None
    entries = [entry.strip().strip('"').strip() for entry in header.split(delimiter)]
    body = [line for line in lines[first + 1 :] if line.strip()]
    if not body:
        raise SlipfieldError(f"{path}: no rows under the header")
    _check_lengths(path, body, delimiter, len(entries))
    decimal = "," if delimiter != "," and any("," in entry for entry in body[:1]) else "."
    table = _parse(path, body, delimiter, decimal, first + 2)
    if table.shape[1] > len(entries) and table.iloc[:, len(entries) :].isna().all(axis=None):
        table = table.iloc[:, : len(entries)]
    if table.shape[1] != len(entries):
        raise SlipfieldError(
            f"{path}: {len(entries)} columns in the header, {table.shape[1]} in the rows"
        )
    values = _numbers(path, table, first + 2)
    columns = [_column(entry, values[:, i]) for i, entry in enumerate(entries)]
    names = [column.name for column in columns if column.name]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SlipfieldError(f"{path}: column {twice!r} is there {names.count(twice)} times")
    return {column.name: column for column in columns if column.name}


def _check_lengths(path: Path, body: Sequence[str], delimiter: str | None, wanted: int) -> None:
    """Refuse a table with a line that ends early."""
    counts = [len(line.split(delimiter)) for line in body]
    wanted = min(wanted, counts[0])
    short = next((number for number, count in enumerate(counts) if count < wanted), None)
    if short is None:
        return
    if short == len(body) - 1:
        raise SlipfieldError(
            f"{path}: the last line has {counts[short]} entries, the others {wanted}: the file is "
            "truncated"
        )
    raise SlipfieldError(
        f"{path}: row {short + 1} has {counts[short]} entries, the others {wanted}; export the "
        "file again"
    )


def _is_header(line: str, comment: str, start: str) -> bool:
    text = line.strip()
    return bool(text) and not text.startswith(comment) and text.lstrip('"').startswith(start)


def _parse(
    path: Path, body: Sequence[str], delimiter: str | None, decimal: str, first: int
) -> pd.DataFrame:
    try:
        return pd.read_csv(
            io.StringIO("\n".join(body)),
            header=None,
            sep=delimiter or r"\s+",
            decimal=decimal,
            skipinitialspace=True,
            na_values=["NaN", "nan"],
        )
    except pd.errors.ParserError as error:
        found = re.search(r"line (\d+), saw (\d+)", str(error))
        where = f"line {first + int(found[1]) - 1}: {found[2]} entries" if found else str(error)
        raise SlipfieldError(f"{path}: {where.strip()}, more than in the lines above") from error


def _numbers(path: Path, table: pd.DataFrame, first: int) -> np.ndarray:
    """Numbers of a table (rows, columns); a column of text alone becomes NaN.

    Raises
    ------
    SlipfieldError
        If a column of numbers holds something else.
    """
    columns = []
    for i in range(table.shape[1]):
        column = table.iloc[:, i]
        numbers = pd.to_numeric(column, errors="coerce")
        wrong = np.flatnonzero((numbers.isna() & column.notna()).to_numpy())
        numbers = numbers.to_numpy(dtype=float)
        endless = np.flatnonzero(np.isinf(numbers))
        if len(endless):
            raise SlipfieldError(
                f"{path}: line {first + endless[0]}: an infinite number in column {i + 1}"
            )
        if 0 < len(wrong) < len(column):
            raise SlipfieldError(
                f"{path}: line {first + wrong[0]}: {str(column.iloc[wrong[0]])!r} in column "
                f"{i + 1} is not a number"
            )
        columns.append(numbers)
    return np.stack(columns, axis=1)


def _column(entry: str, values: np.ndarray) -> Column:
    """Split a header such as ``exx [1] - Lagrange`` or ``load (kN)`` or ``load_kN``."""
    match = HEADER.fullmatch(entry)
    if match is None:
        return Column(entry, "", "", values)
    return Column(match["name"].strip(), match["unit"].strip(), match["remark"].strip(), values)
