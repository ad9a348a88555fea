"""Which results of a hardness study were made by another study."""

from __future__ import annotations

from pathlib import Path

from slipfield.core.recorded import recorded_study
from slipfield.kinds.hardness.study import HardnessStudy

NEEDED = {
    "scores": ("table", "validation.draws", "validation.seed"),
    "explained": ("table", "validation"),
}


def stale(study: HardnessStudy, folder: Path) -> dict[Path, str]:
    """Find results in ``folder`` that are not of ``study``: path -> what differs."""
    from slipfield.kinds.hardness.stages import table_text

    found = {}
    path = folder / "table.csv"
    if path.exists():
        if path.read_text(encoding="utf-8", errors="replace") != table_text(study):
            found[path] = "another table than the study's"
    ours = study.model_dump(mode="json")
    for path in (*sorted(folder.glob("scores/*.json")), folder / "explained.json"):
        if not path.exists():
            continue
        theirs = recorded_study(path)
        if theirs is None:
            found[path] = "no readable study"
            continue
        for field in NEEDED["explained" if path.stem == "explained" else "scores"]:
            if _at(theirs, field) != _at(ours, field):
                found[path] = f"another {field} than the study's"
                break
    return found


def _at(content: dict, field: str) -> object:
    section, _, name = field.partition(".")
    value = content.get(section)
    return value.get(name) if name and isinstance(value, dict) else value
