"""Which results of a study of micrographs were made by another study."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from slipfield.core.digest import file_digest
from slipfield.core.recorded import made_otherwise, recorded_json
from slipfield.kinds.micrograph.closing import CLASSICAL
from slipfield.kinds.micrograph.defaults import shipped
from slipfield.kinds.micrograph.study import MicrographStudy

TASKS = ("boundaries", "phases")


def network_digests(task: str, variants: Iterable[str], weights: Path) -> dict[str, str]:
    """SHA-256 of what methods have learnt: what comes with Slipfield, and a study's networks."""
    files = {"network": shipped(task)}
    if task == "boundaries":
        files["classical methods"] = CLASSICAL
    files |= {f"trained {name}": weights / f"{name}.safetensors" for name in variants}
    return {name: file_digest(path) for name, path in files.items() if path.exists()}


def stale(study: MicrographStudy, folder: Path) -> dict[Path, str]:
    """Find results in ``folder`` that are not of ``study``: path -> what differs."""
    found: dict[Path, str] = {}
    ours = study.model_dump(mode="json")
    for task in TASKS:
        for path in sorted((folder / "weights" / task).glob("*.safetensors")):
            if path.stem in ours[task]["variants"] and (differs := _training(study, task, path)):
                found[path] = differs
        path = folder / "scores" / f"{task}.json"
        if path.exists() and (
            differs := made_otherwise(path, study, ("images", task)) or _scored(study, task, path)
        ):
            found[path] = differs
    return found


def _scored(study: MicrographStudy, task: str, path: Path) -> str:
    """Name a network that is not the one scored, or nothing; older scores name none."""
    content = recorded_json(path)
    scored = content.get("networks") if isinstance(content, dict) else None
    if not isinstance(scored, dict):
        return ""
    weights = path.parent.parent / "weights" / task
    now = network_digests(task, study.networks(task).variants, weights)
    others = [name for name, digest in now.items() if scored.get(name) != digest]
    return f"other weights of {', '.join(others)} than there are now" if others else ""


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
