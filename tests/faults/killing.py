"""Start a command, kill its whole process group at a chosen moment, and watch what it writes."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PATIENCE_S = 300
LOOK_EVERY_S = 0.002
STARTING = 0.1
"""Share of kills while Snakemake starts, before it has begun a job."""


@dataclass(frozen=True)
class Moment:
    """When to kill: ``after`` seconds from the start, or from the n-th file being written.

    With ``file`` 0 the clock starts with the process.
    """

    after: float
    file: int = 0


@dataclass
class Outcome:
    """How a run ended: whether it was killed, its wall time, and the files it was seen writing."""

    killed: bool
    returncode: int
    seconds: float
    writing: set[str] = field(default_factory=set)
    output: str = ""


def unfinished(folder: Path) -> set[str]:
    """Temporary names below ``folder``: files being written, or left by a kill."""
    found = set()
    for where, _, files in os.walk(folder):
        found.update(os.path.join(where, name) for name in files if name.endswith(".part"))
    return found


def run_until(
    command: list[str], folder: Path, moment: Moment | None = None, log: Path | None = None
) -> Outcome:
    """Run ``command`` in ``folder``; kill it and all its children at ``moment``.

    What it prints goes to ``log``, by default beside ``folder``.
    """
    log = log or folder.with_name(f"{folder.name}.log")
    before, writing, limit = unfinished(folder), set(), None
    started = time.monotonic()
    with open(log, "w") as handle:
        process = subprocess.Popen(
            command, cwd=folder, stdout=handle, stderr=handle, start_new_session=True
        )
        if moment and moment.file == 0:
            limit = started + moment.after
        while process.poll() is None:
            now = time.monotonic()
            assert now - started < PATIENCE_S, f"{command}: no end after {PATIENCE_S} s"
            if limit is not None and now >= limit:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if process.returncode == -signal.SIGKILL:
                    return Outcome(True, process.returncode, now - started, writing)
                break  # it ended by itself just before
            writing |= unfinished(folder) - before
            if moment and limit is None and len(writing) >= moment.file:
                limit = now + moment.after
            time.sleep(LOOK_EVERY_S)
    seconds = time.monotonic() - started
    return Outcome(False, process.returncode, seconds, writing, log.read_text())


def processes_below(process: int) -> list[int]:
    """A process and all that it has started, directly or not."""
    started = psutil.Process(process).children(recursive=True)
    return [process, *(each.pid for each in started)]


def role(process: int) -> str:
    """What a process of a run is: Snakemake, a shell or sandbox around a job, or the job's verb."""
    try:
        words = psutil.Process(process).cmdline()
    except psutil.NoSuchProcess:
        return ""
    names = [os.path.basename(word) for word in words]
    if "slipfield" in names and names[0].startswith("python"):
        return " ".join(words[words.index("slipfield") + 1 :][:2]).partition(" --")[0]
    if any("snakemake" in name for name in names[:2]):
        return "snakemake"
    return names[0] if names else ""


class Progress:
    """What a run of Snakemake has said so far, by the file that it writes to."""

    def __init__(self, log: Path):
        self.log = log

    def planned(self) -> int:
        """Jobs that the run is to do; 0 until it has said so."""
        found = re.search(r"^total +(\d+)$", self.log.read_text(), re.M)
        return int(found[1]) if found else 0

    def events(self) -> int:
        """Jobs that have begun and jobs that have ended, together."""
        return len(re.findall(r"^(?:Job \d+:|Finished jobid:)", self.log.read_text(), re.M))


def kill_one(command: list[str], folder: Path, draw: random.Random, longest_s: float = 2.0) -> str:
    """Start a run and kill one of its processes; give its role, or nothing if the run had ended.

    The moment is one of the run itself, so that it is hit on a machine of any speed: up to
    ``longest_s`` after the start, or after a job has begun or ended. Orphans are left alone.
    """
    log, share, delay = folder.with_name("run.log"), draw.random(), draw.uniform(0, longest_s)
    with (
        open(log, "w") as said,
        subprocess.Popen(command, cwd=folder, stdout=said, stderr=said) as run,
    ):
        progress, target, limit = Progress(log), None, None
        if share < STARTING:
            target = 0
        while run.poll() is None:
            if target is None and (planned := progress.planned()):
                target = 1 + int((share - STARTING) / (1 - STARTING) * (2 * planned - 2))
            if limit is None and target is not None and progress.events() >= target:
                limit = time.monotonic() + delay
            if limit is not None and time.monotonic() >= limit:
                return _kill_any(run.pid, draw)
            time.sleep(0.01)
    return ""


def _kill_any(run: int, draw: random.Random) -> str:
    """Kill any process of a run; give its role, or nothing if it had just ended."""
    try:
        victim = psutil.Process(draw.choice(processes_below(run)))
        name = role(victim.pid)
        if not name or victim.status() == psutil.STATUS_ZOMBIE:
            return ""
        victim.kill()
    except psutil.NoSuchProcess:
        return ""
    return name
