"""Kill any process of a running study of any kind, change it or not, start again: the same bits.

Orphans are left alone, and what a rerun has made is compared with an undisturbed run after each
kill or two. Only `make faults` does it; SLIPFIELD_SEED names the moments, SLIPFIELD_KIND kinds,
SLIPFIELD_MINUTES the time after which no further kill begins. SLIPFIELD_KILLS is how many
reruns are compared, of each kind. A line for each says what was killed.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path

import pytest
import yaml

from slipfield.core.kind import load, load_any_study
from tests.faults.finished import command, planned, snakemake
from tests.faults.killing import kill_one
from tests.faults.kinds import KINDS, content, studies

REPEATS = int(os.environ.get("SLIPFIELD_KILLS", "0"))
SEED = int(os.environ.get("SLIPFIELD_SEED", "1"))
MINUTES = float(os.environ.get("SLIPFIELD_MINUTES", "inf"))
CHOSEN = os.environ.get("SLIPFIELD_KIND", ",".join(KINDS)).split(",")
KILLED_AGAIN = 0.25
"""Share of reruns that are killed as well, before the one that ends."""

RESULTS = Path("results") / "killed"
NAMED_BY_CARDS = {"models/projection/intervals.csv", "models/projection/selection.json"}
"""What only one model of several has: no rule declares it, the model's card names it."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("SLIPFIELD_KILLS" not in os.environ, reason="only in `make faults`"),
]


class Home:
    """Folder of a study that is one of two, with the results that both have undisturbed."""

    def __init__(self, folder: Path, kind: str):
        self.folder, self.studies, self.current = folder, studies(kind), 0
        self.expected = []
        folder.mkdir()
        for number in (0, 1):
            shutil.rmtree(folder / "results", ignore_errors=True)
            self.take(number)
            self.finish()
            self.expected.append(content(folder / RESULTS))
        first, second = self.expected
        assert first != second and first.keys() == second.keys()
        undeclared = first.keys() - set(declared(folder))
        assert undeclared <= NAMED_BY_CARDS, "deleted, they would not be made again"

    def take(self, number: int) -> None:
        """Write the study file of one of the two studies."""
        self.current = number
        (self.folder / "p.yaml").write_text(yaml.safe_dump(self.studies[number]))

    def finish(self) -> None:
        """Run the study to its end, and wait for orphans."""
        done = snakemake(self.folder)
        assert done.returncode == 0, done.stdout
        limit = time.monotonic() + 600
        while at_work(self.folder):
            assert time.monotonic() < limit
            time.sleep(0.05)

    def difference(self) -> list[str]:
        """Files that differ from those of an undisturbed run, are stale, or nobody finished."""
        found, expected = content(self.folder / RESULTS), self.expected[self.current]
        differ = [
            name
            for name in sorted(found.keys() | expected.keys())
            if found.get(name) != expected.get(name)
        ]
        study, kind = load_any_study(self.folder / "p.yaml")
        stale = load(kind.stale)(study, self.folder / RESULTS)
        return [*differ, *map(str, stale), *map(str, self.folder.rglob("*.part"))]


def declared(folder: Path) -> list[str]:
    """Files that the workflow's rules declare as results, which it makes again if they are gone."""
    said = snakemake(folder, "--summary").stdout
    start = f"{RESULTS}/"
    return [
        line.split("\t")[0].removeprefix(start)
        for line in said.splitlines()
        if line.startswith(start)
    ]


def at_work(folder: Path) -> list[str]:
    """Processes, dead ones left out, whose current folder is ``folder``."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{entry}/cwd") == str(folder):
                os.readlink(f"/proc/{entry}/exe")
                found.append(entry)
        except OSError:
            continue
    return found


def disturb(home: Home, draw: random.Random) -> list[tuple[str, bool]]:
    """Give a run work and kill a process of it, perhaps also one of the rerun.

    Gives the role of each process that was hit, and whether the study was changed afterwards.
    """
    work, folder = draw.choice(("all", "a file", "another study")), home.folder / RESULTS
    if work == "all":
        shutil.rmtree(folder)
    elif work == "a file":
        (folder / draw.choice(sorted(home.expected[home.current]))).unlink()
    else:
        home.take(1 - home.current)
    hit = []
    for _ in range(2 if draw.random() < KILLED_AGAIN else 1):
        name, changed = kill_one(command(), home.folder, draw), draw.random() < 0.5
        if name:
            hit.append((name, changed))
        if changed:
            home.take(1 - home.current)
        if draw.random() < 0.2:
            shutil.rmtree(home.folder / ".snakemake", ignore_errors=True)
    return hit


@pytest.mark.parametrize("kind", CHOSEN)
def test_a_kill_of_any_process_of_any_kind_of_study(kind, tmp_path):
    home, draw = Home(tmp_path / "home", kind), random.Random(f"{SEED} {kind}")
    until = time.monotonic() + 60 * MINUTES
    compared, kills, missed = 0, 0, 0
    while compared < REPEATS and time.monotonic() < until:
        hit = disturb(home, draw)
        home.finish()
        assert home.difference() == [], (SEED, hit)
        compared, kills, missed = compared + bool(hit), kills + len(hit), missed + (not hit)
        counts = f"{kills} kills, {compared} reruns the same, {missed} missed"
        print(f"{kind}, seed {SEED}: {counts}: {hit}", flush=True)
    assert compared and planned(home.folder) == {}
