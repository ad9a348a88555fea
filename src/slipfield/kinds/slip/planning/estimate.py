"""What a planned workflow costs: core-hours, GPU-hours, disk and jobs, from measured unit costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from slipfield.kinds.slip.models import NETWORK
from slipfield.kinds.slip.planning import plan
from slipfield.kinds.slip.planning.unit_costs import GPU_GFLOP_PER_S, UnitCosts
from slipfield.kinds.slip.study import Study

SMALL_JOB_CPU_S = 20.0
"""CPU seconds of a job that only draws a figure or writes a table: mostly the start of Python."""


@dataclass(frozen=True)
class Cost:
    """Cost of a job, or the sum over several.

    Attributes
    ----------
    jobs : number of jobs.
    cpu_s : CPU seconds without the training of networks.
    training_cpu_s : CPU seconds of that training if it runs on processors.
    training_gflop : the same in operations, 1e9.
    disk_mb : size of what stays on disk, MB.
    """

    jobs: int = 0
    cpu_s: float = 0.0
    training_cpu_s: float = 0.0
    training_gflop: float = 0.0
    disk_mb: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.jobs + other.jobs,
            self.cpu_s + other.cpu_s,
            self.training_cpu_s + other.training_cpu_s,
            self.training_gflop + other.training_gflop,
            self.disk_mb + other.disk_mb,
        )

    @property
    def gpu_hours(self) -> float:
        """Hours of the training on the assumed GPU."""
        return self.training_gflop / GPU_GFLOP_PER_S / 3600


def job_cost(study: Study, units: UnitCosts, rule: str, wildcards: Mapping[str, str]) -> Cost:
    """Cost of one job of the workflow, by its rule and wildcards."""
    if rule == "simulate":
        return _simulation(study, units, len(plan.parse_batch(wildcards["batch"])))
    if rule == "reference":
        runs = plan.MAPS_PER_JOB if "tens" in wildcards else len(plan.map_jobs(study)[1])
        return _reference(study, units, runs)
    if rule == "gather":
        return Cost(1, SMALL_JOB_CPU_S + _reading_cpu_s(study, units))
    if rule == "train":
        training = _training(study, units, wildcards["model"], study.learning.epochs)
        return training + _decoded(study)
    if rule == "crossval":
        folds = int(wildcards["last"]) + 1 - int(wildcards["first"])
        share = 1 - 1 / study.crossval.folds
        return _training(study, units, wildcards["model"], folds * study.crossval.epochs * share)
    if rule == "learning_curves":
        model = next(filter(plan.in_epochs, study.models), study.learning.model)
        return _training(study, units, model, plan.curves_epochs(study))
    if rule == "sweep":
        epochs = study.sweep.repeats * study.sweep.epochs
        return _training(study, units, NETWORK, epochs)
    return Cost(1, SMALL_JOB_CPU_S)


def _simulation(study: Study, units: UnitCosts, samples: int) -> Cost:
    simulation, size = units.simulation, plan.cells(study) / units.simulation.cells
    cpu = simulation.start_cpu_s + samples * simulation.cpu_s(plan.cells(study))
    return Cost(1, cpu, disk_mb=samples * simulation.sample_mb * size * _outputs(study, units))


def _reference(study: Study, units: UnitCosts, runs: int) -> Cost:
    simulation, size = units.simulation, plan.cells(study) / units.simulation.cells
    samples = runs * simulation.reference_cpu_s / simulation.sample_cpu_s
    disk = runs * simulation.reference_mb * size * _outputs(study, units)
    return Cost(1, samples * simulation.cpu_s(plan.cells(study)), disk_mb=disk)


def _outputs(study: Study, units: UnitCosts) -> float:
    return study.loading.outputs / units.simulation.outputs


def _reading_cpu_s(study: Study, units: UnitCosts) -> float:
    """CPU seconds of reading the whole dataset once."""
    size = plan.cells(study) / units.simulation.cells
    return study.sampling.samples * units.learning.gather_cpu_s * size * _outputs(study, units)


def _training(study: Study, units: UnitCosts, model: str, epochs: float) -> Cost:
    """Cost of a training: the network visits the data each epoch, the others read it once."""
    read = Cost(1, SMALL_JOB_CPU_S + _reading_cpu_s(study, units))
    if not plan.in_epochs(model):
        return read
    seconds, gflop = units.learning.visit(plan.pixels(study), study.loading.outputs)
    visits = study.sampling.samples * epochs
    return read + Cost(0, 0.0, visits * seconds, visits * gflop)


def _decoded(study: Study) -> Cost:
    """Disk of the decoded copy (float16) that all trainings of a large dataset share."""
    values = study.sampling.samples * study.loading.outputs * 3 * plan.pixels(study)
    size_mb = plan.FIELD_BYTES * values / 1e6
    return Cost(disk_mb=0 if size_mb <= plan.FIELDS_IN_MEMORY_MB else size_mb)


def planned_disk_mb(study: Study, units: UnitCosts) -> float:
    """Size of all shards, references and the decoded copy of a study, MB."""
    batches = [_simulation(study, units, len(batch)) for batch in plan.batches(study)]
    references = _reference(study, units, plan.reference_maps(study))
    return sum((cost.disk_mb for cost in batches), references.disk_mb + _decoded(study).disk_mb)


def estimate(
    study: Study, units: UnitCosts, jobs: Iterable[tuple[str, Mapping[str, str]]]
) -> dict[str, Cost]:
    """Sum of the costs of ``jobs`` (rule and wildcards), by rule; the last entry is their sum."""
    found: dict[str, Cost] = {}
    for rule, wildcards in jobs:
        found[rule] = found.get(rule, Cost()) + job_cost(study, units, rule, wildcards)
    return {**found, "total": sum(found.values(), Cost())}


def print_estimate(
    study: Study, units: UnitCosts, costs: Mapping[str, Cost], side_by_side: int
) -> None:
    """Print a table of costs on standard error, the wall time, and what both rest on.

    The wall time is that of ``side_by_side`` jobs of one core each that never wait.
    """
    table = Table(title=f"What study {study.name!r} still takes")
    table.add_column("rule")
    for title in ("jobs", "core-hours", "training:\non cores", "or on a\nGPU, hours", "disk, GB"):
        table.add_column(title, justify="right")
    for rule, cost in costs.items():
        hours = cost.cpu_s / 3600, cost.training_cpu_s / 3600, cost.gpu_hours
        texts = [_short(value) for value in (*hours, cost.disk_mb / 1e3)]
        if rule == "total":
            table.add_section()
        table.add_row(rule, f"{cost.jobs:,}", *texts)
    console = Console(stderr=True)
    console.print(table)
    total = costs["total"]
    alone, trained = total.cpu_s / side_by_side, total.training_cpu_s / side_by_side
    wall = _short((alone + trained) / 3600)
    wall = wall if wall.startswith("<") else f"about {wall}"
    console.print(
        f"With {side_by_side:,} jobs side by side: {wall} hours of wall time, "
        f"{_short(trained / 3600)} of them to train networks on cores.",
        highlight=False,
    )
    console.print(
        f"On Slurm: {total.jobs:,} jobs, {_short(total.cpu_s / 3600)} core-hours without the "
        f"training of networks; that takes {_short(total.training_cpu_s / 3600)} core-hours more, "
        f"or {_short(total.gpu_hours)} GPU-hours. Disk: {_short(total.disk_mb / 1e3)} GB.\n"
        f"Unit costs: {units.source}. The GPU is not measured but assumed to sustain "
        f"{GPU_GFLOP_PER_S / 1e3:g} TFLOP/s.",
        highlight=False,
    )


def _short(value: float) -> str:
    """Two digits that matter, none of tiny values."""
    if value == 0:
        return "-"
    return "< 0.01" if value < 0.01 else f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
