"""Which results of a study of curves were made by another study."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from slipfield.core.recorded import altered, made_otherwise, stale_results
from slipfield.kinds.curves.study import CurvesStudy

GRID = ("grid.points", "grid.true_strain_to")
SCORED = (
    *("physics_hash", "grid"),
    *(f"learning.{name}" for name in ("schemes", "random_splits", "left_out_settings", "seed")),
)
TRAINED = ("physics_hash", "grid", "learning.seed", "published.epochs")
LEARNT = {"scores": SCORED, "published": TRAINED}
"""Folder of tables of scores -> what they depend on; a JSON file beside each names its study."""

PUBLISHED = "published"
"""Name of the published network among the learners."""


def stale(study: CurvesStudy, folder: Path) -> dict[Path, str]:
    """Find results in ``folder`` that are not of ``study``: path -> what differs."""
    return {path: differs for path, differs in _found(study, folder) if differs}


def _found(study: CurvesStudy, folder: Path) -> Iterator[tuple[Path, str]]:
    for path in (*sorted(folder.glob("shards/*.nc")), folder / "curves.nc"):
        if path.exists():
            fields = ("physics_hash", *(GRID if path.stem == "curves" else ()))
            yield path, made_otherwise(path, study, fields)
    for part, fields in LEARNT.items():
        for path in sorted(folder.glob(f"{part}/*.csv")):
            yield from stale_results(path.with_suffix(".json"), study, fields, [path]).items()
    learners = folder / "tables" / "learners.csv"
    yield learners, _other_rows(study, learners)
    yield from altered(learners.with_suffix(".json")).items()


def _other_rows(study: CurvesStudy, path: Path) -> str:
    """Whether the table of learners is of other learners or settings than the study's."""
    if not path.exists():
        return ""
    learning = study.learning
    ours: set[tuple[str, str]] = {(n, str(k)) for n in learning.learners for k in learning.settings}
    if study.published.groups:
        ours |= {(PUBLISHED, str(k)) for k in study.published.settings}
    try:
        with open(path, newline="", encoding="utf-8") as handle:
            made = {(row["learner"], row["setting"]) for row in csv.DictReader(handle)}
    except (OSError, KeyError, ValueError):
        return "no readable rows"
    return "" if made == ours else "other learners or settings than the study's"
