"""Training of the network as published (section 3.3), with checkpoint and resume.

MSE between scaled labels, Adam, piecewise-constant decay, best epoch by validation loss. Each
epoch takes its shuffle and its dropout from a seed of its own, derived from (seed, epoch): a run
continued from a checkpoint needs no generator state to end with the same weights.
"""

from __future__ import annotations

import copy
import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import complete_file, write_text
from slipfield.core.tables import csv_text
from slipfield.kinds.slip.cnn_lstm.device import choose_device, keep_freed_memory
from slipfield.kinds.slip.cnn_lstm.network import MODALITIES, CnnLstm, build_network
from slipfield.kinds.slip.dataset.fields import Fields
from slipfield.kinds.slip.dataset.scaling import Scaling
from slipfield.kinds.slip.dataset.torch_data import Batch, FieldDataset, SeededOrder, hold, loader
from slipfield.kinds.slip.learning.inverter import Monitor
from slipfield.kinds.slip.learning.split import derived_seed
from slipfield.kinds.slip.study import Learning
from slipfield.spine.metrics import r_squared

CHECKPOINT, HISTORY = "checkpoint.pt", "history.csv"
INFERENCE_BATCH = 32


@dataclass
class Training:
    """State of a training run after some epochs.

    Attributes
    ----------
    history : list of dict
        One row an epoch: epoch (from 1), learning_rate, loss (MSE), MAE and mean R^2 of scaled
        labels for training (running, with dropout) and validation, seconds.
    best_epoch : int
        Epoch of the lowest validation loss; 0 if none was finite.
    best : dict of Tensor
        The network's weights after that epoch.
    """

    network: CnnLstm
    optimizer: torch.optim.Adam
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    best: dict[str, torch.Tensor] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        """Tensors and plain numbers from which the run can continue."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": self.history,
            "best_epoch": self.best_epoch,
            "best": self.best,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what :meth:`state` gave."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.history, self.best_epoch = state["history"], state["best_epoch"]
        self.best = state["best"]


def learning_rate(learning: Learning, epoch: int) -> float:
    """Rate of ``epoch`` (from 1): multiplied by the decay factor once each decay epoch is over."""
    passed = sum(epoch > limit for limit in learning.decay_epochs)
    return learning.learning_rate * learning.decay_factor**passed


def train_network(
    learning: Learning,
    fields: Fields,
    scaling: Scaling,
    train_rows: np.ndarray,
    validation_rows: np.ndarray,
    folder: Path,
    data_key: str,
    monitor: Monitor,
) -> Training:
    """Train until ``learning.epochs``, from the checkpoint in ``folder`` if it is of this run.

    Parameters
    ----------
    fields, scaling : Fields, Scaling
        Decoded samples and the statistics of the training rows.
    folder : Path
        Gets ``checkpoint.pt`` and ``history.csv`` after every epoch.
    data_key : str
        Identifies the data behind ``fields``; another one does not continue a checkpoint.

    Raises
    ------
    SlipfieldError
        If no epoch gave a finite validation loss.
    """
    torch.set_num_threads(learning.threads)
    keep_freed_memory()
    device = choose_device(learning.device)
    torch.manual_seed(learning.seed)
    network = build_network(learning.convolution_blocks, learning.initialisation).to(device)
    adam = torch.optim.Adam(network.parameters(), learning.learning_rate, fused=True)
    run = Training(network, adam)
    fingerprint = _fingerprint(learning, data_key, train_rows, validation_rows)
    _resume(run, folder / CHECKPOINT, fingerprint, learning.epochs)
    order = SeededOrder(len(train_rows), learning.seed)
    fields = hold(fields, device)
    train_set, validation_set = (
        FieldDataset(fields, rows, scaling) for rows in (train_rows, validation_rows)
    )
    options = device, learning.loader_workers
    batches = loader(train_set, learning.batch_size, *options, order=order)
    validation = loader(validation_set, INFERENCE_BATCH, *options)
    for epoch in range(len(run.history) + 1, learning.epochs + 1):
        started = time.perf_counter()
        order.epoch = epoch
        torch.manual_seed(derived_seed(learning.seed, epoch))
        rate = learning_rate(learning, epoch)
        row = {"epoch": epoch, "learning_rate": rate}
        seen = _train_epoch(run, batches, rate, device, learning.precision)
        row.update(_scaled_scores("train", *seen))
        labels, predicted, _ = predict_batches(network, validation, device)
        row.update(_scaled_scores("validation", labels, predicted))
        row["seconds"] = time.perf_counter() - started
        _record(run, row)
        _save(run, folder, fingerprint)
        monitor(row)
    if not run.best:
        raise SlipfieldError(
            "learning.learning_rate: the validation loss was never finite; lower the rate"
        )
    return run


def predict_batches(
    network: CnnLstm, batches: DataLoader, device: torch.device
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give scaled labels (n, 3), predicted labels (n, 3) and attention (n, time, 3), in float32."""
    network.eval()
    parts = []
    with torch.inference_mode():
        for batch in batches:
            predicted, attention = network(*_inputs(batch, device))
            parts.append((batch["labels"].cpu(), predicted.cpu(), attention.cpu()))
    labels, predicted, attention = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
    return labels, predicted, attention


def _inputs(batch: Batch, device: torch.device) -> list[torch.Tensor]:
    """What the network reads of a batch, on the device."""
    return [batch[name].to(device, non_blocking=True) for name in MODALITIES]


def _train_epoch(
    run: Training, batches: DataLoader, rate: float, device: torch.device, precision: str
) -> tuple[np.ndarray, np.ndarray]:
    """Take one Adam step a batch; give labels and predictions as they were on the way.

    With "bfloat16" the layers work in it; weights, gradients, normalisation and loss do not.
    """
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    run.network.train()
    seen = []
    for batch in batches:
        labels = batch["labels"].to(device, non_blocking=True)
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            predicted, _ = run.network(*_inputs(batch, device))
        predicted = predicted.float()
        run.optimizer.zero_grad()
        torch.nn.functional.mse_loss(predicted, labels).backward()
        run.optimizer.step()
        seen.append((labels, predicted.detach()))
    labels, predicted = zip(*seen, strict=True)
    return torch.cat(labels).cpu().numpy(), torch.cat(predicted).cpu().numpy()


def _scaled_scores(name: str, labels: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """MSE, MAE and mean R^2 over the three scaled labels."""
    return {
        f"{name}_loss": float(np.square(predicted - labels).mean()),
        f"{name}_mae": float(np.abs(predicted - labels).mean()),
        f"{name}_r2": float(r_squared(labels, predicted).mean()),
    }


def _record(run: Training, row: dict[str, float]) -> None:
    """Append a row to the history; keep the weights if it is the best epoch so far."""
    best = run.history[run.best_epoch - 1]["validation_loss"] if run.best_epoch else np.inf
    run.history.append(row)
    if row["validation_loss"] < best:
        run.best_epoch = len(run.history)
        run.best = copy.deepcopy(run.network.state_dict())


def _save(run: Training, folder: Path, fingerprint: str) -> None:
    """Write checkpoint and history, each complete or not at all."""
    with complete_file(folder / CHECKPOINT) as temporary:
        torch.save({"fingerprint": fingerprint, **run.state()}, temporary)
    write_history(run.history, folder)


def write_history(history: list[dict[str, float]], folder: Path) -> None:
    """Write ``history.csv``, one line an epoch."""
    write_text(folder / HISTORY, csv_text(history))


def _resume(run: Training, path: Path, fingerprint: str, epochs: int) -> None:
    """Continue from the checkpoint at ``path`` if it is of the same run and not beyond its end.

    Raises
    ------
    SlipfieldError
        If the file is no checkpoint of ours.
    """
    if not path.exists():
        return
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        if state.pop("fingerprint") == fingerprint and len(state["history"]) <= epochs:
            run.restore(state)
    except Exception as error:  # what a foreign file makes torch raise is not listed
        raise SlipfieldError(
            f"{path}: not a readable checkpoint ({type(error).__name__}); delete it and train again"
        ) from error


def _fingerprint(
    learning: Learning, data_key: str, train_rows: np.ndarray, validation_rows: np.ndarray
) -> str:
    """Hash of everything that changes the weights after a given epoch."""
    harmless = {"epochs", "device", "threads", "loader_workers", "test_fraction"}
    settings = learning.model_dump(mode="json", exclude=harmless)
    rows = [train_rows.tolist(), validation_rows.tolist()]
    return hashlib.sha256(json.dumps([settings, data_key, rows]).encode()).hexdigest()
