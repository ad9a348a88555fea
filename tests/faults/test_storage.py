"""A full disk and a read-only one, for real: one line that names the file, and nothing lost."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.finished import finished_study, snakemake, write_study
from tests.faults.killing import run_until, unfinished
from tests.faults.stages import KILLED, content

pytestmark = pytest.mark.slow

DISK_KB = 8192
SOURCES = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}


@contextmanager
def mounted(folder, options):
    """Mount a small disk in memory; only root may."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk (root, not in a container)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def disk(tmp_path):
    with mounted(tmp_path / "disk", f"size={DISK_KB}k") as folder:
        yield folder


@contextmanager
def filled(disk, free_kb):
    """Fill the disk up to ``free_kb`` while the block runs."""
    filler, state = disk / "filler", os.statvfs(disk)
    filler.write_bytes(bytes(state.f_bavail * state.f_frsize - 1024 * free_kb))
    try:
        yield
    finally:
        filler.unlink()


def assert_one_line(outcome, *parts):
    """Check that a run ended as users' errors do: exit code 2 and one line, after its progress."""
    last = outcome.output.strip().splitlines()[-1]
    assert outcome.returncode == 2, outcome.output
    assert last.startswith("slipfield: error: ")
    assert "Traceback" not in outcome.output
    for part in parts:
        assert part in last


FULL = [
    pytest.param("simulate", 12, ".samples/1.npz", id="simulate-between-samples"),
    pytest.param("simulate", 40, "m00000_r000000-000005.nc", id="simulate-in-the-shard"),
    pytest.param("gather", 0, "dataset/manifest.json", id="gather"),
    pytest.param("train network", 700, "checkpoint/checkpoint.pt", id="train-network"),
    pytest.param("train projection", 0, "projection-", id="train-projection"),
]


@pytest.mark.parametrize(("name", "free_kb", "file"), FULL)
def test_a_full_disk_is_named_and_loses_nothing(name, free_kb, file, study, disk, tmp_path):
    stage, folder = KILLED[name], study.before(name, disk / "study")
    with filled(disk, free_kb):
        outcome = run_until(stage.command, folder, log=tmp_path / "log")
    assert_one_line(outcome, file, "cannot be written: No space left on device")
    assert unfinished(folder) == set()
    again = run_until(stage.command, folder)
    assert again.returncode == 0, again.output
    assert content(stage, folder) == content(stage, study.folder)


@pytest.mark.parametrize("name", ["simulate", "gather"])
def test_a_read_only_disk_is_named(name, study, disk, tmp_path):
    stage, folder = KILLED[name], study.before(name, disk / "study")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    outcome = run_until(stage.command, folder, log=tmp_path / "log")
    assert_one_line(outcome, stage.outputs[0].split("/")[0], "cannot be written: Read-only file")


def test_a_disk_that_is_full_when_a_run_begins_is_one_line(disk):
    """Nothing of the workflow's own files, and the run goes on once there is room."""
    write_study(finished_study(), disk)
    (disk / "results/tiny").mkdir(parents=True)
    with filled(disk, 0):
        done = snakemake(disk, "results/tiny/samples.csv")
    assert done.returncode != 0
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith(
        "slipfield: error: results/tiny: cannot be written: No space left on dev"
    )
    assert "WorkflowError" not in done.stdout and "Traceback" not in done.stdout
    again = snakemake(disk, "results/tiny/samples.csv")
    assert again.returncode == 0, again.stdout


DECODE = """
import sys
from pathlib import Path
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.dataset.fields import decode
from slipfield.core.errors import SlipfieldError

collection = Collection.of_dataset(Path("dataset"))
try:
    decode(collection, 1, storage="disk")
except SlipfieldError as error:
    sys.exit(f"slipfield: error: {error}")
"""


def test_a_mapped_file_on_a_full_disk_does_not_crash_the_process(study, disk):
    """Writing to a mapped page that the disk has no room for would be a bus error."""
    folder = study.before("train network", disk / "study")
    with filled(disk, 8):
        program = [sys.executable, "-c", DECODE]
        done = subprocess.run(
            program, cwd=folder, env=os.environ | SOURCES, capture_output=True, text=True
        )
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1].endswith("No space left on device; mend that and run again")
    assert unfinished(folder) == set()
