"""Which results of a study of curves were made by another study."""

from __future__ import annotations

import json
from pathlib import Path

from slipfield.core.recorded import recorded_attributes
from slipfield.kinds.curves.study import CurvesStudy

GRID = ("points", "true_strain_to")


def stale(study: CurvesStudy, folder: Path) -> dict[Path, str]:
    """Find results in ``folder`` that are not of ``study``: path -> what differs."""
    physics, grid, found = study.physics_hash(), study.grid.model_dump(), {}
    for path in (*sorted(folder.glob("shards/*.nc")), folder / "curves.nc"):
        made = recorded_attributes(path)
        if made is None:
            continue
        if made.get("physics_hash") != physics:
            found[path] = f"physics_hash = {made.get('physics_hash')}, but the study has {physics}"
        elif path.name == "curves.nc":
            theirs = json.loads(made.get("study", "{}")).get("grid", {})
            if differs := [name for name in GRID if theirs.get(name) != grid[name]]:
                name = differs[0]
                found[path] = f"grid.{name} = {theirs.get(name)}, but the study has {grid[name]}"
    return found
