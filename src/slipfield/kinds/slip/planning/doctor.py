"""The doctor: does this machine have what a study needs, and what to do where it does not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from slipfield.core.errors import SlipfieldError
from slipfield.core.launch import LAUNCHER
from slipfield.core.processor import CPUINFO, instructions
from slipfield.kinds.slip.planning import plan
from slipfield.kinds.slip.planning.estimate import planned_disk_mb
from slipfield.kinds.slip.planning.unit_costs import unit_costs
from slipfield.kinds.slip.study import Study

LEARN_PACKAGES = (
    *("torch", "snakemake", "snakemake-executor-plugin-slurm"),
    *("xarray", "netCDF4", "scikit-learn"),
)
SOLVER_ERROR = 1e-10
"""Largest error of a direct solver on a problem of 64 unknowns, 1."""

BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}
"""What /proc/cpuinfo calls instructions for bfloat16, on x86 and on ARM."""

SET_UP = "run `make setup`, or see .environments/*.log; with conda: envs/*.yaml"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    good : True, False, or None where the study can do without.
    found : what is there.
    remedy : what to do about it; empty where it is good.
    """

    check: str
    good: bool | None
    found: str
    remedy: str = ""


def examine(study: Study, config: Path, results: Path) -> Iterator[Finding]:
    """Check this machine for ``study``, read from ``config``, whose files land in ``results``."""
    yield from _guarded("learn environment", learn_environment)
    alone = yield from _probed(1)
    if alone:
        yield from solvers(alone)
        yield threads(alone)
        yield from _guarded("kernels", partial(compiler, config))
        yield from _guarded("MPI", partial(ranks, max(2, study.execution.ranks_per_sample)))
    yield disk(study, results)
    yield memory(study)
    yield from _guarded("GPU", partial(gpu, study.learning.device))
    if study.learning.device != "cuda":
        yield from bfloat16(study)
    yield slurm()


def print_findings(findings: Iterator[Finding], console: Console) -> bool:
    """Show the findings as a table as soon as all are there; whether none is bad."""
    table = Table(title="Is this machine ready?", show_lines=True)
    for title in ("check", "", "found", "remedy"):
        table.add_column(title)
    good = True
    signs = {True: "[green]ok[/]", False: "[red]failed[/]", None: "-"}
    for finding in findings:
        console.print(f"{finding.check} ...", style="dim", highlight=False)
        table.add_row(finding.check, signs[finding.good], finding.found, finding.remedy)
        good = good and finding.good is not False
    console.print(table)
    return good


def _guarded(name: str, check: Callable[[], Finding]) -> Iterator[Finding]:
    """Give the finding of ``check``, or that it could not be made."""
    try:
        yield check()
    except SlipfieldError as error:
        yield Finding(name, False, str(error), SET_UP)


def _run(*arguments: str) -> str:
    """Output of a command in the environment it needs, which is not set up for it."""
    try:
        done = subprocess.run(
            [str(LAUNCHER), *arguments],
            env={**os.environ, "SLIPFIELD_NO_SETUP": "1"},
            capture_output=True,
            text=True,
        )
    except OSError as error:
        raise SlipfieldError(f"{LAUNCHER}: cannot be run: {error.strerror}") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise SlipfieldError(lines[-1])
    return done.stdout


def _probe(count: int) -> dict[str, Any]:
    command = (
        "--ranks",
        str(count),
        "--in",
        "simulate",
        "python3",
        "-m",
        "slipfield.kinds.slip.fem.probe",
    )
    return json.loads(_run(*command))


def _probed(count: int) -> Generator[Finding, None, dict[str, Any] | None]:
    """Finding about the simulation environment; its probe is the value of the generator."""
    try:
        found = _probe(count)
    except SlipfieldError as error:
        yield Finding("simulate environment", False, str(error), SET_UP)
        return None
    versions = f"Python {found['python']}, DOLFINx {found['dolfinx']}, PETSc {found['petsc']}"
    yield Finding("simulate environment", True, f"{versions}, {found['mpi']}")
    return found


def learn_environment() -> Finding:
    """Versions of the packages that learn and plan."""
    found, missing = [], []
    for package in LEARN_PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        return Finding("learn environment", False, f"missing: {', '.join(missing)}", SET_UP)
    return Finding("learn environment", True, ", ".join(found))


def solvers(found: dict[str, Any]) -> Iterator[Finding]:
    """Whether PETSc's direct solvers solve."""
    for name, error in found["solvers"].items():
        use = "one rank" if name == "cholmod" else "several ranks, and indefinite matrices"
        good = isinstance(error, float) and error < SOLVER_ERROR
        remedy = "" if good else f"PETSc must be built with {name.upper()} (for {use})"
        text = f"error {error:.1e}" if isinstance(error, float) else error
        yield Finding(f"solver {name.upper()}", good, text, remedy)


def threads(found: dict[str, Any]) -> Finding:
    """One thread a process: the workflow fills the cores with processes."""
    cores, given = len(os.sched_getaffinity(0)), found["threads"]
    text = f"{given} a process, {cores} cores"
    good = given == "1" or None
    return Finding(
        "threads", good, text, "" if good else "unset OMP_NUM_THREADS: more is no faster"
    )


def compiler(config: Path) -> Finding:
    """Whether the kernel of the material law compiles here, or was compiled before."""
    _run("warmup", "--config", str(config))
    lines = _run("--in", "simulate", "bash", "-c", "${CXX:-g++} --version").splitlines()
    return Finding("kernels", True, f"{lines[0]}; the point kernel compiles")


def ranks(count: int) -> Finding:
    """Whether mpirun starts as many ranks as are asked for, in one world."""
    found = _probe(count)
    worst = found["solvers"]["mumps"]
    good = found["ranks"] == found["ranks_that_answer"] == count and worst < SOLVER_ERROR
    text = f"{count} ranks asked for, {found['ranks']} in one world"
    remedy = (
        "" if good else "mpirun and mpi4py are of different MPI libraries; use one environment's"
    )
    return Finding("MPI", good, text, remedy)


def disk(study: Study, results: Path) -> Finding:
    """Room for the shards, references and the decoded copy that are still to come."""
    there = sum(map(_size, results.rglob("*"))) / 1e6
    needed = max(planned_disk_mb(study, unit_costs()) - there, 0)
    folder = next(path for path in (results, *results.absolute().parents) if path.exists())
    free = shutil.disk_usage(folder).free / 1e6
    text = f"{needed / 1e3:.1f} GB needed, {free / 1e3:.1f} GB free in {folder}"
    remedy = "" if needed < free else "start the run in a folder on a larger disk"
    return Finding("disk", needed < free, text, remedy)


def _size(path: Path) -> int:
    """Bytes of a file; none of what has vanished meanwhile."""
    with suppress(OSError):
        return path.stat().st_size if path.is_file() else 0
    return 0


def memory(study: Study) -> Finding:
    """Memory for the largest job, and for a simulation on every core."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6
    cores = len(os.sched_getaffinity(0))
    largest = max(plan.learning_memory_mb(study), plan.reference_memory_mb(study))
    each = plan.simulation_memory_mb(study)
    text = (
        f"{whole / 1e3:.0f} GB; largest job {largest / 1e3:.1f} GB, simulation {each / 1e3:.1f} GB"
    )
    if largest > whole:
        return Finding("memory", None, text, "train on a larger machine, or raise image_stride")
    if cores * each > whole:
        return Finding("memory", None, text, f"run with --cores {max(1, int(whole / each))}")
    return Finding("memory", True, text)


def gpu(device: str) -> Finding:
    """Whether PyTorch sees the GPU that the study asks for."""
    script = "import torch; print(torch.cuda.device_count())"
    count = int(_run("--in", "learn", "python3", "-c", script))
    if device == "cuda" and not count:
        remedy = "set learning.device: auto, or install a PyTorch with CUDA where training runs"
        return Finding("GPU", False, "none, but learning.device is cuda", remedy)
    return Finding("GPU", True if count else None, f"{count} for PyTorch")


def bfloat16(study: Study, cpuinfo: Path = CPUINFO) -> Iterator[Finding]:
    """Whether this processor has the arithmetic that a training or a sweep asks for, if one does.

    Without its instructions a step in bfloat16 takes about nine times one in float32
    (docs/performance.md).
    """
    asked = {
        "learning.precision: float32": study.learning.precision == "bfloat16",
        "sweep.precision: [float32]": "bfloat16" in study.sweep.precision,
    }
    if not any(asked.values()):
        return
    if not BFLOAT16_FLAGS.isdisjoint(instructions(cpuinfo)):
        yield Finding("bfloat16", True, "this processor has instructions for it")
        return
    remedy = "on cores set " + " and ".join(name for name, is_asked in asked.items() if is_asked)
    yield Finding("bfloat16", None, "no instructions for it here: trainings in it crawl", remedy)


def slurm() -> Finding:
    """Whether a Slurm answers here, and which settings of the profile it needs."""
    if shutil.which("sbatch") is None:
        return Finding("Slurm", None, "no sbatch here: only the profile slurm needs it")
    shown = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True)
    if shown.returncode:
        remedy = "ask the cluster's administrators; the profile workstation needs none"
        return Finding("Slurm", None, "sbatch is here, but no controller answers", remedy)
    lines = (line.partition("=") for line in shown.stdout.splitlines())
    settings = {name.strip(): value.strip() for name, _, value in lines}
    found = f"{settings.get('ClusterName')}, Slurm {settings.get('SLURM_VERSION')}"
    if settings.get("AccountingStorageType") in (None, "(null)", "accounting_storage/none"):
        remedy = "in workflow/profiles/slurm: slurm-status-command: squeue, slurm-no-account: true"
        return Finding("Slurm", True, f"{found}, without accounting", remedy)
    return Finding("Slurm", True, f"{found}, with accounting")
