"""What a chapter of the verification found: checks, tables and curves, kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from slipfield.core.errors import SlipfieldError, one_line
from slipfield.core.files import write_text

ORDER = (
    "point_law",
    "solid_law",
    "equilibrium",
    "solid",
    "second_solver",
    "energy",
    "derivatives",
    "ranks",
    "robustness",
    "time_step",
    "mesh",
)


@dataclass
class Check:
    """One number against its tolerance.

    Attributes
    ----------
    name : what was compared.  measured, limit : in the unit that the name implies.
    at_least : the measured number must not be below the limit instead of not above it.
    """

    name: str
    measured: float
    limit: float
    at_least: bool = False

    @property
    def passed(self) -> bool:
        """Whether the number keeps its tolerance (never for NaN)."""
        measured, limit = self.measured, self.limit
        return bool(measured >= limit if self.at_least else measured <= limit)


@dataclass
class Table:
    """Rows of numbers and words under column heads."""

    title: str
    columns: list[str]
    rows: Sequence[Sequence[str | float]]


@dataclass
class Curves:
    """Lines of one figure: name -> (x, y)."""

    title: str
    x_label: str
    y_label: str
    lines: dict[str, tuple[list[float], list[float]]]
    log: bool = False


@dataclass
class Maps:
    """Images side by side: name -> rows from y = 0 upwards."""

    title: str
    label: str
    images: dict[str, list[list[float]]]


@dataclass
class Chapter:
    """One chapter: what was done, in a few sentences, and what came out."""

    name: str
    title: str
    text: str
    checks: list[Check] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    curves: list[Curves] = field(default_factory=list)
    maps: list[Maps] = field(default_factory=list)

    def check(self, name: str, measured: float, limit: float, at_least: bool = False) -> None:
        """Add a check."""
        self.checks.append(Check(name, float(measured), limit, at_least))

    @property
    def passed(self) -> bool:
        """Whether all checks passed."""
        return all(check.passed for check in self.checks)


def write_chapter(chapter: Chapter, folder: Path) -> None:
    """Write a chapter to ``<folder>/<name>.json``."""
    write_text(folder / f"{chapter.name}.json", json.dumps(asdict(chapter), indent=1) + "\n")


def read_chapter(path: Path) -> Chapter:
    """Read a chapter.

    Raises
    ------
    SlipfieldError
        If the file is missing or not a chapter.
    """
    parts = {"checks": Check, "tables": Table, "curves": Curves, "maps": Maps}
    try:
        content = json.loads(path.read_text())
        for name, kind in parts.items():
            content[name] = [kind(**entry) for entry in content[name]]
        return Chapter(**content)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SlipfieldError(
            f"{path}: not a chapter of `slipfield verify`: {one_line(error)}"
        ) from error
