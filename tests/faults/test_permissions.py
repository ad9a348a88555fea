"""What may not be read or written: one line that names it."""

import os
import subprocess

import pytest

from tests.faults.finished import REPOSITORY, command
from tests.faults.ordinary import ORDINARY, need_ordinary_user

pytestmark = pytest.mark.slow

RUN = str(REPOSITORY / "envs" / "run")
TRAIN = ("train", "--config", "p.yaml", "--dataset", "results/tiny/dataset", "--output")
REPORT = ("report", "--config", "p.yaml", "--output")
CLOSED = {
    "a shard of a dataset": ("shards/m00000_r000000-000004.nc", 0o000, (*TRAIN, "m")),
    "a manifest": ("dataset/manifest.json", 0o000, (*REPORT, "r.html")),
    "a grain map": ("microstructures/00000.nc", 0o000, (*REPORT, "r.html")),
    "a folder": ("shards", 0o000, (*REPORT, "r.html")),
    "weights": (
        "models/projection/model.safetensors",
        0o000,
        (
            "evaluate",
            "--model",
            "results/tiny/models/projection",
            "--shards",
            "results/tiny/shards",
        ),
    ),
    "a folder to write to": ("figures", 0o555, (*REPORT, "results/tiny/figures/r.html")),
}


def run(home, arguments):
    words = [*ORDINARY, RUN, *arguments]
    return subprocess.run(words, cwd=home, capture_output=True, text=True, timeout=300)


@pytest.fixture(autouse=True)
def _ordinary_user(tmp_path):
    need_ordinary_user(tmp_path)


@pytest.mark.parametrize(("name", "mode", "arguments"), CLOSED.values(), ids=CLOSED)
def test_what_is_closed_is_named_in_one_line(home, name, mode, arguments):
    path = home / "results" / "tiny" / name
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        done = run(home, arguments)
    finally:
        path.chmod(before)
    assert done.returncode == 2
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("slipfield: error: ") and name in last and "ermission denied" in last
    assert "Traceback" not in done.stderr


def test_a_dataset_of_somebody_else_is_trained_on(home):
    """Features are kept beside the dataset only where that is allowed."""
    folder = home / "results" / "tiny" / "dataset"
    for kept in folder.glob("projection-*"):
        kept.unlink()
    folder.chmod(0o555)
    try:
        done = run(home, (*TRAIN, "m"))
    finally:
        folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    first, second = (
        path / "model.safetensors" for path in (home / "m", folder.parent / "models/projection")
    )
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("closed", ["results/tiny/samples.csv", ".snakemake/metadata"])
def test_a_study_of_somebody_else_is_continued_once_its_owner_opens_it(home, closed):
    """A group's folder, and a first user whose umask keeps the group from writing."""
    job = [*ORDINARY, *command("results/tiny/samples.csv", "--forcerun", "design")]
    path = home / closed
    path.parent.mkdir(exist_ok=True)
    if os.getuid():
        pytest.skip("only root may give a file to somebody else")
    if path.name == "metadata":
        path.mkdir(exist_ok=True)
    mode = path.stat().st_mode
    os.chown(path, 12345, os.getgid())
    path.chmod(mode & ~0o022)
    refused = subprocess.run(job, cwd=home, capture_output=True, text=True, timeout=300)
    assert refused.returncode != 0
    last = refused.stderr.strip().splitlines()[-1]
    assert last.startswith(f"slipfield: error: {closed}: may not be written by you; let its owner")
    assert "chmod -R g+w results/tiny .snakemake" in last
    assert "Traceback" not in refused.stderr and "Exception" not in refused.stderr
    path.chmod(mode | 0o020)
    done = subprocess.run(job, cwd=home, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
