"""What made a result, as the result itself says, and which results another study has made.

Every result of a study's folder names the study that made it, or hashes of it; results that rest on
data or weights name those as well. The workflow, `report` and `figure` compare. Nothing large is
read and nothing heavy imported here: the workflow asks at every start.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from slipfield.core.recorded import differing, recorded_attributes, recorded_json
from slipfield.kinds.slip.planning.plan import batches, fold_batches
from slipfield.kinds.slip.study import PARAMETERS, Study

HOW = {"device", "threads", "loader_workers"}
"""Settings of ``learning`` that say where and how fast something runs, not what comes out."""

SETTINGS = {
    "map": ("specimen",),
    "design": ("sampling", "specimen.microstructures"),
    "physics": ("specimen", "material", "loading", "solver"),
    "model": ("learning", "noise"),
    "crossval": (*("learning", "noise", "crossval.folds", "crossval.repeats", "crossval.epochs"),),
    "sweep": ("learning", "noise", "sweep.epochs", "sweep.repeats"),
    "curves": ("learning", "noise", "curves", "crossval.models"),
    "unseen": ("specimen", "material", "sampling", "loading", "solver"),
}
"""Sections, or fields as "section.field", of the study that a kind of result depends on."""

Finding = tuple[Path, str]


def settings(study: Study, kind: str) -> dict[str, Any]:
    """Values of the study that results of ``kind`` depend on, by section or field."""
    dump = study.model_dump(mode="json", exclude={"learning": HOW})
    if kind in ("map", "physics"):
        del dump["specimen"]["microstructures"]
    values = {}
    for entry in SETTINGS[kind]:
        section, _, name = entry.partition(".")
        values[entry] = dump[section][name] if name else dump[section]
    return values


def difference(made: Any, study: Study, kind: str, but: str = "") -> str:
    """First setting of ``kind`` in which a recorded study differs; empty if there is none.

    Parameters
    ----------
    made : dict
        A study as a result records it; fields that are younger than it have their defaults.
    but : field of a section that does not count.
    """
    try:
        theirs = settings(Study.model_validate(made), kind)
    except ValidationError:
        return "a study that this version cannot read"
    for entry, ours in settings(study, kind).items():
        if isinstance(ours, dict):
            ours = {name: value for name, value in ours.items() if name != but}
            theirs[entry].pop(but, None)
        if differs := differing(entry, theirs[entry], ours):
            return differs
    return ""


def dataset_hash(manifest: Mapping[str, Any]) -> str:
    """Identify the data of a manifest: changes with any shard, grain map or reference run.

    Manifests of older versions have digests of their shards alone.
    """
    digests = [entry["sha256"] for entry in manifest["shards"]]
    files = manifest.get("files", {})
    return combined([*digests, *(files[name]["sha256"] for name in sorted(files))])


def combined(digests: Iterable[str]) -> str:
    """One hash (16 hexadecimal digits) of several."""
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]


def stale(study: Study, folder: Path, kinds: Iterable[str] | None = None) -> dict[Path, str]:
    """Find results in ``folder`` that are not of ``study``.

    Parameters
    ----------
    folder : Path
        Folder of the study; results that are not there are not stale.
    kinds : of :data:`KINDS`, optional
        What to look at; by default everything.

    Returns
    -------
    dict
        Path -> what it was made with, and what the study has.
    """
    found: dict[Path, str] = {}
    for kind in KINDS if kinds is None else kinds:
        found.update(KINDS[kind](study, folder))
    return found


def _maps(study: Study, folder: Path) -> Iterator[Finding]:
    physics = study.physics_hash()
    for index in range(study.specimen.microstructures):
        path = folder / "microstructures" / f"{index:05d}.nc"
        if (found := recorded_attributes(path)) is None or found.get("physics_hash") == physics:
            continue
        if differs := _of_file(found, study, "map"):
            yield path, differs


def _designs(study: Study, folder: Path) -> Iterator[Finding]:
    path = folder / "samples.json"
    if (facts := recorded_json(path)) is None or not (folder / "samples.csv").exists():
        return
    ours = {
        "samples": study.sampling.samples,
        "seed": study.sampling.seed,
        "box": dict(zip(PARAMETERS, map(list, study.sampling.box), strict=True)),
        "microstructures": study.specimen.microstructures,
    }
    made = facts if isinstance(facts, dict) else {}
    for name, value in ours.items():
        if made.get(name, value if name == "microstructures" else None) != value:
            for part in (path, folder / "samples.csv"):
                yield part, differing(name, made.get(name), value)
            return


def _shards(study: Study, folder: Path) -> Iterator[Finding]:
    """Compare the physics of shards; those of a manifest that is of this physics are not opened."""
    physics, known = study.physics_hash(), {}
    manifest = recorded_json(folder / "dataset" / "manifest.json")
    if isinstance(manifest, dict) and manifest.get("physics_hash") == physics:
        known = {Path(entry["path"]).name: entry["bytes"] for entry in manifest["shards"]}
    for batch in batches(study):
        path = folder / "shards" / f"{batch.name}.nc"
        try:
            if path.name in known and path.stat().st_size == known[path.name]:
                continue
        except OSError:
            continue
        yield from _other_physics(path, study, physics)


def _references(study: Study, folder: Path) -> Iterator[Finding]:
    physics = study.physics_hash()
    for index in range(study.specimen.microstructures):
        path = folder / "references" / f"{index:05d}.nc"
        if wrong := list(_other_physics(path, study, physics)):
            yield from wrong
            continue
        found = recorded_attributes(path)
        for name, centre in zip(PARAMETERS, study.sampling.centre, strict=True):
            if found and not math.isclose(float(found.get(name, centre)), centre, rel_tol=1e-9):
                yield path, differing(f"the centre of sampling, {name}", found[name], centre)
                break


def _other_physics(path: Path, study: Study, physics: str) -> Iterator[Finding]:
    found = recorded_attributes(path)
    if found is not None and found.get("physics_hash") != physics:
        yield path, _of_file(found, study, "physics") or "another physics_hash"


def _of_file(attributes: Mapping[str, Any], study: Study, kind: str) -> str:
    try:
        return difference(json.loads(attributes["study"]), study, kind)
    except (KeyError, ValueError, TypeError):
        return "no readable study"


def _manifests(study: Study, folder: Path) -> Iterator[Finding]:
    path = folder / "dataset" / "manifest.json"
    if (manifest := recorded_json(path)) is None:
        return
    try:
        made = manifest["study"]
        listed = {Path(entry["path"]).name for entry in manifest["shards"]}
    except (LookupError, TypeError):
        yield path, "no readable manifest"
        return
    differs = difference(made, study, "physics") or difference(made, study, "design")
    if not differs and listed != {f"{batch.name}.nc" for batch in batches(study)}:
        differs = "other shards than those of the study"
    if differs:
        yield path, differs


def _models(study: Study, folder: Path) -> Iterator[Finding]:
    for path in sorted(folder.glob("models/*/model.json")):
        yield from _learned(path, study, "model", folder)


def _folds(study: Study, folder: Path) -> Iterator[Finding]:
    for model in study.crossval.models:
        for grouping in study.crossval.groupings:
            for folds in fold_batches(study, model):
                path = folder / "crossval" / model / grouping / f"f{folds}.json"
                yield from _learned(path, study, "crossval", folder)
    path = folder / "tables" / "table6.json"
    rows = recorded_json(path)
    if rows is None:
        return
    ours = {
        (m, g, study.crossval.folds_of(m))
        for m in study.crossval.models
        for g in study.crossval.groupings
    }
    try:
        made = {(row["model"], row["grouping"], row["folds"]) for row in rows}
    except (LookupError, TypeError):
        yield path, "no readable rows"
        return
    if made != ours:
        yield path, differing("models, groupings and folds", sorted(made), sorted(ours))


def _sweeps(study: Study, folder: Path) -> Iterator[Finding]:
    learning = study.learning.with_epochs(study.sweep.epochs)
    study = study.model_copy(update={"learning": learning})
    for path in sorted(folder.glob("sweep/*.json")):
        yield from _learned(path, study, "sweep", folder, path.stem.partition("=")[0])


def _curves(study: Study, folder: Path) -> Iterator[Finding]:
    facts = folder / "baselines" / "learning_curves.json"
    for _, differs in _learned(facts, study, "curves", folder, "split"):
        yield facts.with_suffix(".csv"), differs


def _unseen(study: Study, folder: Path) -> Iterator[Finding]:
    """Compare the specimen of `invert_demo` with what the study would make of it now."""
    path = folder / "inversion" / "study.yaml"
    if path.exists():
        try:
            made = yaml.safe_load(path.read_text(encoding="utf-8"))
            made["specimen"]["microstructures"] -= 1
            made["sampling"]["samples"] = study.sampling.samples
        except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
            made = {}
        if differs := difference(made, study, "unseen"):
            yield path, differs
    path = folder / "inversion" / "laboratory" / "truth.json"
    noise = (recorded_json(path) or {}).get("noise")  # older versions did not write it down
    ours = {name: getattr(study.noise, name) for name in ("strain_std", "load_relative_std")}
    if noise not in (None, ours):
        yield path, differing("noise", noise, ours)


def _learned(path: Path, study: Study, kind: str, folder: Path, but: str = "") -> Iterator[Finding]:
    """Compare study and data of a result of learning with the study and the gathered dataset."""
    if (content := recorded_json(path)) is None:
        return
    made = content.get("study", {}) if isinstance(content, dict) else {}
    if differs := difference(made, study, kind, but):
        yield path, differs
        return
    manifest = recorded_json(folder / "dataset" / "manifest.json")
    try:
        data = dataset_hash(manifest)
    except (LookupError, TypeError):
        return
    if content.get("data_hash") != data:
        yield path, differing("data_hash", content.get("data_hash"), data)


def _reports(study: Study, folder: Path) -> Iterator[Finding]:
    """Find a report that is older than a figure, as of a target that was asked for since."""
    report = folder / "report.html"
    if not report.exists():
        return
    made = report.stat().st_mtime_ns
    for figure in sorted(folder.glob("figures/*.png")):
        if figure.stat().st_mtime_ns > made:
            yield report, f"no figure {figure.stem!r}, or an older one"
            return


KINDS: dict[str, Callable[[Study, Path], Iterator[Finding]]] = {
    "map": _maps,
    "design": _designs,
    "shard": _shards,
    "reference": _references,
    "dataset": _manifests,
    "model": _models,
    "crossval": _folds,
    "sweep": _sweeps,
    "curves": _curves,
    "unseen": _unseen,
    "report": _reports,
}
"""What compares the results of each kind, in the order in which they are made."""
