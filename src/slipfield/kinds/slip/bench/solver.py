"""Measurements inside the simulate environment: one batch by phase, and variants of the solver."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf, write_text
from slipfield.kinds.slip.bench.stopwatch import Stopwatch
from slipfield.kinds.slip.crystal.build import load_kernel
from slipfield.kinds.slip.design import Samples, samples_text
from slipfield.kinds.slip.fem.batch import reference_fields, simulate_batch, simulate_sample
from slipfield.kinds.slip.fem.kernels import study_kernels
from slipfield.kinds.slip.fem.linear import TangentSolver
from slipfield.kinds.slip.fem.nodal import NodalGradient
from slipfield.kinds.slip.fem.precision import precision_of
from slipfield.kinds.slip.fem.sheet import Microstructure
from slipfield.kinds.slip.fem.state import PointStates
from slipfield.kinds.slip.fem.stepping import Problem, Stepper
from slipfield.kinds.slip.study import Study

FACTOR_AGES = (1, 2, 3)
WATCHED = (
    (Problem, "__init__", "set_up"),
    (PointStates, "evaluate", "evaluation"),
    (TangentSolver, "factorise", "factorisation"),
    (TangentSolver, "solve", "solve"),
    (NodalGradient, "image", "output"),
)


def measure(kind: str, study: Study, microstructure: Path, repeats: int, output: Path) -> None:
    """Take one measurement at the centre of the sampling box and write it as JSON. Collective.

    Parameters
    ----------
    kind : "batch" or "variants", see :func:`measure_batch` and :func:`measure_variants`.

    Raises
    ------
    SlipfieldError
        If there is no such measurement or a sample fails.
    """
    kinds = {"batch": measure_batch, "variants": measure_variants}
    if kind not in kinds:
        raise SlipfieldError(f"measurement: given {kind!r}; expected one of {', '.join(kinds)}")
    for source, variants in study_kernels(study, precision_of(study.solver)):
        load_kernel(source, *variants)
    found = kinds[kind](study, microstructure, repeats)
    if MPI.COMM_WORLD.rank == 0:
        write_text(output, json.dumps(found, indent=1) + "\n")


def measure_batch(study: Study, microstructure: Path, repeats: int) -> dict[str, Any]:
    """Simulate a batch as the workflow does and split its cost by phase. Collective.

    Returns
    -------
    dict
        Of the sample with the median CPU time: ``cpu_seconds``, ``wall_seconds`` and CPU seconds
        by ``phases``; ``set_up_seconds`` of the batch and ``writing_seconds`` of a sample (CPU);
        steps, factorisations, evaluations, iterations of a point; ``kernel_microseconds`` per
        point and evaluation; ``peak_memory_mb``; ``interval``, the time of day (s) at which the
        batch started and ended. Times are those of rank 0.
    """
    comm = MPI.COMM_WORLD
    with _shared_folder(comm) as folder:
        design, shard = folder / "samples.csv", folder / "shard.nc"
        if comm.rank == 0:
            write_text(design, _design_at_centre(study, repeats))
        comm.barrier()
        watch, samples = Stopwatch(), []
        started, cpu = time.time(), time.process_time()
        with ExitStack() as watches:
            for owner, method, name in WATCHED:
                watches.enter_context(watch.watch(owner, method, name))
            watches.enter_context(
                watch.watch(Stepper, "run", "run", lambda s: samples.append(_sample(s, watch)))
            )
            simulate_batch(study, microstructure, design, (0, repeats), shard, comm)
        cpu, finished = time.process_time() - cpu, time.time()
        peak_memory = _check_shard(shard) if comm.rank == 0 else 0.0
        comm.barrier()
    set_up = samples[0].pop("set_up_seconds")
    spent = set_up + sum(sample["cpu_seconds"] for sample in samples)
    typical = statistics.median_low(sample["cpu_seconds"] for sample in samples)
    return {
        "cells": study.specimen.cells_x,
        "ranks": comm.size,
        "repeats": repeats,
        **next(sample for sample in samples if sample["cpu_seconds"] == typical),
        "set_up_seconds": set_up,
        "writing_seconds": (cpu - spent) / repeats,
        "peak_memory_mb": peak_memory,
        "interval": [started, finished],
    }


def _sample(stepper: Stepper, watch: Stopwatch) -> dict[str, Any]:
    """Cost of the sample that ``stepper`` has just ended, by phase."""
    cpu, wall = watch.lap()
    counters = stepper.points.counters
    share = counters.kernel_s / (counters.kernel_s + counters.assembly_s)
    evaluation = cpu["evaluation"]
    phases = {
        "kernel": share * evaluation,
        "assembly": (1 - share) * evaluation,
        **{name: cpu[name] for name in ("factorisation", "solve", "output")},
    }
    blocks = stepper.problem.blocks
    return {
        "cpu_seconds": cpu["run"],
        "wall_seconds": wall["run"],
        "phases": {**phases, "other": cpu["run"] - sum(phases.values())},
        "set_up_seconds": cpu.get("set_up", 0.0),
        "steps": stepper.record.steps,
        "rejected_steps": stepper.record.rejected_steps,
        "factorisations": stepper.record.factorisations,
        "evaluations": counters.updates // (blocks.order.size * blocks.points),
        "iterations": counters.iterations / counters.updates,
        "kernel_microseconds": 1e6 * share * evaluation / counters.updates,
    }


def measure_variants(study: Study, microstructure: Path, repeats: int) -> dict[str, Any]:
    """Compare factor ages, and a run with sensitivities, turn by turn in one process.

    Returns
    -------
    dict
        ``factor_age``: for each age the median CPU seconds of a sample, its factorisations and
        the change of its strain fields (L2, all outputs) from those of age 1;
        ``sensitivities``: median CPU seconds of a sample with and without them.
    """
    problem = Problem(study, Microstructure.read(microstructure))
    nodal, k = NodalGradient(problem), study.sampling.centre
    cpu: dict[int, list[float]] = {age: [] for age in FACTOR_AGES}
    plain, with_rates, last = [], [], {}
    for _ in range(repeats):
        for age in FACTOR_AGES:
            problem.study, problem.max_factor_age = _with_factor_age(study, age), age
            last[age] = simulate_sample(problem, nodal, k)
            cpu[age].append(last[age].cpu_seconds)
        problem.study, problem.max_factor_age = study, study.solver.max_factor_age
        plain.append(simulate_sample(problem, nodal, k).cpu_seconds)
        started = time.process_time()
        reference_fields(problem, k)
        with_rates.append(time.process_time() - started)
    exact = last[1].strain
    return {
        "cells": study.specimen.cells_x,
        "repeats": repeats,
        "factor_age": {
            str(age): {
                "cpu_seconds": statistics.median(cpu[age]),
                "factorisations": sample.record.factorisations,
                "strain_change": float(
                    np.linalg.norm(sample.strain - exact) / np.linalg.norm(exact)
                ),
            }
            for age, sample in last.items()
        },
        "sensitivities": {
            "cpu_seconds": statistics.median(with_rates),
            "cpu_seconds_without": statistics.median(plain),
        },
    }


def _with_factor_age(study: Study, age: int) -> Study:
    solver = study.solver.model_copy(update={"max_factor_age": age})
    return study.model_copy(update={"solver": solver})


def _design_at_centre(study: Study, count: int) -> str:
    """Table of ``count`` equal samples of the first microstructure."""
    centre = np.tile(study.sampling.centre, (count, 1))
    return samples_text(Samples(np.arange(count), np.zeros(count, int), centre))


def _check_shard(path: Path) -> float:
    """Peak memory in MB of a finished batch.

    Raises
    ------
    SlipfieldError
        If a sample failed: its cost says nothing.
    """
    with open_netcdf(path) as data:
        if data["status"].values.any():
            reason = str(data["reason"].values[data["status"].values > 0][0])
            raise SlipfieldError(f"bench: a sample failed: {reason}")
        return float(data["peak_memory_mb"].max())


@contextmanager
def _shared_folder(comm: MPI.Intracomm) -> Iterator[Path]:
    """Make a temporary folder that all ranks see; rank 0 removes it."""
    with ExitStack() as stack:
        name = None
        if comm.rank == 0:
            name = stack.enter_context(tempfile.TemporaryDirectory())
        yield Path(comm.bcast(name))
