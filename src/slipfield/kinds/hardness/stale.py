"""Which results of a hardness study were made by another study."""

from __future__ import annotations

from pathlib import Path

from slipfield.core.recorded import stale_results
from slipfield.kinds.hardness.study import HardnessStudy

NEEDED = {
    "scores": ("table", "physics_hash", "validation.draws", "validation.seed"),
    "explained": ("table", "physics_hash", "validation"),
}


def stale(study: HardnessStudy, folder: Path) -> dict[Path, str]:
    """Find results in ``folder`` that are not of ``study``: path -> what differs."""
    from slipfield.kinds.hardness.stages import table_text

    found = {}
    path = folder / "table.csv"
    if path.exists():
        if path.read_text(encoding="utf-8", errors="replace") != table_text(study):
            found[path] = "another table than the study's"
    for path in (*sorted(folder.glob("scores/*.json")), folder / "explained.json"):
        fields = NEEDED["explained" if path.stem == "explained" else "scores"]
        if path.exists():
            found |= stale_results(path, study, fields)
    return found
