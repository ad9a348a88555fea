"""What a planned workflow costs: core-hours, GPU-hours, disk and jobs, from measured unit costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rich.console import Console
from rich.table import Table

from slipfield.core.processor import instructions
from slipfield.kinds.slip.models import EQUILIBRIUM, MODELS, NETWORK
from slipfield.kinds.slip.planning import plan
from slipfield.kinds.slip.planning.unit_costs import GPU_GFLOP_PER_S, UnitCosts
from slipfield.kinds.slip.study import Study

SMALL_JOB_CPU_S = 20.0
"""CPU seconds of a job that only draws a figure or writes a table: mostly the start of Python."""

PROJECTION_FIT_CPU_S = 1.0
"""CPU seconds of fitting the projection to what it has read: linear regressions."""

SIDE_BY_SIDE = ("train", "crossval", "sweep", "learning_curves")
"""Rules that wait for the dataset alone; the others wait for each other."""


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
    longest_s : CPU seconds of the longest job, training on processors included.
    """

    jobs: int = 0
    cpu_s: float = 0.0
    training_cpu_s: float = 0.0
    training_gflop: float = 0.0
    disk_mb: float = 0.0
    longest_s: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.jobs + other.jobs,
            self.cpu_s + other.cpu_s,
            self.training_cpu_s + other.training_cpu_s,
            self.training_gflop + other.training_gflop,
            self.disk_mb + other.disk_mb,
            max(self.longest_s, other.longest_s),
        )

    def wall_s(self, side_by_side: int) -> float:
        """Wall seconds of the jobs on so many cores: at least those of the longest."""
        return max((self.cpu_s + self.training_cpu_s) / side_by_side, self.longest_s)

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
        model, visits = wildcards["model"], study.learning.epochs
        return _training(study, units, model, 1, visits) + _decoded(study)
    if rule == "crossval":
        folds = int(wildcards["last"]) + 1 - int(wildcards["first"])
        fits = folds * (1 - 1 / study.crossval.folds)
        return _training(study, units, wildcards["model"], fits, fits * study.crossval.epochs)
    if rule == "learning_curves":
        model = next(filter(plan.in_epochs, study.models), study.learning.model)
        epochs = plan.curves_epochs(study)
        return _training(study, units, model, epochs / study.learning.epochs, epochs)
    if rule == "sweep":
        epochs = study.sweep.repeats * study.sweep.epochs
        return _training(study, units, NETWORK, study.sweep.repeats, epochs)
    return Cost(1, SMALL_JOB_CPU_S)


def _simulation(study: Study, units: UnitCosts, samples: int) -> Cost:
    simulation, size = units.simulation, plan.cells(study) / units.simulation.cells
    cpu = simulation.start_cpu_s + samples * plan.sample_cpu_s(study, simulation)
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


def _training(study: Study, units: UnitCosts, model: str, fits: float, epochs: float) -> Cost:
    """Cost of ``fits`` trainings on all samples, in so many epochs together.

    The network reads the data in each job and visits them each epoch. The others fit to what one
    of them has read, see :func:`_features_cpu_s`.
    """
    if not plan.in_epochs(model):
        fit = PROJECTION_FIT_CPU_S
        if model == EQUILIBRIUM:
            fit = units.learning.fit_cpu_s * study.sampling.samples / units.learning.fit_samples
        return Cost(1, SMALL_JOB_CPU_S + fits * fit)
    seconds, gflop = units.learning.visit(plan.pixels(study), study.loading.outputs)
    visits, read = study.sampling.samples * epochs, _reading_cpu_s(study, units)
    return Cost(1, SMALL_JOB_CPU_S + read, visits * seconds, visits * gflop)


def _features_cpu_s(study: Study, units: UnitCosts, model: str) -> float:
    """CPU seconds that the first job of an inverter without epochs takes to read all samples."""
    if model != EQUILIBRIUM:
        return _reading_cpu_s(study, units)
    size = plan.cells(study) / units.simulation.cells
    return study.sampling.samples * units.learning.balance_cpu_s * size


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
    read: set[str] = set()
    for rule, wildcards in jobs:
        cost, model = job_cost(study, units, rule, wildcards), wildcards.get("model")
        if model in MODELS and model not in read and not plan.in_epochs(model):
            cost += Cost(cpu_s=_features_cpu_s(study, units, model))
            read.add(model)
        cost = replace(cost, longest_s=cost.cpu_s + cost.training_cpu_s)
        found[rule] = found.get(rule, Cost()) + cost
    return {**found, "total": sum(found.values(), Cost())}


def wall_seconds(costs: Mapping[str, Cost], side_by_side: int) -> tuple[float, float]:
    """Wall seconds of :func:`estimate`'s jobs on so many cores, and those of training networks.

    No stage takes less than its longest job.
    """
    learning = sum((costs[rule] for rule in SIDE_BY_SIDE if rule in costs), Cost())
    others = [cost for rule, cost in costs.items() if rule not in (*SIDE_BY_SIDE, "total")]
    wall = sum(cost.wall_s(side_by_side) for cost in (learning, *others))
    share = learning.training_cpu_s / max(learning.cpu_s + learning.training_cpu_s, 1e-9)
    return wall, share * learning.wall_s(side_by_side)


def print_estimate(
    study: Study, units: UnitCosts, costs: Mapping[str, Cost], side_by_side: int
) -> None:
    """Print a table of costs on standard error, the wall time, and what both rest on.

    The wall time is that of ``side_by_side`` jobs of one core each.
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
    total, (seconds, trained) = costs["total"], wall_seconds(costs, side_by_side)
    wall = _short(seconds / 3600)
    wall = wall if wall.startswith("<") else f"about {wall}"
    jobs = f"{side_by_side:,} jobs side by side" if side_by_side > 1 else "one job at a time"
    console.print(
        f"With {jobs}: {wall} hours of wall time, "
        f"{_short(trained / 3600)} of them to train networks on cores.",
        highlight=False,
    )
    console.print(
        f"On Slurm: {total.jobs:,} jobs, {_short(total.cpu_s / 3600)} core-hours without the "
        f"training of networks; that takes {_short(total.training_cpu_s / 3600)} core-hours more, "
        f"or {_short(total.gpu_hours)} GPU-hours. Disk: {_short(total.disk_mb / 1e3)} GB.\n"
        f"Unit costs: {units.source}. {units.note(instructions())}`make slice` measures those of "
        "this machine. The GPU is not measured but assumed to sustain "
        f"{GPU_GFLOP_PER_S / 1e3:g} TFLOP/s.",
        highlight=False,
    )


def _short(value: float) -> str:
    """Two digits that matter, none of tiny values."""
    if value == 0:
        return "-"
    return "< 0.01" if value < 0.01 else f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
