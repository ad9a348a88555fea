"""A finished miniature study, made once from the closed formula, and Snakemake's plan for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.files import write_netcdf
from slipfield.kinds.slip.dataset.manifest import gather, planned_maps, planned_shards
from slipfield.kinds.slip.design import make_design, write_design
from slipfield.kinds.slip.figures.drawing import write_figure
from slipfield.kinds.slip.figures.report import write_report
from slipfield.kinds.slip.figures.sources import Results
from slipfield.kinds.slip.learning.crossval import run_folds, summarise
from slipfield.kinds.slip.learning.run import train_model
from slipfield.kinds.slip.planning.plan import batches, fold_batches
from slipfield.kinds.slip.study import Study
from tests.shards import make_microstructure, make_reference, make_shard, tiny_study
from tests.workflow.test_workflow import jobs

REPOSITORY = Path(__file__).parents[2]
FIGURES = ("microstructure", "design", "strain", "loads", "predictions-projection", "overview")
CONTENT: dict[str, dict[str, Any]] = {
    "learning": {"split": "random", "model": "projection"},
    "crossval": {"folds": 2, "repeats": 1, "models": ["projection"]},
    "sampling": {"samples": 30},
    "execution": {"samples_per_job": 5},
}


def finished_study(**changes: dict[str, Any]) -> Study:
    """The study; sections may be changed."""
    content = {name: dict(section) for name, section in CONTENT.items()}
    for section, values in changes.items():
        content[section] = {**content.get(section, {}), **values}
    return tiny_study(**content)


def make(home: Path) -> Path:
    """Make all results of the study in ``home``/results/tiny, in the workflow's order."""
    study, folder = finished_study(), home / "results" / "tiny"
    write_study(study, home)
    for index in range(study.specimen.microstructures):
        grains = make_microstructure(study, index)
        write_netcdf(grains, folder / f"microstructures/{index:05d}.nc", study)
    design = make_design(study)
    write_design(design, study, folder / "samples.csv")
    (folder / "warmup.done").touch()
    for index in range(study.specimen.microstructures):
        grains = make_microstructure(study, index)
        write_netcdf(make_reference(study, grains), folder / f"references/{index:05d}.nc", study)
    for batch in batches(study):
        numbers = np.arange(batch.first, batch.last + 1)
        grains = make_microstructure(study, batch.microstructure)
        shard = make_shard(study, grains, numbers, design.samples.parameters[numbers])
        write_netcdf(shard, folder / f"shards/{batch.name}.nc", study)
    learn(study, folder)
    return folder


def learn(study: Study, folder: Path) -> None:
    """Gather, train, cross-validate, draw and report what lies in the study's folder."""
    gather(
        study,
        planned_shards(study, folder / "shards"),
        planned_maps(study, folder / "microstructures"),
        planned_maps(study, folder / "references"),
        folder / "samples.csv",
        folder / "dataset",
    )
    train_model(study, folder / "dataset", folder / "models/projection")
    folds = []
    for name in fold_batches(study, "projection"):
        first, last = map(int, name.split("-"))
        folds.append(folder / f"crossval/projection/random/f{name}.json")
        run_folds(study, folder / "dataset", "projection", first, last + 1, folds[-1], "random")
    summarise(folds, folder / "tables/table6.csv")
    for name in (*FIGURES, "runtime"):
        write_figure(name, Results(study, folder), folder / f"figures/{name}.png")
    write_report(Results(study, folder), folder / "report.html")


def write_study(study: Study, home: Path) -> Path:
    """Write the study file beside the results; return its path."""
    path = home / "p.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(study.model_dump(mode="json")))
    return path


def copied(home: Path, to: Path) -> Path:
    """Copy study and results, with their dates; return the folder of the results."""
    shutil.copytree(home, to)
    return to / "results" / "tiny"


def command(*arguments: str) -> list[str]:
    """Snakemake's command line for the study in the folder it is started in."""
    return [
        *(str(REPOSITORY / "envs" / "run"), "snakemake", *arguments, "--cores", "2"),
        *("--snakefile", str(REPOSITORY / "Snakefile"), "--configfile", "p.yaml"),
        *("--profile", str(REPOSITORY / "workflow" / "profiles" / "workstation")),
    ]


def snakemake(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake on the study in ``home``."""
    return subprocess.run(
        command(*arguments),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        env=os.environ | environment,
    )


def planned(home: Path, *arguments: str) -> dict[str, int]:
    """Stage -> number of jobs that Snakemake plans for the study in ``home``."""
    dry = snakemake(home, "--dry-run", *arguments)
    assert dry.returncode == 0, dry.stdout
    if "Job stats:" not in dry.stdout:
        assert "Nothing to be done" in dry.stdout, dry.stdout
        return {}
    found = jobs(dry.stdout)
    return {name: count for name, count in found.items() if name not in ("all", "total")}
