"""What training costs: the network as it is trained, a plain loop of the same, the loader alone."""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from slipfield.kinds.slip.cnn_lstm.network import FIRST_CHANNELS, CnnLstm
from slipfield.kinds.slip.cnn_lstm.train import train_network
from slipfield.kinds.slip.dataset.fields import Fields
from slipfield.kinds.slip.dataset.moments import Moments
from slipfield.kinds.slip.dataset.scaling import Scaling
from slipfield.kinds.slip.dataset.torch_data import FieldDataset, SeededOrder, loader
from slipfield.kinds.slip.study import Learning

TIMES, MAPS = 20, 4
_prepared: list[Callable[[], None]] = []


def measure_learning(nodes: int, samples: int, repeats: int) -> dict[str, Any]:
    """Compare training with a plain loop, epoch by epoch in turn, on one CPU thread.

    The plain loop runs in a process of its own, for training changes how its process keeps memory.

    Parameters
    ----------
    nodes : nodes along each side of the strain images.
    samples : training samples of an epoch; 20 frames each, random numbers.
    repeats : epochs of each kind; one more comes first and is not counted.

    Returns
    -------
    dict
        Samples per CPU second: ``training`` and ``training_bfloat16`` by
        :func:`slipfield.kinds.slip.cnn_lstm.train.train_network` (with a checkpoint each epoch),
        ``plain_loop``, and the ``loader`` alone from memory and from a mapped float16 file;
        ``peak_memory_mb`` of training.
    """
    rows = np.arange(samples)
    seconds: dict[str, list[float]] = {"plain_loop": []}
    with tempfile.TemporaryDirectory() as name, _own_process() as plain:
        folder, fields = Path(name), random_fields(nodes, samples + 1)
        scaling = Scaling.fit(fields, rows)
        plain.submit(_start_plain_loop, nodes, samples).result()
        for kind, precision in (("training", "float32"), ("training_bfloat16", "bfloat16")):
            learning = _learning(epochs=repeats + 1, precision=precision)
            turns = _Turns(plain, seconds.setdefault(kind, []), seconds["plain_loop"])
            key, part = f"bench {kind}", np.array([samples])
            train_network(learning, fields, scaling, rows, part, folder / kind, key, turns)
            if kind == "training":
                peak_memory = _peak_memory()
        sources = {"loader_memory": fields, "loader_mapped": _mapped(fields, folder)}
        for kind, source in sources.items():
            dataset, seconds[kind] = FieldDataset(source, rows, scaling), []
            for _ in range(repeats + 1):
                with _timed(seconds[kind]):
                    for _ in loader(dataset, learning.batch_size, order=SeededOrder(samples, 0)):
                        pass
    rates = {kind: samples / statistics.median(taken[1:]) for kind, taken in seconds.items()}
    return {
        "nodes": nodes,
        "samples": samples,
        "batch_size": learning.batch_size,
        "samples_per_cpu_second": rates,
        "peak_memory_mb": peak_memory,
    }


def _learning(**changes: Any) -> Learning:
    return Learning(device="cpu", threads=1, **changes)


def _own_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))


class _Turns:
    """Monitor of a training: times its epochs, and after each one an epoch of the plain loop."""

    def __init__(
        self, plain: ProcessPoolExecutor, training: list[float], plain_loop: list[float]
    ) -> None:
        self.plain, self.training, self.plain_loop = plain, training, plain_loop
        self.mark = time.process_time()

    def __call__(self, row: dict[str, float]) -> None:
        self.training.append(time.process_time() - self.mark)
        self.plain_loop.append(self.plain.submit(_plain_epoch).result())
        self.mark = time.process_time()


def _start_plain_loop(nodes: int, samples: int) -> None:
    """Prepare the plain loop in this process."""
    torch.set_num_threads(1)
    learning, fields = _learning(), random_fields(nodes, samples + 1)
    rows = np.arange(samples)
    dataset = FieldDataset(fields, rows, Scaling.fit(fields, rows))
    _prepared.append(plain_loop(learning, dataset))


def _plain_epoch() -> float:
    """CPU seconds of one epoch of the plain loop that was prepared in this process."""
    seconds: list[float] = []
    with _timed(seconds):
        _prepared[-1]()
    return seconds[0]


def random_fields(nodes: int, samples: int) -> Fields:
    """Make decoded fields of random numbers, with the shapes of real ones."""
    random = np.random.default_rng(0)
    strain = random.standard_normal((samples, TIMES, 3, nodes, nodes), np.float32)
    load = random.random((samples, TIMES))
    angles = random.random((MAPS, 3, nodes, nodes)).astype(np.float32)
    return Fields(
        strain=strain,
        load=load,
        angles=angles,
        map_row=np.arange(samples) % MAPS,
        parameters=random.random((samples, 3)),
        strain_moments=Moments.stack([Moments.of(one, axis=(0, 2, 3)) for one in strain]),
        load_moments=Moments.of(load, axis=1),
        angle_moments=Moments.of(angles, axis=(-2, -1)),
    )


def plain_network(blocks: int) -> CnnLstm:
    """Build the network the textbook way: NCHW memory; convolution, normalisation, ReLU, pool."""
    network = CnnLstm(blocks)
    for encoder in (network.strain_encoder, network.orientation_encoder):
        layers: list[nn.Module] = []
        channels = 3
        for block in range(blocks):
            kernel, filters = (5 if block == 0 else 3), FIRST_CHANNELS * 2**block
            layers += [
                nn.Conv2d(channels, filters, kernel, padding=kernel // 2),
                nn.BatchNorm2d(filters),
                nn.ReLU(),
            ]
            if block < blocks - 1:
                layers.append(nn.MaxPool2d(2))
            channels = filters
        encoder.blocks = nn.Sequential(*layers)
    return network


def plain_loop(learning: Learning, dataset: FieldDataset) -> Callable[[], None]:
    """Make a function that trains the plain network for one epoch, eagerly in float32."""
    network = plain_network(learning.convolution_blocks).train()
    optimizer = torch.optim.Adam(network.parameters(), learning.learning_rate)
    order = SeededOrder(len(dataset), learning.seed)

    def epoch() -> None:
        for batch in loader(dataset, learning.batch_size, order=order):
            predicted, _ = network(batch["strain"], batch["orientation"], batch["load"])
            loss = nn.functional.mse_loss(predicted, batch["labels"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return epoch


def _mapped(fields: Fields, folder: Path) -> Fields:
    """Put the strain of ``fields`` into a float16 file that is mapped into memory."""
    path = folder / "strain.npy"
    np.save(path, np.asarray(fields.strain, np.float16))
    return Fields(**{**vars(fields), "strain": np.load(path, mmap_mode="r")})


def _peak_memory() -> float:
    """Largest resident memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def _timed(seconds: list[float]) -> Iterator[None]:
    """Append the CPU seconds of the block."""
    started = time.process_time()
    yield
    seconds.append(time.process_time() - started)
