"""Which results in a study's folder were made by another study: each says what made it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from slipfield.core.files import write_text
from slipfield.core.recorded import recorded_attributes, recorded_study
from slipfield.kinds.composite.study import CompositeStudy

BOX = ("cell", "bounds", "targets", "design", "surrogate")
MADE_BY: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("samples.json", ("samples.csv",), ("bounds", "surrogate")),
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
"""File that names the study behind a stage's results, the results, the sections that matter."""


def record(study: CompositeStudy, path: Path) -> None:
    """Write down the study beside the tables that it made."""
    write_text(path, json.dumps({"study": study.model_dump(mode="json")}, indent=1) + "\n")


def stale(study: CompositeStudy, folder: Path) -> dict[Path, str]:
    """Find results in ``folder`` that are not of ``study``: path -> what differs."""
    ours = study.model_dump(mode="json")
    found: dict[Path, str] = {}
    for witness, results, sections in MADE_BY:
        there = [folder / name for name in results if (folder / name).exists()]
        if not there:
            continue
        theirs = _study_of(folder / witness)
        for section in sections:
            if theirs.get(section) != ours[section]:
                found |= dict.fromkeys(there, f"another {section}")
                break
    return found


def _study_of(path: Path) -> dict[str, Any]:
    """Study that a file names; empty if it names none."""
    if path.suffix == ".nc":
        try:
            content = json.loads((recorded_attributes(path) or {}).get("study", ""))
        except (TypeError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}
    return recorded_study(path) or {}
