"""Who may write: jobs of the run that holds the study, one process in a folder, runs one by one."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.places import RUN_VARIABLE, claimed
from tests.faults.finished import command, finished_study, planned, snakemake, write_study
from tests.fuzz.verbs import run_verb

pytestmark = pytest.mark.slow

NO_LOCKS = "#include <errno.h>\nint flock(int f, int o) { errno = ENOSYS; return -1; }\n"


def test_a_job_writes_only_while_its_run_holds_the_study(tmp_path, monkeypatch):
    place, result = tmp_path / ".running", tmp_path / "result.json"
    monkeypatch.setenv(RUN_VARIABLE, f"first:{place}")
    place.write_text("first")
    write_text(result, "of the first run")
    for word in ("second", ""):
        place.write_text(word)
        with pytest.raises(SlipfieldError, match="result.json: not written: the run that started"):
            write_text(result, "of an orphan")
    place.unlink()
    with pytest.raises(SlipfieldError, match="not written"):
        write_text(result, "of an orphan")
    assert result.read_text() == "of the first run"
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
    monkeypatch.delenv(RUN_VARIABLE)
    write_text(result, "by hand")


def test_a_job_that_starts_after_its_run_does_nothing(tmp_path, monkeypatch):
    """As one that waited in a queue: it would remove the work of the run that has begun since."""
    monkeypatch.setenv(RUN_VARIABLE, f"first:{tmp_path / '.running'}")
    (tmp_path / ".running").write_text("second")
    result = run_verb("check", "--config", tmp_path / "none.yaml")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "this job: not written: the run that started this job has ended" in result.err


def test_a_job_of_a_cluster_that_starts_after_its_run_takes_nothing_away(home):
    """Such a job is a Snakemake of its own, which removes outputs before a rule and if it fails."""
    place, made = home / "results/tiny/.running", home / "results/tiny/samples.csv"
    place.write_text("second")
    before = made.read_bytes()
    job = ("--mode", "remote", "--target-jobs", "design:", "--force", "--no-hooks")
    done = snakemake(home, *job, **{RUN_VARIABLE: f"first:{place}"})
    assert done.returncode != 0
    assert "design: not written: the run that started this job has ended" in done.stdout
    assert made.read_bytes() == before


def test_two_processes_do_not_share_a_folder(tmp_path):
    """The second `invert`, `train` or `crossval` is refused; the claim ends with the work."""
    folder = tmp_path / "inversion"
    with claimed(folder, "invert"):
        with pytest.raises(SlipfieldError, match="inversion: another `invert` is at work in this"):
            with claimed(folder, "invert"):
                raise AssertionError("two at work")
    with claimed(folder, "invert"):
        pass
    assert list(folder.iterdir()) == []


def test_training_claims_its_folder(home):
    folder = home / "results" / "tiny"
    config = write_study(finished_study(), home)
    arguments = ["train", "--config", config, "--dataset", folder / "dataset", "--output"]
    with claimed(home / "model", "train"):
        refused = run_verb(*arguments, home / "model")
    assert refused.code == 2 and "another `train` is at work" in refused.error
    assert [path.name for path in (home / "model").iterdir()] == []


def test_without_locks_the_workflow_warns_and_goes_on(home, tmp_path):
    (home / "results/tiny/report.html").unlink()
    (tmp_path / "locks.c").write_text(NO_LOCKS)
    library = tmp_path / "locks.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, tmp_path / "locks.c"], check=True)
    done = snakemake(home, LD_PRELOAD=str(library))
    assert done.returncode == 0, done.stdout
    assert "no locks on this file system (Function not implemented)" in done.stdout
    assert (home / "results/tiny/report.html").exists()


def test_a_second_run_is_refused_in_one_line_and_takes_nothing_away(home):
    place = home / "results/tiny/.running"
    place.write_text("the first run")
    with open(place, "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = snakemake(home, "--forcerun", "report")
    assert refused.returncode != 0
    last = refused.stdout.strip().splitlines()[-1]
    assert last.startswith("slipfield: error: study 'tiny': another run is at work in this folder")
    assert "WorkflowError" not in refused.stdout and "Traceback" not in refused.stdout
    assert place.read_text() == "the first run"


@pytest.mark.slow
def test_an_orphan_of_a_killed_run_overwrites_nothing(home):
    """Snakemake alone is killed; its training lives on, of a study that is no more."""
    target = "results/tiny/models/cnn_lstm/model.json"
    shutil.rmtree(home / "results/tiny/models")
    network = {"model": "projection", "epochs": 5000, "decay_epochs": [1]}
    write_study(finished_study(learning=network), home)
    with subprocess.Popen(command(target), cwd=home, stdout=subprocess.DEVNULL) as run:
        checkpoint = home / "results/tiny/models/cnn_lstm/checkpoint/checkpoint.pt"
        wait_for(lambda: checkpoint.exists() or run.poll() is not None)
        orphans = processes_of(home)
        os.kill(main_process(run.pid), signal.SIGKILL)
    changed = {**network, "epochs": 2, "learning_rate": 1e-3}
    write_study(finished_study(learning=changed), home)
    done = snakemake(home, target)
    assert done.returncode == 0, done.stdout
    wait_for(lambda: not any(os.path.exists(f"/proc/{process}/exe") for process in orphans))
    card = json.loads((home / target).read_text())
    assert card["study"]["learning"]["epochs"] == 2
    assert planned(home, target) == {}


def main_process(launcher):
    """Process of Snakemake: `envs/run` becomes it."""
    return launcher


def processes_of(home):
    """Trainings that work in ``home``."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = open(f"/proc/{entry}/cmdline", "rb").read().split(b"\0")
            inside = os.readlink(f"/proc/{entry}/cwd") == str(home)
        except OSError:
            continue
        if inside and b"train" in words and b"slipfield" in words:
            found.append(int(entry))
    assert found, "no training at work"
    return found


def wait_for(condition, patience_s=300):
    limit = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)
