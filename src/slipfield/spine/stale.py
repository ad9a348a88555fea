"""Which results of a study whose stages are the shared ones were made by another study."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slipfield.core.kind import kind_named, load
from slipfield.core.recorded import recorded_attributes, refuse_others, stale_results
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
    refuse_others(stale(study, folder))


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
    settings = (
        f"crossval.{name}" for name in type(study.crossval).model_fields if name != "models"
    )
    fields = (*study.PHYSICS, *settings)
    for path in sorted(folder.glob("crossval/*.json")):
        yield from stale_results(path, study, fields).items()
