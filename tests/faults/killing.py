"""Start a command, kill its whole process group at a chosen moment, and watch what it writes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PATIENCE_S = 300
LOOK_EVERY_S = 0.002


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
