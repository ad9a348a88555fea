"""The tables that say how accurate projection is, and what its accuracy depends on.

Every table is scored on microstructures that no training saw: those that `train` holds out where
``learning.split`` is "microstructure".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.dataset.noise import add_noise
from slipfield.kinds.slip.learning.split import derived_seed, split_once
from slipfield.kinds.slip.projection.alternatives import LEARNERS, predict
from slipfield.kinds.slip.projection.features import noise_covariance
from slipfield.kinds.slip.projection.protocol import Bench, Row, judge, score, write_table
from slipfield.kinds.slip.projection.table import Measure, project_samples
from slipfield.kinds.slip.study import Noise, Study

DIC = Noise(strain_std=5e-4, load_relative_std=0.005)
"""Noise of digital image correlation and a load cell: of all tables but the noise table."""

PERCENTAGES = (0, 1, 3, 5)
SAMPLES = (50, 100, 250, 500, 1000, 2000)
FURTHER = 1.2
"""All training samples are a case of their own if they are this much more than the last one."""

FRAMES = (1, 2, 3, 5, 10, 20)
LEARNER_SAMPLES = 500


def write_study(study: Study, dataset: Path, output: Path) -> None:
    """Write noise.csv, channels.csv, frames.csv, samples.csv, specimens.csv and learners.csv.

    Parameters
    ----------
    study : Study
        Gives the split.
    dataset : Path
        Folder of a gathered dataset with references.
    output : Path
        Folder of the tables.
    """
    benches = make_benches(study, Collection.of_dataset(dataset))
    dic = benches["DIC"]
    frames = _frame_count(dic)
    write_table(
        (row for name, bench in benches.items() for row in judge(name, bench)),
        output / "noise.csv",
    )
    write_table(_channel_rows(dic, frames), output / "channels.csv")
    write_table(_frame_rows(dic, frames), output / "frames.csv")
    write_table(_sample_rows(dic), output / "samples.csv")
    write_table(_specimen_rows(dic), output / "specimens.csv")
    write_table(_learner_rows(dic), output / "learners.csv")


def make_benches(study: Study, collection: Collection) -> dict[str, Bench]:
    """Project a dataset once for each kind of noise: "DIC" and every percentage."""
    measures: dict[str, Measure] = {
        "clean": lambda strain, load, sample: (strain, load),
        "DIC": lambda strain, load, sample: add_noise(strain, load, DIC, sample),
    }
    for percent in PERCENTAGES[1:]:
        measures[f"{percent} %"] = _relative_noise(percent)
    features, _, shape = project_samples(collection, measures)
    level = _mean_absolute_strain(collection)
    each = np.ones(len(level))
    stds = {"DIC": (DIC.strain_std * each, DIC.load_relative_std * each)}
    for percent in PERCENTAGES:
        stds[f"{percent} %"] = percent / 100 * level, percent / 100 * each
    learning = study.learning.model_copy(update={"split": "microstructure"})
    split = split_once(study.model_copy(update={"learning": learning}), collection)
    train = np.sort(np.concatenate([split.train, split.validation]))
    return {
        name: Bench(
            features["clean"],
            features.get(name, features["clean"]),
            noise_covariance(shape, *std),
            collection.parameters,
            collection.microstructures,
            train,
            split.test,
        )
        for name, std in stds.items()
    }


def _relative_noise(percent: float) -> Measure:
    """White noise in per cent of each frame's mean absolute strain and of the load."""

    def measure(strain: np.ndarray, load: np.ndarray, sample: int) -> tuple[np.ndarray, np.ndarray]:
        random = np.random.default_rng(derived_seed(round(100 * percent), sample))
        level = np.abs(strain).mean(axis=(1, 2, 3), keepdims=True)
        deviation = random.standard_normal(strain.shape, dtype=np.float32)
        factor = 1 + percent / 100 * random.standard_normal(load.shape)
        return strain + percent / 100 * level * deviation, load * factor

    return measure


def _mean_absolute_strain(collection: Collection, samples: int = 20) -> np.ndarray:
    """Mean absolute strain of each frame, (time,), over some samples spread over the collection."""
    rows = np.unique(np.linspace(0, len(collection) - 1, samples).astype(int)).tolist()
    return np.mean([np.abs(collection.strain(r)).mean(axis=(1, 2, 3)) for r in rows], axis=0)


def _frame_count(bench: Bench) -> int:
    """Frames of a feature vector: its last entries are one load each, equal noise for all."""
    diagonal = np.diag(bench.noise)
    return int((diagonal == diagonal[-1]).sum())


def _columns(bench: Bench, frames: int, chosen: np.ndarray, strain: bool, load: bool) -> np.ndarray:
    """Mark the features of the ``chosen`` frames, of strain, load or both, (f,) bool."""
    size = bench.clean.shape[1]
    of_load = np.arange(size) >= size - frames
    support = (size - frames) // frames
    frame = np.append(np.repeat(np.arange(frames), support), np.arange(frames))
    return np.isin(frame, chosen) & ((of_load & load) | (~of_load & strain))


def _channel_rows(bench: Bench, frames: int) -> Iterator[Row]:
    every, last = np.arange(frames), np.array([frames - 1])
    cases = {
        "strain and load": (every, True, True),
        "strain only": (every, True, False),
        "load only": (every, False, True),
        "last frame": (last, True, True),
        "strain of the last frame": (last, True, False),
    }
    for name, case in cases.items():
        yield from judge(name, bench.keep(_columns(bench, frames, *case)))


def _frame_rows(bench: Bench, frames: int) -> Iterator[Row]:
    for count in FRAMES:
        if count <= frames:
            chosen = np.unique(np.round(np.arange(1, count + 1) * frames / count).astype(int) - 1)
            yield from judge(str(count), bench.keep(_columns(bench, frames, chosen, True, True)))


def _sample_rows(bench: Bench) -> Iterator[Row]:
    for count in SAMPLES:
        if count <= len(bench.train):
            yield from judge(str(count), bench.with_samples(count))
    if len(bench.train) > FURTHER * max((n for n in SAMPLES if n <= len(bench.train)), default=0):
        yield from judge(str(len(bench.train)), bench)


def _specimen_rows(bench: Bench) -> Iterator[Row]:
    """Equally many samples of ever fewer microstructures."""
    each = 1
    while each <= bench.most_samples():
        yield from judge(f"{each} each", bench.with_specimens(each))
        each *= 2


def _learner_rows(bench: Bench) -> Iterator[Row]:
    """Other learners on the same features and at most as many samples as the aim allows."""
    small = bench.with_samples(LEARNER_SAMPLES)
    yield from judge("emulator", small)
    rows = small.train
    for name in LEARNERS:
        guess = predict(
            name,
            small.noisy[rows],
            np.log(small.parameters[rows]),
            small.noisy[small.test],
            small.noise,
        )
        yield from score(name, small, np.exp(guess))
