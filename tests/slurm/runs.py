"""Runs of the workflow on Slurm that can be watched and struck while they are at work."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from tests.slurm.cluster import Cluster

REPOSITORY = Path(__file__).parents[2]
STUDY = Path(__file__).parent / "spread.yaml"
PATIENCE_S = 600
WITHOUT_ACCOUNTING = (
    *("--slurm-status-command", "squeue", "--slurm-no-account"),
    *("--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "10"),
)

Found = TypeVar("Found")


def command(profile: str, *arguments: str) -> list[str]:
    """Snakemake's command line, as a user would type it."""
    return [
        *(str(REPOSITORY / "envs" / "run"), "snakemake", *arguments),
        *("--snakefile", str(REPOSITORY / "Snakefile"), "--configfile", str(STUDY)),
        *("--profile", str(REPOSITORY / "workflow" / "profiles" / profile)),
    ]


@dataclass(frozen=True)
class Job:
    """A job as the queue lists it."""

    id: str
    state: str
    node: str
    comment: str

    @property
    def batch(self) -> str | None:
        """Name of the batch that the job simulates; None for jobs of other rules."""
        rule = "rule_simulate_wildcards_"
        return self.comment.removeprefix(rule) if self.comment.startswith(rule) else None


def queue(cluster: Cluster) -> list[Job]:
    """All jobs that a cluster has seen, finished ones too."""
    listed = cluster.ask("squeue", "--noheader", "--states=all", "--format=%i|%T|%N|%k")
    return [Job(*line.split("|")) for line in listed.splitlines()]


class SlurmRun:
    """A run of the study in ``folder`` with the profile `slurm`, from start to end.

    Leaving the context ends Snakemake, which takes its jobs along.
    """

    def __init__(self, cluster: Cluster, folder: Path, *arguments: str) -> None:
        self.cluster, self.results = cluster, folder / "results" / "spread"
        self.log = folder / "snakemake.log"
        with open(self.log, "w") as log:
            self.snakemake = subprocess.Popen(
                command("slurm", *arguments, *WITHOUT_ACCOUNTING),
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> SlurmRun:
        return self

    def __exit__(self, *_) -> None:
        self.snakemake.terminate()
        self.snakemake.wait()

    def kill(self) -> None:
        """Kill Snakemake and what it runs on this machine without a word; its jobs live on."""
        os.killpg(self.snakemake.pid, signal.SIGKILL)
        self.snakemake.wait()

    def jobs(self) -> list[Job]:
        """All jobs that the cluster has seen, finished ones too."""
        return queue(self.cluster)

    def facts(self, job: Job) -> dict[str, str]:
        """What the controller knows about a job."""
        words = self.cluster.ask("scontrol", "show", "job", job.id).split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def at_work(self) -> list[Job]:
        """Simulating jobs that have finished some samples, but neither half nor the batch."""
        return [
            job
            for job in self.jobs()
            if job.state == "RUNNING" and job.batch and 1 <= len(self.finished(job.batch)) <= 4
        ]

    def finished(self, batch: str) -> dict[int, float]:
        """Samples of an unfinished batch that are kept, by row: their CPU seconds."""
        kept = self.results / "shards" / f".{batch}.nc.samples"
        try:
            return {int(path.stem): _cpu_seconds(path) for path in kept.glob("[0-9]*.npz")}
        except FileNotFoundError:  # the batch has just ended and removed them
            return {}

    def wait_for(self, what: Callable[[], Found]) -> Found:
        """Wait until ``what`` gives something true."""
        limit = time.monotonic() + PATIENCE_S
        while not (found := what()):
            assert self.snakemake.poll() is None, self.log.read_text()
            assert time.monotonic() < limit, self.log.read_text()
            time.sleep(0.1)
        return found

    def end(self) -> str:
        """Wait for the end of a run that succeeds; what Snakemake has said."""
        code = self.snakemake.wait(PATIENCE_S)
        assert code == 0, self.log.read_text()
        return self.log.read_text()


def _cpu_seconds(path: Path) -> float:
    with np.load(path) as sample:
        return float(sample["cpu_seconds"])
