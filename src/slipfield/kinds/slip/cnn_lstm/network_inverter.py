"""The published network behind the interface that all inverters share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
import xarray as xr
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import complete_file, write_netcdf
from slipfield.kinds.slip.cnn_lstm.device import choose_device
from slipfield.kinds.slip.cnn_lstm.network import MODALITIES, CnnLstm, build_network
from slipfield.kinds.slip.cnn_lstm.settings import check_image
from slipfield.kinds.slip.cnn_lstm.train import (
    HISTORY,
    INFERENCE_BATCH,
    predict_batches,
    train_network,
    write_history,
)
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.dataset.fields import decode
from slipfield.kinds.slip.dataset.scaling import Scaling
from slipfield.kinds.slip.dataset.torch_data import FieldDataset, loader
from slipfield.kinds.slip.learning.intervals import conformal_factors
from slipfield.kinds.slip.learning.inverter import Monitor, silent
from slipfield.kinds.slip.study import Study

WEIGHTS, CALIBRATION = "model.safetensors", "calibration.safetensors"
ATTENTION = "attention.nc"
LEVEL = 0.95
POSITIVE = 1e-6
"""Lower ends of intervals are kept above this share of the smallest trained parameter."""


class NetworkInverter:
    """CNN-LSTM that reads strain frames, orientation map and load curve."""

    study: Study
    network: CnnLstm
    scaling: Scaling
    best_epoch: int
    errors: np.ndarray
    history: list[dict[str, float]]

    def __init__(self, study: Study) -> None:
        self.study = study

    def fit(
        self,
        dataset: Collection,
        train_indices: np.ndarray,
        validation_indices: np.ndarray,
        workdir: Path,
        monitor: Monitor = silent,
    ) -> Self:
        """Train, continuing a checkpoint in ``workdir``; keep the weights of the best epoch."""
        learning = self.study.learning
        self._check(dataset)
        fields = decode(dataset, learning.image_stride)
        self.scaling = Scaling.fit(fields, train_indices)
        run = train_network(
            learning,
            fields,
            self.scaling,
            train_indices,
            validation_indices,
            workdir,
            f"{dataset.data_hash} {dataset.noise.model_dump_json()}",
            monitor,
        )
        self.network, self.history, self.best_epoch = run.network, run.history, run.best_epoch
        self.network.load_state_dict(run.best)
        error = self.predict(dataset, validation_indices) - dataset.parameters[validation_indices]
        self.errors = np.sort(np.abs(error), axis=0)
        return self

    @property
    def calibration_samples(self) -> int:
        """Number of errors that the intervals rest on."""
        return len(self.errors)

    def predict_interval(
        self, dataset: Collection, indices: np.ndarray, level: float = LEVEL
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give the ends, each (n, 3), of intervals that hold k1, k2, k3 with ``level``.

        Split-conformal (Lei et al. 2018) on the validation rows. These also chose the epoch, so
        that the intervals are a little too narrow.
        """
        half, predicted = conformal_factors(self.errors, level), self.predict(dataset, indices)
        lowest = POSITIVE * self.scaling.parameter_min
        return np.maximum(predicted - half, lowest), predicted + half

    def predict(self, dataset: Collection, indices: np.ndarray) -> np.ndarray:
        """Predict k1, k2, k3 of the rows ``indices``, (n, 3)."""
        labels, _ = self._run(dataset, indices)
        return self.scaling.parameters(labels.astype(np.float64))

    def attention(self, dataset: Collection, indices: np.ndarray) -> np.ndarray:
        """Attention (n, time, modality) of the rows ``indices``; sums to 1 over modalities."""
        return self._run(dataset, indices)[1]

    def _run(self, dataset: Collection, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scaled labels (n, 3) and attention (n, time, 3) of the rows ``indices``."""
        learning = self.study.learning
        device = self._check(dataset)
        fields = decode(dataset, learning.image_stride)
        batches = loader(FieldDataset(fields, indices, self.scaling), INFERENCE_BATCH, device)
        _, labels, attention = predict_batches(self.network.to(device), batches, device)
        return labels, attention

    def _check(self, dataset: Collection) -> torch.device:
        """Give the device; refuse one, or images, that cannot be used before the data are read."""
        learning = self.study.learning
        height, width = (-(-nodes // learning.image_stride) for nodes in dataset.image)
        check_image(learning.convolution_blocks, (height, width))
        return choose_device(learning.device)

    def write_extras(self, dataset: Collection, indices: np.ndarray, folder: Path) -> list[str]:
        """Write history.csv, and attention.nc (sample, time, modality) of the rows ``indices``."""
        write_history(self.history, folder)
        attention = self.attention(dataset, indices)
        dims = ("sample", "time", "modality")
        described = {"units": "1", "long_name": "attention weight, sums to 1 over modalities"}
        data = xr.Dataset(
            {"attention": (dims, attention.astype(np.float32), described)},
            coords={
                "sample": ("sample", dataset.samples[indices], {"long_name": "sample number"}),
                "time": ("time", dataset.time, {"units": "s", "long_name": "time of the output"}),
                "modality": ("modality", list(MODALITIES)),
            },
        )
        write_netcdf(data, folder / ATTENTION, self.study)
        return [HISTORY, ATTENTION]

    def save(self, folder: Path) -> dict[str, Any]:
        """Write weights and validation errors; the scaling goes into the model card."""
        weights = {
            name: value.cpu().contiguous() for name, value in self.network.state_dict().items()
        }
        with complete_file(folder / WEIGHTS) as temporary:
            save_file(weights, temporary)
        with complete_file(folder / CALIBRATION) as temporary:
            save_file({"errors": torch.tensor(self.errors)}, temporary)
        trainable = sum(p.numel() for p in self.network.parameters())
        return {
            "weights": WEIGHTS,
            "best_epoch": self.best_epoch,
            "training_seconds": sum(row["seconds"] for row in self.history),
            "trainable_parameters": trainable,
            "scaling": self.scaling.to_json(),
        }

    @classmethod
    def load(cls, folder: Path, study: Study, details: dict[str, Any]) -> Self:
        """Build the network of ``study`` and read its weights from ``folder``.

        Raises
        ------
        SlipfieldError
            If the weights are missing or do not fit the study's network.
        """
        inverter = cls(study)
        inverter.best_epoch = details["best_epoch"]
        inverter.scaling = Scaling.from_json(details["scaling"])
        learning, path = study.learning, folder / details["weights"]
        inverter.network = build_network(learning.convolution_blocks)
        try:
            inverter.network.load_state_dict(load_file(path))
            inverter.errors = load_file(folder / CALIBRATION)["errors"].numpy()
            if inverter.errors.ndim != 2 or inverter.errors.shape[1] != 3:
                raise KeyError(f"errors of shape {inverter.errors.shape}, expected (n, 3)")
        except (OSError, KeyError, RuntimeError, SafetensorError) as error:
            reason = " ".join(str(error).split())
            raise SlipfieldError(f"{path}: unusable weights: {reason}; train again") from error
        torch.set_num_threads(learning.threads)
        return inverter
