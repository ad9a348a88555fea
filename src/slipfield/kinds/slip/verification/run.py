"""Run the chapters, print what passed and keep the results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console, JustifyMethod
from rich.table import Table as RichTable

from slipfield.core.errors import SlipfieldError
from slipfield.core.progress import track
from slipfield.kinds.slip.verification import (
    convergence,
    derivatives,
    energy,
    equilibrium,
    point_law,
    ranks,
    robustness,
    solid_chapter,
    solid_law,
)
from slipfield.kinds.slip.verification.result import ORDER, Chapter, write_chapter

FUNCTIONS: tuple[Callable[[], Chapter], ...] = (
    point_law.chapter,
    solid_law.chapter,
    equilibrium.chapter,
    solid_chapter.chapter,
    equilibrium.second_solver_chapter,
    energy.chapter,
    derivatives.chapter,
    ranks.chapter,
    robustness.chapter,
    convergence.time_chapter,
    convergence.mesh_chapter,
)
CHAPTERS = dict(zip(ORDER, FUNCTIONS, strict=True))


def run_verification(folder: Path, only: list[str] | None = None) -> bool:
    """Run all chapters, or some; write ``<chapter>.json`` and print the checks.

    Returns
    -------
    Whether all checks passed.

    Raises
    ------
    SlipfieldError
        If a chapter is unknown.
    """
    names = only or list(CHAPTERS)
    if unknown := [name for name in names if name not in CHAPTERS]:
        raise SlipfieldError(f"only: given {unknown[0]!r}; chapters are {', '.join(CHAPTERS)}")
    found = []
    for name in track(names, "verification"):
        found.append(CHAPTERS[name]())
        write_chapter(found[-1], folder)
    print_checks(found)
    return all(chapter.passed for chapter in found)


def print_checks(chapters: list[Chapter]) -> None:
    """Print every check with its tolerance."""
    table = RichTable(title="Verification", title_justify="left")
    sides: dict[str, JustifyMethod]
    sides = {"check": "left", "measured": "right", "limit": "right", "": "left"}
    for head, side in sides.items():
        table.add_column(head, justify=side)
    for chapter in chapters:
        table.add_row(f"[bold]{chapter.title}[/bold]")
        for check in chapter.checks:
            bound = f"{'>=' if check.at_least else '<='} {check.limit:.3g}"
            verdict = "[green]pass[/green]" if check.passed else "[red]FAIL[/red]"
            table.add_row(f"  {check.name}", f"{check.measured:.3g}", bound, verdict)
    Console().print(table)
