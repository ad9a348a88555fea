"""Which results of a study of micrographs were made by another study."""

from __future__ import annotations

import json
from pathlib import Path

from slipfield.core.recorded import made_otherwise
from slipfield.kinds.micrograph.study import MicrographStudy

TASKS = ("boundaries", "phases")


def stale(study: MicrographStudy, folder: Path) -> dict[Path, str]:
    """Find results in ``folder`` that are not of ``study``: path -> what differs."""
    found: dict[Path, str] = {}
    ours = study.model_dump(mode="json")
    for task in TASKS:
        for path in sorted((folder / "weights" / task).glob("*.safetensors")):
            if path.stem in ours[task]["variants"] and (differs := _training(study, task, path)):
                found[path] = differs
        path = folder / "scores" / f"{task}.json"
        if path.exists() and (differs := made_otherwise(path, study, ("images", task))):
            found[path] = differs
    return found


def _training(study: MicrographStudy, task: str, path: Path) -> str:
    """What differs between the training of a network's file and the study's, or nothing."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            theirs = json.loads((file.metadata() or {})["training"])
    except (OSError, SafetensorError, KeyError, ValueError):
        return "no readable training"
    wanted = study.networks(task)
    ours = {
        "presets": json.dumps(list(wanted.presets)),
        "images": str(wanted.images),
        "seed": wanted.seed,
        "steps": wanted.steps,
    }
    for name, value in ours.items():
        if theirs.get(name) != value:
            return f"another {task}.{name} than the study's"
    return ""
