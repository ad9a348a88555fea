"""What a study needs before anything runs: its batches of samples, memory and time requests.

Everything here follows from the study file alone, so that a workflow can be planned without
looking at a single result.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.models import MODELS, NETWORK
from slipfield.kinds.slip.planning.unit_costs import GPU_GFLOP_PER_S, Simulation, unit_costs
from slipfield.kinds.slip.study import Study

START_MINUTES = 5
"""Part of a run time request that covers starting and slow file systems, min."""

MEMORY_MARGIN = 1.25
"""Factor between the expected and the requested memory of a job."""

SNAKEMAKE_MB = 400
"""Memory of Snakemake itself, which runs twice around each job of a cluster, MB."""

LEARNING_LIBRARIES_MB = 600
"""Memory of a training process without data: PyTorch and what it loads, MB."""

MAPS_PER_JOB = 10
"""Grain maps, or reference runs, of one job: as the last digit of a file's name counts them."""

FIELD_BYTES = 2
"""Size of a value of the decoded fields (float16), bytes."""

FIELDS_IN_MEMORY_MB = 4000
"""Decoded fields that take more than this stay on disk, whatever the machine has, MB."""

READING_ARRAYS = 30
"""Arrays of the size of one sample that an inverter which reads each sample once keeps."""

READING_PASSES = 5
"""What such an inverter takes for all samples, in passes of `gather` over them."""

FIT_MINUTES = 3
"""Request for fitting such an inverter to features that are there, min."""

LONGEST_JOB_MINUTES = 3 * 24 * 60
"""Longest request of a learning job, min: one that needs more is run again and continues."""

SAFETY = 4.0
"""Factor between the expected and the requested run time of a job."""


@dataclass(frozen=True)
class Batch:
    """Samples ``first`` to ``last`` (both included) of one microstructure: one job, one shard."""

    microstructure: int
    first: int
    last: int

    @property
    def name(self) -> str:
        """Stem of the shard's file name."""
        return f"m{self.microstructure:05d}_r{self.first:06d}-{self.last:06d}"

    @property
    def rows(self) -> str:
        """Rows of the design as the verb `simulate` takes them: half open."""
        return f"{self.first}:{self.last + 1}"

    def __len__(self) -> int:
        return self.last - self.first + 1


def parse_batch(name: str) -> Batch:
    """Turn the stem of a shard's file name back into its batch.

    Raises
    ------
    SlipfieldError
        If ``name`` is not of the form ``m00000_r000000-000000``.
    """
    match = re.fullmatch(r"m(\d+)_r(\d+)-(\d+)", name)
    if match is None:
        raise SlipfieldError(f"{name}: not the name of a shard; expected m00000_r000000-000019")
    return Batch(*(int(number) for number in match.groups()))


def samples_of(study: Study, microstructure: int) -> range:
    """Give the samples that are simulated on one microstructure.

    Sample s belongs to microstructure floor(s M / N): contiguous blocks, as equal as possible.
    """
    n, m = study.sampling.samples, study.specimen.microstructures
    return range(-(-microstructure * n // m), -(-(microstructure + 1) * n // m))


def batches(study: Study) -> list[Batch]:
    """All batches of a study: at most ``execution.samples_per_job`` samples each."""
    size = study.execution.samples_per_job
    found = []
    for index in range(study.specimen.microstructures):
        block = samples_of(study, index)
        for first in block[::size]:
            found.append(Batch(index, first, min(first + size, block.stop) - 1))
    return found


def map_jobs(study: Study) -> tuple[list[str], list[str]]:
    """Jobs that make grain maps, or reference runs on them.

    Returns
    -------
    tens : all digits but the last of every ten maps, which are one job: "0003" is 00030 to 00039.
    rest : numbers of the maps that are left, which are the last job.
    """
    names = [f"{index:05d}" for index in range(study.specimen.microstructures)]
    full = len(names) // MAPS_PER_JOB * MAPS_PER_JOB
    return [name[:-1] for name in names[:full:MAPS_PER_JOB]], names[full:]


def cells(study: Study) -> int:
    """Elements of the mesh."""
    return study.specimen.cells_x * study.specimen.cells_y


def sample_cpu_s(study: Study, units: Simulation) -> float:
    """CPU seconds of one sample, as a membrane or in three dimensions."""
    if study.solid is None:
        return units.cpu_s(cells(study))
    return units.solid_cpu_s(cells(study) * study.solid.layers)


def simulation_memory_mb(study: Study) -> int:
    """Memory request of a simulation job with all its ranks, MB."""
    ranks, units = study.execution.ranks_per_sample, unit_costs().simulation
    peak = units.peak_mb(cells(study))
    if study.solid is not None:
        peak = max(peak, units.solid_peak_mb(cells(study) * study.solid.layers))
    return _memory_mb(ranks * peak)


def _memory_mb(expected: float) -> int:
    return math.ceil(SNAKEMAKE_MB + MEMORY_MARGIN * expected)


def simulation_minutes(study: Study, samples: int) -> int:
    """Run time request of a job that simulates ``samples`` samples, min."""
    units = unit_costs().simulation
    return _minutes(units.start_cpu_s + samples * sample_cpu_s(study, units))


def reference_memory_mb(study: Study) -> int:
    """Memory request of a reference run, MB."""
    units = unit_costs().simulation
    share = units.reference_memory_mb / units.memory_mb
    return _memory_mb(share * units.peak_mb(cells(study)))


def reference_minutes(study: Study, runs: int) -> int:
    """Run time request of a job with several reference runs, min."""
    units = unit_costs().simulation
    share = units.reference_cpu_s / units.sample_cpu_s
    return _minutes(runs * share * units.cpu_s(cells(study)))


def gather_minutes(study: Study) -> int:
    """Run time request of gathering the dataset, min."""
    units = unit_costs()
    sample = units.simulation.cells * units.simulation.outputs
    size = cells(study) * study.loading.outputs / sample
    return _minutes(study.sampling.samples * units.learning.gather_cpu_s * size)


def _minutes(cpu_s: float) -> int:
    return math.ceil(START_MINUTES + SAFETY * cpu_s / 60)


def fold_batches(study: Study, model: str) -> list[str]:
    """Folds of each cross-validation job as "first-last", both included, numbered over repeats."""
    size, total = study.crossval.folds_per_job, study.crossval.folds_of(model)
    return [f"{i:04d}-{min(i + size, total) - 1:04d}" for i in range(0, total, size)]


def in_epochs(model: str) -> bool:
    """Whether an inverter visits the fields in every epoch."""
    return MODELS[model].by_epochs


def reference_maps(study: Study) -> int:
    """Grain maps that need a reference run."""
    needed = any(MODELS[model].reads_references for model in study.models)
    return study.specimen.microstructures if needed else 0


def learning_memory_mb(study: Study, model: str = NETWORK) -> int:
    """Memory request of a training job, MB: libraries, a batch, and the fields that it keeps."""
    if not in_epochs(model):
        nodes = (study.specimen.cells_x + 1) * (study.specimen.cells_y + 1)
        sample = 3 * 8 * study.loading.outputs * nodes / 1e6
        return _memory_mb(LEARNING_LIBRARIES_MB + READING_ARRAYS * sample)
    units = unit_costs().learning
    measured = units.memory_mb - units.fields_mb - LEARNING_LIBRARIES_MB
    frames = study.learning.batch_size * study.loading.outputs
    batch = max(measured, 0) * frames * pixels(study)
    batch /= units.batch_size * units.frames * units.nodes
    fields = _frames(study) * pixels(study) * 3 * FIELD_BYTES / 1e6
    return _memory_mb(LEARNING_LIBRARIES_MB + batch + min(fields, FIELDS_IN_MEMORY_MB))


def learning_gpus(study: Study, model: str = NETWORK) -> int:
    """GPUs of a training job: one for the network, if the study asks for it."""
    return int(in_epochs(model) and study.learning.device == "cuda")


def training_minutes(study: Study, model: str = NETWORK) -> int:
    """Run time request of the training, min."""
    if not in_epochs(model):
        return _fitting_minutes(study, 1)
    return _learning_minutes(study, study.learning.epochs)


def crossval_minutes(study: Study, folds: int, model: str = NETWORK) -> int:
    """Run time request of a job that trains ``folds`` folds, min."""
    if not in_epochs(model):
        return _fitting_minutes(study, folds)
    return _learning_minutes(study, folds * study.crossval.epochs)


def curves_minutes(study: Study) -> int:
    """Run time request of the job that trains all points of the learning curves, min."""
    if not any(map(in_epochs, study.models)):
        return _fitting_minutes(study, len(study.curves.samples) * (len(study.models) + 3))
    return _learning_minutes(study, curves_epochs(study))


def curves_epochs(study: Study) -> float:
    """Epochs over the whole dataset that the network's learning curve takes together."""
    total = study.sampling.samples
    visited = sum(min(count, total) for count in set(study.curves.samples))
    return study.learning.epochs * visited / total


def _fitting_minutes(study: Study, fits: int) -> int:
    """Run time request of a job that reads all samples once and fits ``fits`` times, min."""
    return min(READING_PASSES * gather_minutes(study) + fits * FIT_MINUTES, LONGEST_JOB_MINUTES)


def _learning_minutes(study: Study, epochs: float) -> int:
    on_cores, gflop = unit_costs().learning.visit(pixels(study), study.loading.outputs)
    seconds = gflop / GPU_GFLOP_PER_S if study.learning.device == "cuda" else on_cores
    return min(_minutes(epochs * study.sampling.samples * seconds), LONGEST_JOB_MINUTES)


def _frames(study: Study) -> int:
    """Strain frames of the whole dataset."""
    return study.sampling.samples * study.loading.outputs


def pixels(study: Study) -> int:
    """Nodes of one frame that go into the network."""
    specimen, stride = study.specimen, study.learning.image_stride
    return -(-(specimen.cells_x + 1) // stride) * -(-(specimen.cells_y + 1) // stride)
