"""Which results in a search's folder were made by another study."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from slipfield.core.files import write_text
from slipfield.core.recorded import differing, forget, recorded_json
from slipfield.kinds.search.evaluate import evaluators_study
from slipfield.kinds.search.study import SearchStudy

STUDY = "study.json"
TABLES = ("asked.csv", "told.csv")


def made_by(study: SearchStudy, place: str) -> dict:
    """What decides the trials in ``place`` ("rounds/0003", "comparison/random")."""
    content = study.model_dump(mode="json")
    kept = study.physics()
    if study.evaluator is not None:
        table = evaluators_study(study)[0].physics().get("content")
        kept |= {} if table is None else {"evaluator_table": table}
    if place.startswith("comparison"):
        return {**kept, "comparison": content["comparison"]}
    kept["search"] = {key: value for key, value in content["search"].items() if key != "rounds"}
    kept["search"]["initial"] = study.initial_trials
    return kept


@contextmanager
def recorded(study: SearchStudy, place: str, folder: Path) -> Iterator[None]:
    """Write tables of a folder in the block; what decided their trials is written down after it."""
    forget(folder / STUDY)
    yield
    write_text(folder / STUDY, json.dumps(made_by(study, place), indent=1) + "\n")


def stale(study: SearchStudy, folder: Path) -> dict[Path, str]:
    """Find tables in ``folder`` that are not of ``study``: path -> what differs."""
    found: dict[Path, str] = {}
    for place in sorted((*folder.glob("rounds/*"), *folder.glob("comparison/*"))):
        tables = [place / name for name in TABLES if (place / name).exists()]
        tables += sorted(place.glob("trials/*.csv"))
        if tables and (differs := _differs(study, place)):
            found |= dict.fromkeys(tables, differs)
    return found


def stale_tables(study: SearchStudy, tables: Iterable[Path]) -> dict[Path, str]:
    """Find told tables of another study, or of fewer trials than were asked for in their folder.

    People's own tables lie beside no word of a study.
    """
    found = {}
    for path in tables:
        if not (path.parent / STUDY).exists():
            continue
        if differs := _differs(study, path.parent):
            found[path] = differs
        elif missing := _trials(path.with_name(TABLES[0])) - _trials(path):
            found[path] = f"trial {min(missing)}, which is no longer in it"
    return found


def _trials(path: Path) -> set[str]:
    """Numbers of trials in a table; none if it cannot be read."""
    try:
        with open(path, newline="", encoding="utf-8") as handle:
            return {row["trial"] for row in csv.DictReader(handle)}
    except (OSError, ValueError, KeyError, csv.Error):
        return set()


def _differs(study: SearchStudy, place: Path) -> str:
    """Name what decided the trials in a folder, if that is not of ``study``."""
    theirs = recorded_json(place / STUDY)
    theirs = theirs if isinstance(theirs, dict) else {}
    for name, value in made_by(study, f"{place.parent.name}/{place.name}").items():
        if differs := differing(name, theirs.get(name), value):
            return differs
    return ""
