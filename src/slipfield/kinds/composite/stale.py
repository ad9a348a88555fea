"""Which results in a study's folder were made by another study: each says what made it."""

from __future__ import annotations

from pathlib import Path

from slipfield.core.recorded import stale_results
from slipfield.kinds.composite.study import CompositeStudy

BOX = ("cell", "bounds", "targets", "design", "surrogate")
MADE_BY: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("samples.json", ("samples.csv",), ("cell.inclusions", "bounds", "surrogate")),
    ("cells.nc", ("cells.nc",), ("cell", "bounds", "surrogate")),
    ("fields.nc", ("fields.nc",), ("cell", "bounds")),
    ("reduced.json", ("reduced.csv",), ("cell", "bounds", "surrogate")),
    (
        "boxes/design.json",
        ("boxes/design.json", "boxes/front.csv", "boxes/front-curve.csv"),
        BOX,
    ),
    (
        "tables/study.json",
        (
            "tables/table1-composite.csv",
            "tables/table2-composite.csv",
            "tables/recheck-composite.csv",
            "tables/table1-quality.csv",
        ),
        ("cell", "bounds", "surrogate"),
    ),
    (
        "baselines/study.json",
        (
            "baselines/fitted.csv",
            "baselines/evolved.csv",
            "baselines/sums.csv",
            "baselines/table4-composite.csv",
        ),
        (*BOX, "baselines"),
    ),
)
"""File that names the study behind a stage's results, the results, the sections (or fields) that
matter."""


def results_of(part: str, folder: Path) -> list[Path]:
    """Files in ``folder`` of the stages that write below ``part`` of a study's folder."""
    names = (Path(name) for _, results, _ in MADE_BY for name in results)
    return [folder / name.name for name in names if name.parent == Path(part)]


def stale(study: CompositeStudy, folder: Path) -> dict[Path, str]:
    """Find results in ``folder`` that are not of ``study``: path -> what differs."""
    found: dict[Path, str] = {}
    for witness, results, sections in MADE_BY:
        there = [folder / name for name in results if (folder / name).exists()]
        if there:
            found |= stale_results(folder / witness, study, sections, there)
    return found
