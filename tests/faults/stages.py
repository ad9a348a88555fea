"""The stages of a tiny study as commands of the real verbs, and what their files hold."""

from __future__ import annotations

import csv
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr
from safetensors import safe_open

from slipfield.core.files import write_netcdf
from slipfield.kinds.slip.design import make_design, write_design
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.study import load_study

LAUNCHER = Path(__file__).parents[2] / "envs" / "run"
STUDY = Path(__file__).parent / "study.yaml"
MEASURED = {
    *("seconds", "cpu_seconds", "peak_memory_mb", "training_seconds"),
    *("cpu_s", "fit_cpu_s"),
}
"""What a run measures about itself; everything else is the same in every run."""

MAPS = ("00000", "00001")
SHARDS = {"00000": ("0:6", "m00000_r000000-000005"), "00001": ("6:12", "m00001_r000006-000011")}


@dataclass(frozen=True)
class Stage:
    """One verb: its arguments, and its outputs as paths in the folder of the study."""

    arguments: tuple[str, ...]
    outputs: tuple[str, ...]
    ranks: int = 1

    @property
    def command(self) -> list[str]:
        verb, *rest = self.arguments
        launcher = [str(LAUNCHER), *(["--ranks", str(self.ranks)] if self.ranks > 1 else [])]
        return [*launcher, verb, "--config", str(STUDY), *rest]


def _simulate(grains: str, folder: str = "shards", ranks: int = 1) -> Stage:
    rows, name = SHARDS[grains]
    inputs = ("--microstructure", f"microstructures/{grains}.nc", "--samples", "samples.csv")
    output = f"{folder}/{name}.nc"
    return Stage(("simulate", *inputs, "--rows", rows, "--output", output), (output,), ranks)


def _learn(verb: str, model: str, output: str) -> Stage:
    arguments = (verb, "--dataset", "dataset", "--model", model, "--output", output)
    return Stage(arguments, (output,))


def _reference(grains: str) -> Stage:
    output = f"references/{grains}.nc"
    inputs = ("--microstructure", f"microstructures/{grains}.nc")
    return Stage(("reference", *inputs, "--output", output), (output,))


SOLVED = [*map(_reference, MAPS), _simulate("00001")]
"""Stages in DOLFINx whose files the killed ones need."""

KILLED = {
    "simulate": _simulate("00000"),
    "simulate on two ranks": _simulate("00000", "two-ranks", ranks=2),
    "gather": Stage(
        (
            *("gather", "--shards", "shards", "--microstructures", "microstructures"),
            *("--references", "references", "--samples", "samples.csv", "--output", "dataset"),
        ),
        ("dataset/manifest.json",),
    ),
    "train network": _learn("train", "cnn_lstm", "models/cnn_lstm"),
    "train projection": _learn("train", "projection", "models/projection"),
    "crossval": _learn("crossval", "cnn_lstm", "crossval/folds.json"),
}


def prepare(folder: Path) -> None:
    """Write the design and the grain maps of the study."""
    study = load_study(STUDY)
    write_design(make_design(study), study, folder / "samples.csv")
    for grains in MAPS:
        made = make_microstructure(study, int(grains))
        write_netcdf(made, folder / "microstructures" / f"{grains}.nc", study)


def run(stage: Stage, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a stage to its end, in the folder of the study."""
    return subprocess.run(
        stage.command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def content(stage: Stage, folder: Path) -> dict[str, Any]:
    """Everything that the outputs of a stage hold and that no clock measured, by file.

    The checkpoints of a training are left out: they are no results.
    """
    found = {}
    for output in stage.outputs:
        path = folder / output
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "checkpoint" not in file.parts:
                read = _READERS.get(file.suffix, Path.read_bytes)
                found[str(file.relative_to(folder))] = read(file)
    return found


def _netcdf(path: Path) -> dict[str, Any]:
    with xr.open_dataset(path, decode_times=False) as data:
        found = {"attributes": {name: str(value) for name, value in data.attrs.items()}}
        for name in data.variables.keys() - MEASURED:
            values = data[name].values
            bits = values.tolist() if values.dtype.kind == "O" else values.tobytes()
            found[str(name)] = (data[name].dims, str(values.dtype), str(data[name].attrs), bits)
        return found


def _json(path: Path) -> Any:
    return _unmeasured(path.read_text())


def _unmeasured(text: str) -> Any:
    def kept(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {key: value for key, value in pairs if key not in MEASURED}

    return json.loads(text, object_pairs_hook=kept)


def _csv(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as handle:
        rows = list(csv.DictReader(handle))
    return [{key: value for key, value in row.items() if key not in MEASURED} for row in rows]


def _safetensors(path: Path) -> dict[str, Any]:
    """Weights, and what is written beside them, of which some is JSON in JSON."""
    with safe_open(path, "np") as file:
        beside = {name: str(text) for name, text in (file.metadata() or {}).items()}
        found: dict[str, Any] = {name: file.get_tensor(name).tobytes() for name in file.keys()}
    if "training" in beside:
        beside["training"] = str(_unmeasured(beside["training"]))
    return {**found, "beside": beside}


_READERS = {".nc": _netcdf, ".json": _json, ".csv": _csv, ".safetensors": _safetensors}
