"""What a study needs before anything runs: its batches of samples, memory and time requests.

Everything here follows from the study file alone, so that a workflow can be planned without
looking at a single result.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from slipfield.errors import SlipfieldError
from slipfield.study import Study

SECONDS_PER_CELL = 2e-4
"""CPU seconds of one sample per element to 5 % (measured: 0.43 s at 48², 6.5 s at 200²)."""

MEGABYTES_PER_CELL, MEGABYTES_OF_LIBRARIES = 0.008, 400
"""Peak memory of one simulation (measured: 202 MB at 48², 457 MB at 200²)."""

SECONDS_PER_PIXEL = 5e-7
"""CPU seconds of training per epoch and node of a strain frame (measured on 49 x 49 nodes)."""

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


def simulation_memory_mb(study: Study) -> int:
    """Memory request of one simulation job, MB."""
    cells = study.specimen.cells_x * study.specimen.cells_y
    return math.ceil(MEGABYTES_OF_LIBRARIES + MEGABYTES_PER_CELL * cells)


def simulation_minutes(study: Study, samples: int) -> int:
    """Run time request of a job that simulates ``samples`` samples, min."""
    cells = study.specimen.cells_x * study.specimen.cells_y
    return math.ceil(5 + SAFETY * samples * cells * SECONDS_PER_CELL / 60)


def fold_batches(study: Study) -> list[str]:
    """Folds of each cross-validation job as "first-last", both included, numbered over repeats."""
    size, total = study.crossval.folds_per_job, study.crossval.folds * study.crossval.repeats
    return [f"{i:04d}-{min(i + size, total) - 1:04d}" for i in range(0, total, size)]


def learning_memory_mb(study: Study) -> int:
    """Memory request of a training job, MB: the decoded fields twice, within bounds."""
    return math.ceil(2000 + min(2 * _frames(study) * _pixels(study) * 12 / 1e6, 30_000))


def training_minutes(study: Study) -> int:
    """Run time request of the training, min."""
    return _learning_minutes(study, study.learning.epochs)


def crossval_minutes(study: Study, folds: int) -> int:
    """Run time request of a job that trains ``folds`` folds, min."""
    return _learning_minutes(study, folds * study.crossval.epochs)


def _learning_minutes(study: Study, epochs: int) -> int:
    seconds = epochs * _frames(study) * _pixels(study) * SECONDS_PER_PIXEL
    return min(math.ceil(10 + SAFETY * seconds / 60), LONGEST_JOB_MINUTES)


def _frames(study: Study) -> int:
    """Strain frames of the whole dataset."""
    return study.sampling.samples * study.loading.outputs


def _pixels(study: Study) -> int:
    """Nodes of one frame that go into the network."""
    specimen, stride = study.specimen, study.learning.image_stride
    return -(-(specimen.cells_x + 1) // stride) * -(-(specimen.cells_y + 1) // stride)
