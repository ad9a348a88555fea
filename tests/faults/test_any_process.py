"""Kill any single process of a running study, change the study or not, start again: the same bits.

What the killed process has started lives on, as an orphan of a run that is no more. Each kill takes
most of a minute, so that only `make faults` does it; SLIPFIELD_SEED names the moments.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.finished import (
    command,
    copied,
    finished_study,
    planned,
    snakemake,
    write_study,
)
from tests.faults.killing import processes_below
from tests.faults.stages import _READERS as READERS

KILLS = int(os.environ.get("SLIPFIELD_KILLS", "0")) // 4
SEED = int(os.environ.get("SLIPFIELD_SEED", "1"))
STUDIES = [finished_study(), finished_study(noise={"strain_std": 0.002})]
MADE = ("models/projection", "crossval", "tables", "dataset")
LATEST_S = 25.0


def content(home: Path) -> dict[str, object]:
    """What the results of learning hold and no clock measured, by file."""
    folder, found = home / "results" / "tiny", {}
    for part in MADE:
        for path in sorted((folder / part).rglob("*")):
            inner = path.relative_to(folder)
            hidden = any(name.startswith(".") for name in inner.parts)
            if path.is_file() and not hidden and path.suffix in (".json", ".csv", ".safetensors"):
                found[str(inner)] = READERS.get(path.suffix, Path.read_bytes)(path)
    return found


@pytest.fixture(scope="module")
def undisturbed(finished_home, tmp_path_factory):
    """Results of both studies without a fault."""
    found = []
    for number, study in enumerate(STUDIES):
        home = copied(finished_home, tmp_path_factory.mktemp("whole") / "home").parents[1]
        write_study(study, home)
        if number:
            done = snakemake(home)
            assert done.returncode == 0, done.stdout
        found.append(content(home))
    assert found[0] != found[1]
    return found


@pytest.mark.slow
@pytest.mark.skipif("SLIPFIELD_KILLS" not in os.environ, reason="only in `make faults`")
def test_a_kill_of_any_process_and_a_rerun_give_the_bits_of_an_undisturbed_run(
    finished_home, undisturbed, tmp_path
):
    """A chain of kills; the study is changed at half of them, orphans are left alone."""
    random.seed(SEED)
    home = copied(finished_home, tmp_path / "home").parents[1]
    shutil.rmtree(home / "results/tiny/crossval")
    (home / "results/tiny/dataset/manifest.json").unlink()
    current, killed = 0, []
    while len(killed) < max(KILLS, 1):
        if random.random() < 0.5:
            current = 1 - current
            write_study(STUDIES[current], home)
        moment = random.uniform(1, LATEST_S)
        with subprocess.Popen(
            command(), cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        ) as run:
            limit = time.monotonic() + moment
            while time.monotonic() < limit and run.poll() is None:
                time.sleep(0.02)
            if run.poll() is not None:
                shutil.rmtree(home / "results/tiny/crossval", ignore_errors=True)
                continue
            victim = random.choice(processes_below(run.pid))
            name = Path(f"/proc/{victim}/cmdline").read_bytes().replace(b"\0", b" ")[:90]
            os.kill(victim, signal.SIGKILL)
        killed.append((round(moment, 1), current, name.decode("utf-8", "replace")))
    done = snakemake(home)
    assert done.returncode == 0, (SEED, killed, done.stdout)
    time.sleep(5)  # orphans that still have something to write
    assert content(home) == undisturbed[current], (SEED, killed)
    assert planned(home) == {}, (SEED, killed)
    print(f"seed {SEED}: {killed}")
