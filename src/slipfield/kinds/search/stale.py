"""Which results in a search's folder were made by another study."""

from __future__ import annotations

import json
from pathlib import Path

from slipfield.core.files import write_text
from slipfield.core.recorded import recorded_json
from slipfield.kinds.search.study import SearchStudy

STUDY = "study.json"
TABLES = ("asked.csv", "told.csv")


def made_by(study: SearchStudy, place: str) -> dict:
    """What decides the trials in ``place`` ("rounds/0003", "comparison/random")."""
    content = study.model_dump(mode="json")
    kept = {name: content[name] for name in SearchStudy.PHYSICS}
    if place.startswith("comparison"):
        return {**kept, "comparison": content["comparison"]}
    kept["search"] = {key: value for key, value in content["search"].items() if key != "rounds"}
    kept["search"]["initial"] = study.initial_trials
    return kept


def record(study: SearchStudy, place: str, folder: Path) -> None:
    """Write down what decided the trials of a folder."""
    write_text(folder / STUDY, json.dumps(made_by(study, place), indent=1) + "\n")


def stale(study: SearchStudy, folder: Path) -> dict[Path, str]:
    """Find tables in ``folder`` that are not of ``study``: path -> what differs."""
    found: dict[Path, str] = {}
    for place in sorted((*folder.glob("rounds/*"), *folder.glob("comparison/*"))):
        tables = [place / name for name in TABLES if (place / name).exists()]
        tables += sorted(place.glob("trials/*.csv"))
        theirs = recorded_json(place / STUDY)
        theirs = theirs if isinstance(theirs, dict) else {}
        ours = made_by(study, f"{place.parent.name}/{place.name}")
        differs = [name for name, value in ours.items() if theirs.get(name) != value]
        if tables and differs:
            found |= dict.fromkeys(tables, f"another {differs[0]}")
    return found
