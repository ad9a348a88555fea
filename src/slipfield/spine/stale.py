"""Which results of a study whose stages are the shared ones were made by another study."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import kind_named, load
from slipfield.core.recorded import recorded_attributes, recorded_study
from slipfield.spine.study import SpineStudy


def stale(study: SpineStudy, folder: Path) -> dict[Path, str]:
    """Find results in ``folder`` that are not of ``study``: path -> what differs."""
    return {path: differs for path, differs in _found(study, folder)}


def refuse_stale(study: SpineStudy, folder: Path) -> None:
    """Refuse to show results of another study.

    Raises
    ------
    SlipfieldError
        Naming the first file.
    """
    for path, differs in _found(study, folder):
        raise SlipfieldError(
            f"{path}: made with {differs}; run the study again, or name the study file that made it"
        )


def _found(study: SpineStudy, folder: Path) -> Iterator[tuple[Path, str]]:
    from slipfield.spine.design import design_text

    path = folder / "samples.csv"
    if path.exists():
        design = load(kind_named(study.kind, study.name).design)(study)
        if path.read_text(encoding="utf-8", errors="replace") != design_text(design):
            yield path, "another design than the study's"
    physics = study.physics_hash()
    for path in (*sorted(folder.glob("shards/*.nc")), folder / "dataset.nc"):
        found = recorded_attributes(path)
        if found is not None and found.get("physics_hash") != physics:
            made = found.get("physics_hash")
            yield path, f"physics_hash = {made}, but the study has {physics}"
    ours = study.model_dump(mode="json")["crossval"]
    for path in sorted(folder.glob("crossval/*.json")):
        theirs = (recorded_study(path) or {}).get("crossval")
        if not isinstance(theirs, dict):
            yield path, "no readable study"
            continue
        for name, value in ours.items():
            if name != "models" and theirs.get(name) != value:
                yield path, f"crossval.{name} = {theirs.get(name)}, but the study has {value}"
                break
