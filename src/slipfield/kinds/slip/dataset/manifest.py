"""Gather shards into a dataset: check them and list them in one pass."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from slipfield.core.digest import file_digest
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf, write_text
from slipfield.core.progress import progress
from slipfield.kinds.slip.dataset.contract import (
    MICROSTRUCTURE,
    REFERENCE,
    SHARD,
    FileKind,
    file_kind,
    violations,
)
from slipfield.kinds.slip.dataset.unchanged import remember
from slipfield.kinds.slip.design import read_design
from slipfield.kinds.slip.planning.plan import batches, parse_batch
from slipfield.kinds.slip.study import PARAMETERS, Study
from slipfield.kinds.slip.study.recorded import check_specimen

MANIFEST = "manifest.json"


def planned_shards(study: Study, folder: Path) -> list[Path]:
    """Shards that the study's batches write into ``folder``.

    Raises
    ------
    SlipfieldError
        If one is missing; the message names the rows to simulate.
    """
    found = []
    for batch in batches(study):
        path = folder / f"{batch.name}.nc"
        if not path.exists():
            raise SlipfieldError(f"{path}: missing; run `simulate --rows {batch.rows}` for it")
        found.append(path)
    return found


def planned_maps(study: Study, folder: Path) -> list[Path]:
    """Files of the study's grain maps, or of its reference runs, in ``folder``.

    Raises
    ------
    SlipfieldError
        If one is missing.
    """
    found = [folder / f"{index:05d}.nc" for index in range(study.specimen.microstructures)]
    for index, path in enumerate(found):
        if not path.exists():
            raise SlipfieldError(
                f"{path}: missing; make this grain map with `microstructure --index {index}`, this "
                "reference run with `reference`"
            )
    return found


def netcdf_files(paths: Sequence[Path]) -> list[Path]:
    """Replace each folder among ``paths`` by its NetCDF files, sorted.

    Raises
    ------
    SlipfieldError
        If a path does not exist or a folder holds none.
    """
    found = []
    for path in paths:
        files = sorted(path.glob("*.nc")) if path.is_dir() else [path]
        if not files or not files[0].exists():
            raise SlipfieldError(f"{path}: no NetCDF file here; name a file or a folder of them")
        found += files
    return found


def gather(
    study: Study,
    shards: Sequence[Path],
    microstructures: Sequence[Path],
    references: Sequence[Path],
    samples_csv: Path,
    output_dir: Path,
) -> dict[str, Any]:
    """Write ``manifest.json`` of the dataset that the shards form.

    Parameters
    ----------
    study : Study
        The study that the dataset belongs to.
    shards, microstructures, references : sequence of Path
        NetCDF files of ours; ``references`` may be empty. Each shard is decompressed once, with
        one sample in memory at a time.
    samples_csv : Path
        The design; every sample of it must be in exactly one shard, with the same parameters.
    output_dir : Path
        Folder of the dataset.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    SlipfieldError
        If a file breaks the contract or belongs to other physics, or if samples of the design
        are missing or double; the message names the file and the remedy.
    """
    maps = _indexed(microstructures, study, MICROSTRUCTURE)
    runs = _indexed(references, study, REFERENCE)
    entries, sound = [], 0
    seen: dict[int, Path] = {}
    table = read_design(samples_csv)
    planned = zip(table.microstructure, table.parameters, strict=True)
    design = dict(zip(table.number.tolist(), planned, strict=True))
    with progress("gather shards", len(shards)) as advance:
        for path in shards:
            digest = file_digest(path)  # this also brings it into memory for what follows
            _check(path, study, SHARD, "delete it and simulate its batch again")
            with open_netcdf(path) as data:
                entry = _entry(path, data, output_dir, digest)
                _check_samples(path, data, design, seen)
                sound += int((data["status"].values == 0).sum())
            if entry["microstructure"] not in maps:
                raise SlipfieldError(
                    f"{path}: no grain map with microstructure_index "
                    f"{entry['microstructure']} given; make it with `microstructure --index`"
                )
            entries.append(entry)
            advance()
    _check_complete(design, seen, samples_csv)
    if sound == 0:
        raise SlipfieldError(f"{output_dir}: every sample failed; see `reason` in the shards")
    manifest: dict[str, Any] = {
        "study": study.model_dump(mode="json"),
        "physics_hash": study.physics_hash(),
        "shards": entries,
        "microstructures": _relative(maps, output_dir),
        "references": _relative(runs, output_dir),
        "files": {
            os.path.relpath(path, output_dir): _identity(path, file_digest(path))
            for path in (*maps.values(), *runs.values())
        },
        "samples": len(design),
    }
    write_text(output_dir / MANIFEST, json.dumps(manifest, indent=1) + "\n")
    remember(output_dir, {**{entry["path"]: entry for entry in entries}, **manifest["files"]})
    return manifest


def _check(path: Path, study: Study, kind: FileKind, remedy: str) -> None:
    """Refuse a file that breaks the contract, is of another kind or made under other physics.

    A grain map must only be of the study's specimen: it outlives a change of material.
    """
    found = violations(path)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise SlipfieldError(f"{path}: {found[0]}{more}; {remedy}")
    with open_netcdf(path) as data:
        if (found_kind := file_kind(data)) is not kind:
            name = "foreign" if found_kind is None else found_kind.name
            raise SlipfieldError(f"{path}: a {name} file, expected a {kind.name} file")
        if kind is MICROSTRUCTURE:
            check_specimen(data, path, study)
            return
        given, expected = data.attrs["physics_hash"], study.physics_hash()
    if given != expected:
        raise SlipfieldError(
            f"{path}: made under other physics (physics_hash {given}, the study has {expected}); "
            f"{remedy} with this study, or gather it with its own"
        )


def _indexed(paths: Sequence[Path], study: Study, kind: FileKind) -> dict[int, Path]:
    """Check grain maps or references; give them by their microstructure index."""
    found: dict[int, Path] = {}
    for path in paths:
        _check(path, study, kind, "delete it and make it again")
        with open_netcdf(path) as data:
            index = int(data.attrs["microstructure_index"])
        if index in found:
            raise SlipfieldError(
                f"{path}: microstructure_index {index} like {found[index]}; leave one of them out"
            )
        found[index] = path
    return found


def _entry(path: Path, data: xr.Dataset, output_dir: Path, digest: str) -> dict[str, Any]:
    """Manifest entry of one shard."""
    numbers = data["sample"].values
    return {
        "path": os.path.relpath(path, output_dir),
        "microstructure": int(data["microstructure"].values[0]),
        "samples": numbers.tolist(),
        "failed": numbers[data["status"].values != 0].tolist(),
        **_identity(path, digest),
    }


def _identity(path: Path, digest: str) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "sha256": digest}


def _check_samples(path: Path, data: xr.Dataset, design: dict, seen: dict[int, Path]) -> None:
    """Compare a shard's samples with the design and with the shards before it."""
    _check_name(path, data["sample"].values)
    owners = data["microstructure"].values
    parameters = np.stack([data[name].values for name in PARAMETERS], axis=1)
    for number, owner, values in zip(data["sample"].values, owners, parameters, strict=True):
        number = int(number)
        if number in seen:
            raise SlipfieldError(
                f"{path}: sample {number} is also in {seen[number]}; delete one of the shards"
            )
        seen[number] = path
        if number not in design:
            raise SlipfieldError(f"{path}: sample {number} is not in the design; leave it out")
        planned_owner, planned = design[number]
        if owner != planned_owner or not np.allclose(values, planned, rtol=1e-9, atol=0):
            raise SlipfieldError(
                f"{path}: sample {number} has microstructure {owner} and k {values.tolist()}, the "
                f"design {planned_owner} and {planned.tolist()}; simulate its batch again"
            )


def _check_name(path: Path, numbers: np.ndarray) -> None:
    """Refuse a shard that is named after a batch but holds others than its samples."""
    try:
        batch = parse_batch(path.stem)
    except SlipfieldError:
        return
    if not np.array_equal(np.sort(numbers), np.arange(batch.first, batch.last + 1)):
        raise SlipfieldError(
            f"{path}: holds {len(numbers)} samples from {numbers.min()} to {numbers.max()}, not "
            f"those of its name; delete it and simulate its batch again"
        )


def _check_complete(design: dict, seen: dict[int, Path], samples_csv: Path) -> None:
    missing = sorted(design.keys() - seen.keys())
    if missing:
        listed = ", ".join(map(str, missing[:10])) + (", ..." if len(missing) > 10 else "")
        raise SlipfieldError(
            f"{samples_csv}: {len(missing)} of {len(design)} samples are in no shard: {listed}; "
            "simulate their batches"
        )


def angle_maps(microstructure: Path) -> np.ndarray:
    """Bunge angles at the nodes of a grain map, (angle, y, x), rad."""
    with open_netcdf(microstructure) as data:
        return np.moveaxis(data["euler"].values[data["grain_id"].values], -1, 0)


def _relative(paths: dict[int, Path], folder: Path) -> dict[str, str]:
    return {str(index): os.path.relpath(paths[index], folder) for index in sorted(paths)}


def summary(manifest: dict[str, Any]) -> str:
    """Say in a line or two what a dataset holds and which samples failed."""
    shards = manifest["shards"]
    failed = [number for shard in shards for number in shard["failed"]]
    size = sum(shard["bytes"] for shard in shards) / 1e6
    text = (
        f"{manifest['samples'] - len(failed)} of {manifest['samples']} samples in {len(shards)} "
        f"shards on {len(manifest['microstructures'])} grain maps, {size:.0f} MB"
    )
    return text + (f"; failed: {', '.join(map(str, failed))}" if failed else "")
