"""Load curves as testing machines export them: time, load or stress, and perhaps an extension.

Names are met in English, German and French. Facts and results may come before the table, and the
units in the names, in brackets behind them, or in a line of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers.tables import Column, read_table

TIMES = (
    r"(test|running|run|elapsed|total|relative|segment)?_?time(_?stamp)?|t",
    r"time_0|time_measurement|date_?(and_)?time",
    r"(pr.f|versuchs|mess)?_?zeit|uhrzeit|datum_?(und_)?(uhr)?zeit",
    r"temps(_total)?|heure|x_value",
)
LOADS = (
    r"(standard|axial|tensile|primary|test|instron|mts|measured|actual)?_?(load|force)(_cell)?",
    r"(load|force)_(standard|primary|logic|1)|f|fx|load_cell|channel_load",
    r"(standard|pr.f|zug|axial|test|ist)?kraft(_f)?|pr.fkraft_f|last",
    r"(force|charge|effort)(_standard)?|charge",
)
STRESSES = (
    r"(tensile|axial|engineering|nominal|standard)?_?stress(_standard)?",
    r"(zug|nenn|standard)?spannung|contrainte(_nominale)?",
)
EXTENSIONS = (
    r"displacement|extension|elongation|(dic|video|clip)_?(displacement|extension)",
    r"(tensile|axial|standard)_(displacement|extension|elongation)|extensometer(_1)?",
    r"standard_?travel|standardweg|verl.ngerung|l.ngen.nderung|allongement|d.placement",
    r"crosshead(_(displacement|extension|travel|position|separation))?|stroke|position|grip_travel",
    r"(strain_/_)?deformation|verformung",
    r"traverse(nweg|nposition)?(_absolut)?|weg|verschiebung|kolbenweg|course|d.placement_traverse|travel|crosshead_absolute",
)
"""Names, the better measure first: where several are there the first that fits counts."""

POSITIONS = (r"crosshead_(absolute|position|separation)", "position", r"traverse\w*_absolut")
"""Names of places in the frame, which do not start at 0."""

STRAINS = (r"(\w+_)?strain",)
"""Here a name, although a unit as well."""

KNOWN = (*TIMES, *LOADS, *STRESSES, *EXTENSIONS, *STRAINS)
LARGEST_REST = 0.05
"""Share of rows that may hold no load, as a channel was not read."""


@dataclass(frozen=True)
class LoadCurve:
    """A load curve: time (n,) s or None, load (n,) N or stress (n,) MPa, displacement (n,) mm.

    ``displacement_name`` is what the file calls the displacement.
    """

    time: np.ndarray | None
    load: np.ndarray
    is_stress: bool
    displacement: np.ndarray | None
    displacement_name: str = ""


def knows(names: Sequence[str]) -> bool:
    """Whether names of columns are those of a load curve."""
    bare = [name_parts(name)[0] for name in names]
    load = any(fits(name, (*LOADS, *STRESSES)) for name in bare)
    return load and (len(names) == 1 or any(fits(name, (*TIMES, *EXTENSIONS)) for name in bare))


def read(path: Path, unit: str | None, positions: Sequence[str] = POSITIONS) -> LoadCurve:
    """Read a load curve; the unit is that of the header or, if it has none, ``unit``.

    Displacements in columns called ``positions`` are places in the frame and count from the first.
    Rows that repeat the time before them are left out, as are rows without any number.

    Raises
    ------
    SlipfieldError
        If a column or its unit is missing, or the times do not ascend.
    """
    columns = list(read_table(path, knows=knows).values())
    column = pick(path, columns, LOADS, "loads") or pick(path, columns, STRESSES, "stresses")
    column = column or by_unit(columns, units.force)
    if column is None:
        raise SlipfieldError(
            f"{path}: no column of loads or stresses, for example load_N or stress_MPa; the "
            f"columns are {', '.join(repr(each.name) for each in columns[:8])}"
        )
    factor, is_stress = _load_factor(path, column, unit)
    load = factor * column.values
    time = read_times(path, columns)
    lengths = [each for each in columns if units.plain(unit_of(each)) not in units.STRAINS]
    moving = [c for c in lengths if len(np.unique(c.values[np.isfinite(c.values)])) > 1]
    extension = pick(path, lengths, EXTENSIONS, "extensions") or by_unit(moving, units.length)
    displacement = None
    if extension is not None:
        displacement = scaled(path, extension, units.length, "mm, um, m or inch")
        known = displacement[np.isfinite(displacement)]
        if len(known) and fits(name_parts(extension.name)[0], positions):
            displacement = displacement - known[0]
    keep = _rows(path, load, time)
    time, displacement = (None if v is None else v[keep] for v in (time, displacement))
    return LoadCurve(
        time, load[keep], is_stress, displacement, "" if extension is None else extension.name
    )


def read_times(path: Path, columns: Sequence[Column]) -> np.ndarray | None:
    """Times (n,), s, in a table; None if it has no column of them.

    It may have any name, if no other column has a unit of time.

    Raises
    ------
    SlipfieldError
        If several columns may be the times, or their unit is none of time.
    """
    column = pick(path, columns, TIMES, "times") or by_unit(columns, units.time)
    if column is not None:
        return scaled(path, column, units.time, "s, ms, min or h")
    several = [each.name for each in columns if units.time(unit_of(each)) is not None]
    if several:
        raise SlipfieldError(
            f"{path}: columns {' and '.join(map(repr, several[:2]))} have a unit of time; call "
            "that of the test time_s"
        )
    return None


def by_unit(columns: Sequence[Column], factor_of: Callable[[str], float | None]) -> Column | None:
    """Column that is the only one in a unit of a kind, whatever its name: ``Dev1/ai0 [N]``."""
    found = [column for column in columns if factor_of(unit_of(column)) is not None]
    return found[0] if len(found) == 1 and found[0].repeated == 1 else None


def _load_factor(path: Path, column: Column, unit: str | None) -> tuple[float, bool]:
    """Factor to N or MPa, and whether it is a stress."""
    header = unit_of(column)
    if unit and header and unit.lower() != header.lower():
        raise SlipfieldError(f"load-unit: given {unit}; the header of {path} says {header}")
    given = header or unit or ""
    force, stress = units.force(given), units.stress(given)
    if force is None and stress is None:
        raise SlipfieldError(
            f"{path}: unit of the load {given or 'missing'!r}; name it in the header (load_N) or "
            "use --load-unit N, kN or MPa"
        )
    return (force, False) if force is not None else (float(stress or 0), True)


def _rows(path: Path, load: np.ndarray, time: np.ndarray | None) -> np.ndarray:
    """Rows that count; those of a time that was there already, or of no load, do not."""
    known = np.isfinite(load)
    if time is not None and np.isnan(time).all():
        raise SlipfieldError(
            f"{path}: the times are no numbers, and no times like 0:01:02.5, "
            "2024-12-31 10:01:02 or 31.12.2024 10:01:02; export seconds"
        )
    if time is not None:
        known &= np.isfinite(time)
    last = int(np.flatnonzero(known)[-1]) if known.any() else -1
    inside = ~known[: last + 1]
    if last < 0 or inside.mean() > LARGEST_REST:
        row = int(np.flatnonzero(~known)[0]) + 2
        raise SlipfieldError(f"{path}: the load is not a number in row {row}")
    if time is None:
        return known
    rows = np.flatnonzero(known)
    steps = np.diff(time[rows])
    if np.any(steps < 0):
        back = int(rows[1:][steps < 0][0])
        again = time[back] <= time[rows[0]] + LARGEST_REST * np.ptp(time[rows])
        why = "; the file holds several tests or segments, export one" if again else ""
        raise SlipfieldError(
            f"{path}: times must ascend; row {back + 1} does not follow the one before{why}"
        )
    known[rows[1:][steps == 0]] = False
    return known


def scaled(
    path: Path,
    column: Column,
    factor_of: Callable[[str], float | None],
    expected: str,
    bare: float | None = 1.0,
) -> np.ndarray:
    """Values of a column in the unit of this package.

    ``bare`` is the factor of a column that names no unit; None: it has to.

    Raises
    ------
    SlipfieldError
        If the unit is missing or of another kind than ``expected``.
    """
    unit = unit_of(column)
    factor = factor_of(unit) if unit else bare
    if factor is None:
        raise SlipfieldError(
            f"{path}: unit {unit or 'missing'!r} of column {column.name!r}; expected {expected}"
        )
    return factor * column.values


def pick(path: Path, columns: Sequence[Column], names: tuple[str, ...], what: str) -> Column | None:
    """Column of the first of ``names``, patterns of plain names, that one has.

    ``what`` says in the error what the columns hold.

    Raises
    ------
    SlipfieldError
        If two columns have it.
    """
    for pattern in names:
        found = [c for c in columns if fits(name_parts(c.name)[0], (pattern,))]
        twice = [c for c in found if c.repeated > 1]
        if len(found) > 1 or twice:
            both = " and ".join(repr(c.name) for c in (found if len(found) > 1 else twice * 2)[:2])
            raise SlipfieldError(f"{path}: columns {both} are both {what}; leave one of them out")
        if found:
            return found[0]
    return None


def fits(name: str, patterns: Sequence[str]) -> bool:
    """Whether a plain name is one of the patterns."""
    return any(re.fullmatch(pattern, name) for pattern in patterns)


@lru_cache(maxsize=1000)
def name_parts(name: str) -> tuple[str, str]:
    """Name in small letters with underscores, and the unit that it ends with, if any.

    Units follow after an underscore, a blank, a comma, a slash or "in": ``load_kN``, ``Time s``,
    ``Zeit/s``, ``Kraft in N``.
    """
    text = re.sub(r"\s+", " ", name.strip())
    match = re.fullmatch(r"(?P<stem>.*?\w)\s*(?P<by>_| in |,|/| )\s*(?P<unit>[^\s_,]+)", text)
    if match is None or fits(_plain(text), KNOWN):
        return _plain(text), ""
    stem = _plain(match["stem"])
    if match["unit"].isdigit():
        return _plain(text), ""
    named = fits(stem, KNOWN) and match["by"] != " "
    is_name = named or units.is_unit(match["unit"])
    return (stem, match["unit"]) if is_name else (_plain(text), "")


def _plain(name: str) -> str:
    """Name in small letters with underscores, without remarks such as ``(8800 (0,1):Load)``."""
    bare = re.sub(r"\([^()]*\)", " ", re.sub(r"\([^()]*\)", " ", name))
    return re.sub(r"[\s_\-.]+", "_", bare).strip("_").lower()


def unit_of(column: Column) -> str:
    """Unit of a column, in its header or at the end of its name."""
    return column.unit or name_parts(column.name)[1]
