"""Numbers as programs and countries write them: decimal signs, groups of thousands, no result."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from slipfield.core.errors import SlipfieldError

MISSING = frozenset(
    {
        "",
        "nan",
        "-nan",
        "+nan",
        "nan(ind)",
        "-nan(ind)",
        "nan(snan)",
        "-nan(snan)",
        "-nan(0x8000000000000)",
        "1.#qnan",
        "-1.#qnan",
        "1.#ind",
        "-1.#ind",
        "na",
        "n/a",
        "#n/a",
        "#nv",
        "#wert!",
        "#value!",
        "null",
        "none",
        "-",
        "--",
        "---",
        "*",
        "***",
        "invalid",
    }
    | {"NaN", "NAN", "-NaN", "-NAN", "+NaN", "NA", "N/A", "#N/A", "#NV", "NULL", "None", "Invalid"}
    | {"-nan(IND)", "nan(IND)", "-NaN(Ind)", "-NAN(IND)", "1.#QNAN", "-1.#QNAN", "1.#IND"}
    | {"-1.#IND", "#WERT!", "#VALUE!"}
)
"""Entries that stand for no result."""

NUMBER = re.compile(r"[+-]?(\d[\d.,'\N{RIGHT SINGLE QUOTATION MARK}]*|[.,]\d+)([eEdD][+-]?\d+)?")
CLOCK = re.compile(r"(\d+:)?\d{1,2}:\d{1,2}([.,]\d+)?( ?[AaPp][Mm])?")
DATE = re.compile(
    r"(\d{4}-\d{2}-\d{2}[T ]|\d{1,2}([./])\d{1,2}\2\d{4}[, ]+)"
    r"\d{1,2}:\d{2}(:\d{2}\S*)?( [AaPp][Mm])?"
)
DATES = (
    "ISO8601",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S.%f",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M:%S.%f %p",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S.%f",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S.%f",
)
"""With slashes the month goes first where it can; differences are the same within a month."""

DAY = 86400.0
MINUS = "\N{MINUS SIGN}"
SPACED = re.compile(r"(?<=\d) (?=\d{3}(?:\D|$))")
BLANKS = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"
GROUPED = {",": re.compile(r"[+-]?\d{1,3}(,\d{3})+"), ".": re.compile(r"[+-]?\d{1,3}(\.\d{3})+")}


def is_number(entry: str) -> bool:
    """Whether an entry is a number, whatever its decimal sign, or a time of the clock."""
    text = SPACED.sub("", without_spaces(entry).strip())
    return any(kind.fullmatch(text) for kind in (NUMBER, CLOCK)) or DATE.match(text) is not None


def without_spaces(text: str) -> str:
    """Text without blanks and apostrophes between groups of thousands, and with plain minus signs.

    Plain blanks count where entries have another delimiter (``SPACED``).
    """
    if MINUS in text:
        text = text.replace(MINUS, "-")
    for sign in BLANKS:
        if sign in text:
            text = re.sub(rf"(?<=\d){sign}(?=\d{{3}})", "", text)
    for sign in ("'", "\N{RIGHT SINGLE QUOTATION MARK}"):
        if sign in text:
            text = re.sub(rf"(?<=\d){sign}(?=\d{{3}})", "", text)
    return text


def decimal_sign(path: Path, body: str, delimiter: str | None) -> tuple[str, str | None]:
    """Decimal sign of all rows of a table, and the sign between groups of thousands or None.

    Raises
    ------
    SlipfieldError
        If some rows have decimal points and others decimal commas.
    """
    quoted = '"' in body
    if "," not in body or (delimiter == "," and not quoted):
        return ".", None
    if "." not in body and delimiter != ",":
        return ",", None
    entries = r'"[^"\n]*"' if delimiter == "," else rf"[^{delimiter or ' '}\s\"]+"
    commas, points, groups = False, False, {",": True, ".": True}
    for entry in set(re.findall(entries, body)):
        text = entry.strip('" ')
        if not is_number(text) or _is_date(text):
            continue
        comma, point = text.rfind(","), text.rfind(".")
        if comma >= 0 and point >= 0:
            return (",", ".") if comma > point else (".", ",")
        if comma >= 0:
            commas, groups[","] = True, groups[","] and bool(GROUPED[","].fullmatch(text))
        elif point >= 0:
            points, groups["."] = True, groups["."] and bool(GROUPED["."].fullmatch(text))
    if not commas:
        return ".", None
    if not points:
        return (".", ",") if groups[","] and delimiter == "," else (",", None)
    if groups["."] != groups[","]:
        return (",", ".") if groups["."] else (".", ",")
    raise SlipfieldError(
        f"{path}: decimal points and decimal commas in one table; export the file again with one"
    )


def seconds(entries: Sequence[str]) -> np.ndarray | None:
    """Seconds of times of the clock (``0:01:02,5``), or since the first of dates with times.

    A clock that falls by more than half a day has passed midnight. None if the entries are neither.
    """
    if all(CLOCK.fullmatch(entry.strip()) for entry in entries):
        clock = np.array([_clock(entry.strip().replace(",", ".")) for entry in entries])
        return clock + DAY * np.cumsum(np.diff(clock, prepend=clock[0]) < -0.5 * DAY)
    if not all(DATE.match(entry) for entry in entries):
        return None
    for form in DATES:
        try:
            dates = pd.to_datetime(pd.Series(list(entries)).str.replace(",", "."), format=form)
        except ValueError:
            continue
        return (dates - dates.iloc[0]).dt.total_seconds().to_numpy()
    return None


def _clock(text: str) -> float:
    """Seconds of a time such as ``1:02.5``, ``10:01:02`` or ``1:01:02 PM``."""
    bare = text.upper().rstrip("APM ")
    time = sum(60**i * float(part) for i, part in enumerate(reversed(bare.split(":"))))
    if bare == text:
        return time
    return time % (0.5 * DAY) + (0.5 * DAY if "P" in text.upper() else 0.0)


def _is_date(text: str) -> bool:
    """Whether a text has a sign twice and yet no groups of thousands, such as 31.12.2024."""
    return any(text.count(s) > 1 and not GROUPED[s].match(text) for s in ",.")
