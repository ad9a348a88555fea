"""Train one inverter on a dataset and judge it on the samples held out; judge it elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.places import claimed
from slipfield.core.progress import progress
from slipfield.core.recorded import BESIDE
from slipfield.core.tables import csv_text
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.dataset.manifest import netcdf_files
from slipfield.kinds.slip.learning.intervals import coverage, held_level
from slipfield.kinds.slip.learning.inverter import (
    IntervalInverter,
    Inverter,
    Monitor,
    inverter_class,
)
from slipfield.kinds.slip.learning.model_io import load_model, remove_card, save_model, weights_hash
from slipfield.kinds.slip.learning.split import Split, split_once
from slipfield.kinds.slip.study import PARAMETERS, Study
from slipfield.spine.metrics import mean_predictor_scores, scores

LEVEL = 0.95
METRICS, PREDICTIONS, WORK = "metrics.json", "predictions.csv", "checkpoint"


def train_model(
    study: Study,
    dataset_dir: Path,
    output: Path,
    model: str | None = None,
    tensorboard: bool = False,
) -> dict[str, Any]:
    """Train ``model`` (by default ``learning.model``) and write its folder.

    ``output`` gets model.safetensors and model.json, metrics.json, predictions.csv (all samples,
    with the part they belong to), the inverter's own files (history.csv, attention.nc of the test
    samples) and, if asked for, TensorBoard's events. A run that was cut short continues from
    ``checkpoint/``.

    Returns
    -------
    dict
        The content of metrics.json: scores of each part, of the mean predictor on the test part,
        and what the training cost.

    Raises
    ------
    SlipfieldError
        If the dataset cannot be read or split or is of other physics than the study, or the
        training fails.
    """
    with claimed(output, "train"):
        return _train(study, dataset_dir, output, model or study.learning.model, tensorboard)


def _train(
    study: Study, dataset_dir: Path, output: Path, name: str, tensorboard: bool
) -> dict[str, Any]:
    dataset = Collection.of_dataset(dataset_dir, study)
    split = split_once(study, dataset)
    inverter = inverter_class(name)(study)
    started = time.perf_counter(), time.process_time()
    events = output / "tensorboard" if tensorboard else None
    with _monitor(f"train {name}", study.learning.epochs, events) as monitor:
        inverter.fit(dataset, split.train, split.validation, output / WORK, monitor)
    seconds, cpu_seconds = time.perf_counter() - started[0], time.process_time() - started[1]
    predicted = {part: inverter.predict(dataset, rows) for part, rows in split.named().items()}
    training = dataset.parameters[split.train]
    metrics = {
        "model": name,
        "split": study.learning.split,
        "samples": {part: len(rows) for part, rows in split.named().items()},
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        **{
            part: scores(dataset.parameters[rows], predicted[part], PARAMETERS)
            for part, rows in split.named().items()
        },
        "mean_predictor": mean_predictor_scores(
            dataset.parameters[split.test], training, PARAMETERS
        ),
        "coverage": interval_coverage(inverter, dataset, split.test),
        "interval_level": interval_level(inverter),
    }
    remove_card(output)
    write_text(output / PREDICTIONS, _prediction_table(dataset, split, predicted))
    extras = inverter.write_extras(dataset, split.test, output)
    write_text(output / METRICS, json.dumps(metrics, indent=1) + "\n")
    save_model(inverter, name, study, dataset, output, {"metrics": metrics, BESIDE: extras})
    return metrics


def evaluate_model(
    model_dir: Path,
    shards: Sequence[Path],
    microstructures: Sequence[Path],
    references: Sequence[Path] = (),
) -> dict[str, Any]:
    """Score a trained inverter on any shards, with the measurement noise it was trained with.

    Returns
    -------
    dict
        ``model``, ``samples``, ``physics_hash`` and ``data_hash`` of the shards, ``weights_hash``
        of the model, ``same_physics`` (whether the shards were made under the physics of the
        training data), ``scores``, the same for the ``mean_predictor`` of the shards, and
        ``coverage`` and ``interval_level``.

    Raises
    ------
    SlipfieldError
        If model, shards or grain maps cannot be used, or an answer is not finite.
    """
    inverter, card = load_model(model_dir)
    dataset = Collection.of_shards(shards, microstructures, references)
    dataset = dataset.with_noise(inverter.study.noise)
    predicted = inverter.predict(dataset, np.arange(len(dataset)))
    wrong = np.flatnonzero(~np.isfinite(predicted).all(axis=1))
    if wrong.size:
        raise SlipfieldError(
            f"{shards[0]}: no finite answer for sample {dataset.samples[wrong[0]]} of the shards "
            f"({wrong.size} in all); check them with `validate`"
        )
    return {
        "model": card["model"],
        "samples": len(dataset),
        "physics_hash": dataset.study.physics_hash(),
        "data_hash": dataset.data_hash,
        "weights_hash": weights_hash(card),
        "same_physics": dataset.study.physics_hash() == card["physics_hash"],
        "scores": scores(dataset.parameters, predicted, PARAMETERS),
        "mean_predictor": mean_predictor_scores(dataset.parameters, dataset.parameters, PARAMETERS),
        "coverage": interval_coverage(inverter, dataset, np.arange(len(dataset))),
        "interval_level": interval_level(inverter),
    }


def interval_coverage(
    inverter: Inverter, dataset: Collection, indices: np.ndarray
) -> dict[str, float] | None:
    """Share of the rows whose true k1, k2, k3 lie in the inverter's 95 % intervals.

    None if the inverter gives no intervals.
    """
    if not isinstance(inverter, IntervalInverter):
        return None
    low, high = inverter.predict_interval(dataset, indices, LEVEL)
    inside = coverage(low, high, dataset.parameters[indices])
    return dict(zip(PARAMETERS, inside.tolist(), strict=True))


def interval_level(inverter: Inverter) -> float | None:
    """Level that the inverter's 95 % intervals hold with the errors they rest on; None: none."""
    if not isinstance(inverter, IntervalInverter):
        return None
    return held_level(inverter.calibration_samples, LEVEL)


def evaluate_files(
    model_dir: Path,
    shards: Sequence[Path],
    microstructures: Sequence[Path] | None = None,
    references: Sequence[Path] | None = None,
    output: Path | None = None,
) -> dict[str, Any]:
    """Score a model on files or folders of shards; write the scores to ``output`` if given.

    Grain maps and reference runs default to the folders ``../microstructures`` and
    ``../references`` beside the first shard; reference runs may be missing if the model needs none.
    """
    files = netcdf_files(shards)
    beside = files[0].parent.parent
    maps = netcdf_files(microstructures or [beside / "microstructures"])
    default = [beside / "references"] if (beside / "references").is_dir() else []
    found = evaluate_model(model_dir, files, maps, netcdf_files(references or default))
    if output is not None:
        write_text(output, json.dumps(found, indent=1) + "\n")
    return found


def _prediction_table(dataset: Collection, split: Split, predicted: dict[str, np.ndarray]) -> str:
    """CSV with sample, microstructure, split, true and predicted k1, k2, k3."""
    values = [f"{name}_{kind}" for kind in ("true", "predicted") for name in PARAMETERS]
    names = ["sample", "microstructure", "split", *values]
    table = []
    for part, rows in split.named().items():
        for row, guess in zip(rows, predicted[part].tolist(), strict=True):
            numbers = (*dataset.parameters[row].tolist(), *guess)
            where = (dataset.samples[row], dataset.microstructures[row], part)
            table.append(dict(zip(names, (*where, *numbers), strict=True)))
    return csv_text(table, 9, names)


def _wait_for_a_later_name(folder: Path) -> None:
    """Wait until a new file of events sorts after those in the folder, a second at most.

    TensorBoard reads the files in the order of their names, which begin with the second in which
    they were made, then the number of the process: that of a run continued within the second
    could come first, and its own points would be dropped instead of the outdated ones.
    """
    if any(folder.glob(f"events.out.tfevents.{int(time.time()):010d}.*")):
        time.sleep(1.0 - time.time() % 1.0)


@contextmanager
def _monitor(title: str, epochs: int, folder: Path | None) -> Iterator[Monitor]:
    """Show progress after each epoch and, with a ``folder``, write TensorBoard's events there.

    Each epoch's events are on disk before the next begins. Those that an earlier run left in the
    folder are kept up to the epoch that this one begins with; TensorBoard drops the others.
    """
    writer = None
    with progress(title, epochs) as advance:

        def monitor(row: dict[str, float]) -> None:
            note = f"validation loss {row['validation_loss']:.4f}, R2 {row['validation_r2']:.3f}"
            advance(note, int(row["epoch"]))
            if folder is None:
                return
            nonlocal writer
            if writer is None:
                from torch.utils.tensorboard import SummaryWriter

                _wait_for_a_later_name(folder)
                writer = SummaryWriter(folder, purge_step=int(row["epoch"]))
            for name in sorted(row.keys() - {"epoch"}):
                writer.add_scalar(name, row[name], row["epoch"])
            writer.flush()

        yield monitor
    if writer is not None:
        writer.close()
