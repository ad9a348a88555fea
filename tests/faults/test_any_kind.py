"""Kill any process of a running study of any kind, change it or not, start again: the same bits.

Orphans are left alone. Only `make faults` does it; SLIPFIELD_SEED names the moments, SLIPFIELD_KIND
one kind, SLIPFIELD_MINUTES the time after which no further kill begins.
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
import yaml

from tests.faults.finished import command, planned, snakemake
from tests.faults.kinds import KINDS, content, studies
from tests.faults.test_any_process import processes_below

KILLS = int(os.environ.get("SLIPFIELD_KILLS", "0"))
SEED = int(os.environ.get("SLIPFIELD_SEED", "1"))
MINUTES = float(os.environ.get("SLIPFIELD_MINUTES", "inf"))
CHOSEN = os.environ.get("SLIPFIELD_KIND", ",".join(KINDS)).split(",")
LONGEST_CHAIN = 6
RESULTS = Path("results") / "killed"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("SLIPFIELD_KILLS" not in os.environ, reason="only in `make faults`"),
]


def write(home: Path, study: dict) -> None:
    """Write the study file."""
    (home / "p.yaml").write_text(yaml.safe_dump(study))


def finish(home: Path) -> float:
    """Run the study to its end, wait for orphans; give the seconds that the run took."""
    began = time.monotonic()
    done = snakemake(home)
    assert done.returncode == 0, done.stdout
    seconds = time.monotonic() - began
    while at_work(home):
        assert time.monotonic() - began < 600
        time.sleep(0.2)
    return seconds


def at_work(home: Path) -> list[str]:
    """Processes, dead ones left out, whose current folder is ``home``."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{entry}/cwd") == str(home) and os.readlink(f"/proc/{entry}/exe"):
                found.append(entry)
        except OSError:
            continue
    return found


def kill_one(home: Path, after: float, draw: random.Random) -> str:
    """Start the run and kill one of its processes; give its name, or nothing if the run ended."""
    with subprocess.Popen(
        command(), cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as run:
        limit = time.monotonic() + after
        while time.monotonic() < limit and run.poll() is None:
            time.sleep(0.02)
        if run.poll() is not None:
            return ""
        victim = draw.choice(processes_below(run.pid))
        try:
            name = Path(f"/proc/{victim}/cmdline").read_bytes().replace(b"\0", b" ")[:60]
            os.kill(victim, signal.SIGKILL)
        except OSError:  # it has just ended
            return ""
    return name.decode("utf-8", "replace") or "?"


@pytest.mark.parametrize("kind", CHOSEN)
def test_a_kill_of_any_process_of_any_kind_of_study(kind, tmp_path):
    home, draw = tmp_path / "home", random.Random(f"{SEED} {kind}")
    home.mkdir()
    expected, seconds = [], 0.0
    for study in studies(kind):
        shutil.rmtree(home / "results", ignore_errors=True)
        write(home, study)
        seconds = finish(home)
        expected.append(content(home / RESULTS))
    assert expected[0] != expected[1] and expected[0].keys() == expected[1].keys()
    current, killed, compared = 1, 0, 0
    until = time.monotonic() + 60 * MINUTES
    while killed < KILLS and time.monotonic() < until:
        chain: list[tuple[float, int, str]] = []
        if draw.random() < 0.5:
            shutil.rmtree(home / RESULTS)
        for _ in range(draw.randint(1, LONGEST_CHAIN)):
            if draw.random() < 0.5:
                current = 1 - current
                write(home, studies(kind)[current])
            if draw.random() < 0.2:
                shutil.rmtree(home / ".snakemake", ignore_errors=True)
            moment = draw.uniform(0.15, 1) * seconds
            if name := kill_one(home, moment, draw):
                chain.append((round(moment, 1), current, name))
        finish(home)
        assert content(home / RESULTS) == expected[current], (SEED, chain)
        assert list(home.rglob("*.part")) == [], (SEED, chain)
        killed, compared = killed + len(chain), compared + 1
        print(f"{kind}, seed {SEED}: {killed} kills, {compared} times the same bits", flush=True)
    assert compared and planned(home) == {}
