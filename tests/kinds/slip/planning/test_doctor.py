"""The doctor on this machine, and on machines that lack something."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
import yaml

from slipfield.kinds.slip.planning import doctor
from slipfield.kinds.slip.study import Study, check_study

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[4]
RUN = REPOSITORY / "envs" / "run"


def write_study(folder, **sections):
    content = {
        "name": "patient",
        "specimen": {"cells_x": 16, "cells_y": 16, "grains": 12},
        "sampling": {"samples": 4},
        "crossval": {"folds": 2},
        **sections,
    }
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(content))
    return check_study(content, "patient"), path


def findings(folder, **sections):
    study, path = write_study(folder, **sections)
    return {each.check: each for each in doctor.examine(study, path, folder / "results")}


def test_this_machine_has_what_a_small_study_needs(tmp_path):
    found = findings(tmp_path, execution={"ranks_per_sample": 3})
    assert [each for each in found.values() if each.good is False] == []
    assert found["MPI"].found == "3 ranks asked for, 3 in one world"
    assert "DOLFINx 0.9" in found["simulate environment"].found
    assert {"solver CHOLMOD", "solver MUMPS", "disk", "memory", "Slurm"} <= found.keys()
    assert found["GPU"].good is (True if torch.cuda.is_available() else None)


def test_large_study_has_no_room_and_says_so_with_exit_code_one(tmp_path):
    sections = {"specimen": {"grains": 300}, "sampling": {"samples": 1_000_000}}
    _, path = write_study(tmp_path, **sections)
    done = subprocess.run(
        [RUN, "doctor", "--config", path],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    (line,) = (line for line in done.stdout.splitlines() if "GB needed" in line)
    assert "failed" in line
    assert "larger disk" in line


def test_what_is_on_the_disk_already_needs_no_room(tmp_path):
    mesh = {"cells_x": 100, "cells_y": 100, "grains": 100}
    study, _ = write_study(tmp_path, specimen=mesh, sampling={"samples": 100})
    results = tmp_path / "results"
    before = doctor.disk(study, results).found
    results.mkdir()
    (results / "shard.nc").write_bytes(bytes(300_000_000))
    assert doctor.disk(study, results).found.startswith("0.0 GB needed")
    assert not before.startswith("0.0 GB")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_missing_gpu_is_a_failure_only_where_the_study_asks_for_one():
    assert doctor.gpu("auto").good is None
    asked = doctor.gpu("cuda")
    assert asked.good is False
    assert "learning.device" in asked.remedy


@pytest.mark.parametrize(
    ("flags", "good"), [("fpu avx2 sse", None), ("avx512f avx512_bf16", True), ("asimd bf16", True)]
)
def test_bfloat16_without_its_instructions_is_named_with_the_settings_that_ask(
    tmp_path, flags, good
):
    (tmp_path / "cpuinfo").write_text(f"flags\t\t: {flags}\n")
    study = Study.model_validate({"name": "s", "learning": {"precision": "bfloat16"}})
    (found,) = doctor.bfloat16(study, tmp_path / "cpuinfo")
    assert found.good is good
    assert ("learning.precision: float32 and sweep.precision" in found.remedy) == (good is None)
    alone = study.model_copy(update={"learning": Study.model_validate({"name": "s"}).learning})
    (found,) = doctor.bfloat16(alone, tmp_path / "cpuinfo")
    assert "learning.precision" not in found.remedy


def test_bfloat16_is_not_looked_for_where_nothing_asks_for_it(tmp_path):
    study = Study.model_validate({"name": "s", "sweep": {"precision": ["float32"]}})
    assert list(doctor.bfloat16(study, tmp_path / "missing")) == []


def test_missing_environment_is_named_with_its_remedy(tmp_path, monkeypatch):
    bare = tmp_path / "bare" / "envs"
    bare.mkdir(parents=True)
    shutil.copy(RUN, bare / "run")
    monkeypatch.setattr(doctor, "LAUNCHER", bare / "run")
    found = findings(tmp_path)
    assert found["simulate environment"].good is False
    assert "no simulate environment" in found["simulate environment"].found
    assert "make setup" in found["simulate environment"].remedy
    assert "MPI" not in found


def test_ranks_that_do_not_find_each_other_are_noticed(tmp_path, monkeypatch):
    launcher = tmp_path / "run"
    launcher.write_text(f'#!/bin/sh\n[ "$1" != --ranks ] || shift 2\nexec {RUN} "$@"\n')
    launcher.chmod(0o755)
    monkeypatch.setattr(doctor, "LAUNCHER", launcher)
    found = doctor.ranks(2)
    assert found.good is False
    assert found.found == "2 ranks asked for, 1 in one world"
