"""A slice of a study that really runs, from grain map to training: what one sample costs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.launch import LAUNCHER
from slipfield.kinds.slip.bench.machine import describe_machine
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.dataset.manifest import gather
from slipfield.kinds.slip.equilibrium.features import FEATURES, feature_table
from slipfield.kinds.slip.equilibrium.inverter import FOLDS
from slipfield.kinds.slip.models import NETWORK
from slipfield.kinds.slip.planning.plan import FIELD_BYTES
from slipfield.kinds.slip.planning.unit_costs import Learning, Simulation
from slipfield.kinds.slip.study import Study, check_study

SAMPLES = 8
SMALLER = 4
"""The small mesh has this many times fewer elements along each side."""

FIT_SAMPLES = 2000
"""Made-up samples that the equilibrium network is trained on: a fit knows no images."""

LONGER, SMALL_LONGER = 9, 65
"""Epochs of the longer of two trainings on each mesh, whose difference is what epochs cost."""


@dataclass(frozen=True)
class Usage:
    """CPU seconds of a process and its children, and the peak memory of the largest, MB."""

    cpu_s: float
    memory_mb: float


@dataclass(frozen=True)
class TrainingUsage:
    """What trainings of the network on images (height, width) took, by sample and epoch."""

    image: tuple[int, int]
    frames: int
    epoch_cpu_s: float
    memory_mb: float
    batch_size: int


def run_slice(
    study: Study, folder: Path, output: Path, say: Callable[[str], None]
) -> dict[str, Any]:
    """Run eight samples of ``study`` on one grain map, train on them, write the unit costs.

    Parameters
    ----------
    study : Study
        Only its samples, grain maps and epochs are cut down.
    folder : Path
        Keeps the slice's files.
    output : Path
        Unit costs (JSON), as
        :func:`slipfield.kinds.slip.planning.unit_costs.read_unit_costs` reads them.
    say : callable
        Takes a line for each step that is done.

    Raises
    ------
    SlipfieldError
        If a verb fails; the message holds its last line.
    """
    machine = describe_machine()
    large = Slice(study, folder / "large", say)
    small = Slice(_coarser(study), folder / "small", say)
    simulation = _simulation(large, small)
    learning = _learning(large, small)
    content = {
        "measured": {
            "command": "slipfield slice",
            "study": f"{SAMPLES} samples of {study.name}",
            "machine": machine,
        },
        "simulation": asdict(simulation),
        "learning": asdict(learning),
    }
    write_text(output, json.dumps(content, indent=1) + "\n")
    return content


def _coarser(study: Study) -> Study:
    """Give the study with a quarter of the elements along each side."""
    content = study.model_dump(mode="json")
    for name in ("cells_x", "cells_y"):
        content["specimen"][name] = max(8, content["specimen"][name] // SMALLER)
    return check_study(content, study.name)


class Slice:
    """Eight samples of a study on one grain map, as files in ``folder``."""

    def __init__(self, study: Study, folder: Path, say: Callable[[str], None]) -> None:
        content = study.model_dump(mode="json")
        content["specimen"]["microstructures"] = 1
        content["sampling"]["samples"] = SAMPLES
        content["learning"] |= {"model": NETWORK, "split": "random", "threads": 1}
        content["crossval"] |= {"folds": 2, "grouping": "random"}
        self.study, self.folder, self.say = check_study(content, study.name), folder, say
        self.cells = self.study.specimen.cells_x * self.study.specimen.cells_y
        self.config, self.design = folder / "study.yaml", folder / "samples.csv"
        self.map = folder / "microstructures" / "00000.nc"
        write_text(self.config, self.study.model_dump_json())
        self.verb("microstructure", index=0, output=self.map)
        self.verb("design", output=self.design)

    def simulate(self, samples: int) -> Usage:
        """Simulate the first samples, as one batch."""
        files = {"microstructure": self.map, "samples": self.design, "output": self.shard}
        return self.verb("simulate", **files, rows=f"0:{samples}")

    @property
    def shard(self) -> Path:
        """The batch."""
        return self.folder / "shards" / f"m00000_r000000-{SAMPLES - 1:06d}.nc"

    def gather(self) -> float:
        """Gather the samples; returns CPU seconds."""
        started = time.process_time()
        gather(self.study, [self.shard], [self.map], [], self.design, self.folder / "dataset")
        return time.process_time() - started

    def balance(self) -> float:
        """Balance the sections of all samples; CPU seconds of one, 0 if the law forbids it."""
        dataset = Collection.of_dataset(self.folder / "dataset", self.study)
        started = time.process_time()
        try:
            feature_table(dataset)
        except SlipfieldError as error:
            self.say(f"        balance  not measured: {error}")
            return 0.0
        return (time.process_time() - started) / SAMPLES

    def train(self, epochs: int) -> tuple[Usage, int]:
        """Train the network for some epochs, from the start; also the samples of a batch."""
        content = self.study.model_dump(mode="json")
        content["learning"] |= {"epochs": epochs, "decay_epochs": []}
        config = self.folder / f"epochs-{epochs}.yaml"
        write_text(config, json.dumps(content))
        output = self.folder / "models" / f"{epochs}-{time.time_ns()}"
        usage = self.verb("train", config, dataset=self.folder / "dataset", output=output)
        trained = json.loads((output / "metrics.json").read_text())["samples"]["train"]
        return usage, min(trained, self.study.learning.batch_size)

    def network(self, epochs: int) -> TrainingUsage:
        """What the network takes: one epoch, and ``epochs``, tell epochs from the start."""
        (short, _), (longer, batch) = self.train(1), self.train(epochs)
        with netCDF4.Dataset(self.shard) as shard:
            frames, _, height, width = shard["strain"].shape[1:]
        stride = self.study.learning.image_stride
        return TrainingUsage(
            image=(-(-height // stride), -(-width // stride)),
            frames=frames,
            epoch_cpu_s=(longer.cpu_s - short.cpu_s) / (epochs - 1) / SAMPLES,
            memory_mb=max(short.memory_mb, longer.memory_mb),
            batch_size=batch,
        )

    def verb(self, name: str, config: Path | None = None, **options: object) -> Usage:
        """Run one of Slipfield's verbs in its own environment and process."""
        command = [str(LAUNCHER), name, "--config", str(config or self.config)]
        for option, value in options.items():
            command += [f"--{option}", str(value)]
        usage = measured(command, f"slice: {name}")
        self.say(f"{name:>15}  {usage.cpu_s:7.1f} CPU s  {usage.memory_mb:6.0f} MB")
        return usage


_MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
sys.exit(code)
"""


def measured(command: Sequence[str], what: str) -> Usage:
    """Run a command and tell what it used.

    A small process in between starts it: Linux counts the memory of the parent that starts a
    process as that process's own.

    Raises
    ------
    SlipfieldError
        If it fails; the message holds ``what`` and its last line.
    """
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, *command], capture_output=True, text=True
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise SlipfieldError(f"{what} failed: {lines[-1]}")
    return Usage(*map(float, done.stdout.split()))


def _simulation(large: Slice, small: Slice) -> Simulation:
    """Simulate on both meshes; batches of one and of all samples tell samples from the start.

    Kernels are compiled before, as in a study: the compiler's time and memory are not a sample's.
    """
    large.verb("warmup")
    small.simulate(1)  # what the first process reads from disk is not a start's
    one, small_one = large.simulate(1), small.simulate(1)
    all_of_them, small_all = large.simulate(SAMPLES), small.simulate(SAMPLES)
    reference_file = large.folder / "references" / "00000.nc"
    reference = large.verb("reference", microstructure=large.map, output=reference_file)
    sample = (all_of_them.cpu_s - one.cpu_s) / (SAMPLES - 1)
    return Simulation(
        cells=large.cells,
        small_cells=small.cells,
        outputs=large.study.loading.outputs,
        sample_cpu_s=sample,
        small_sample_cpu_s=(small_all.cpu_s - small_one.cpu_s) / (SAMPLES - 1),
        memory_mb=all_of_them.memory_mb,
        small_memory_mb=small_all.memory_mb,
        start_cpu_s=max(one.cpu_s - sample, 0.0),
        sample_mb=large.shard.stat().st_size / 1e6 / SAMPLES,
        reference_cpu_s=reference.cpu_s,
        reference_memory_mb=reference.memory_mb,
        reference_mb=reference_file.stat().st_size / 1e6,
    )


def _learning(large: Slice, small: Slice) -> Learning:
    """Gather the eight samples of each mesh and train on them."""
    gathered = [each.gather() for each in (large, small)]
    network, small_network = large.network(LONGER), small.network(SMALL_LONGER)
    nodes = network.image[0] * network.image[1]
    return Learning(
        nodes=nodes,
        small_nodes=small_network.image[0] * small_network.image[1],
        frames=network.frames,
        gather_cpu_s=gathered[0] / SAMPLES,
        epoch_cpu_s=network.epoch_cpu_s,
        small_epoch_cpu_s=small_network.epoch_cpu_s,
        epoch_gflop=_gflop(large.study, network.frames, network.image),
        small_epoch_gflop=_gflop(small.study, network.frames, small_network.image),
        memory_mb=network.memory_mb,
        fields_mb=SAMPLES * network.frames * 3 * nodes * FIELD_BYTES / 1e6,
        batch_size=network.batch_size,
        balance_cpu_s=large.balance(),
        fit_cpu_s=_fit_cpu_s(),
        fit_samples=FIT_SAMPLES,
    )


def _fit_cpu_s() -> float:
    """CPU seconds of training all members of the equilibrium network on random features."""
    import torch

    from slipfield.kinds.slip.equilibrium.network import train_member

    torch.set_num_threads(1)
    features = np.random.default_rng(0).normal(size=(FIT_SAMPLES * (FOLDS - 1) // FOLDS, FEATURES))
    train_member(features, features[:, :3], np.arange(len(features)), 0)  # imports what it needs
    started = time.process_time()
    for member in range(FOLDS):
        train_member(features, features[:, :3], np.arange(len(features)), member)
    return time.process_time() - started


def _gflop(study: Study, frames: int, image: tuple[int, int]) -> float:
    """Operations of one training step of one sample: forwards and backwards, 1e9."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from slipfield.kinds.slip.cnn_lstm.network import build_network

    learning = study.learning
    network = build_network(learning.convolution_blocks, learning.initialisation)
    random = np.random.default_rng(0)
    inputs = [(1, frames, 3, *image), (1, 3, *image), (1, frames)]
    tensors = [torch.tensor(random.normal(size=shape), dtype=torch.float32) for shape in inputs]
    with FlopCounterMode(display=False) as counter:
        labels, _ = network(*tensors)
        labels.sum().backward()
    return counter.get_total_flops() / 1e9


def summary_lines(content: dict[str, Any]) -> list[str]:
    """Say in a few lines what one sample costs."""
    simulation, learning = content["simulation"], content["learning"]
    return [
        f"a sample: {simulation['sample_cpu_s']:.1f} CPU s, {simulation['sample_mb']:.1f} MB on "
        f"disk; a batch needs {simulation['start_cpu_s']:.1f} CPU s more and "
        f"{simulation['memory_mb']:.0f} MB",
        f"a sample in an epoch of the network: {learning['epoch_cpu_s']:.2f} CPU s, "
        f"{learning['epoch_gflop']:.0f} GFLOP; the training needs {learning['memory_mb']:.0f} MB",
    ]
