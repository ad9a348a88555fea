"""Which modality, frame and region carries k1, k2 and k3: integrated gradients, and ablation.

The attention weights of a network say what it reads, not what its answer rests on. Integrated
gradients (Sundararajan, Taly & Yan 2017, eq. 1) share out the difference between the answer for a
specimen and the answer for the mean training specimen over all numbers that the two differ in;
the shares sum to that difference (their axiom of completeness). Ablation gives the network the
mean training specimen's data in place of one modality, and scores what it then predicts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_netcdf
from slipfield.core.progress import track
from slipfield.kinds.slip.cnn_lstm.device import choose_device, keep_freed_memory
from slipfield.kinds.slip.cnn_lstm.network import MODALITIES, CnnLstm
from slipfield.kinds.slip.cnn_lstm.network_inverter import NetworkInverter
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.dataset.fields import decode
from slipfield.kinds.slip.dataset.scaling import LABEL_HIGH, LABEL_LOW
from slipfield.kinds.slip.dataset.torch_data import FieldDataset
from slipfield.kinds.slip.learning.model_io import load_model
from slipfield.kinds.slip.learning.split import split_once
from slipfield.kinds.slip.study import PARAMETERS
from slipfield.spine.metrics import r_squared

Inputs = list[torch.Tensor]
STEPS, STEPS_AT_ONCE, BASELINE_SAMPLES = 32, 8, 256


@dataclass(frozen=True)
class Attribution:
    """Shares of one sample's answer, in units of the training range of each parameter.

    Attributes
    ----------
    strain : ndarray (parameter, time, component, y, x)
    orientation : ndarray (parameter, angle, y, x)
    load : ndarray (parameter, time)
    change : ndarray (parameter,)
        Answer for the sample minus answer for the baseline.
    """

    strain: np.ndarray
    orientation: np.ndarray
    load: np.ndarray
    change: np.ndarray

    def totals(self) -> np.ndarray:
        """Sums (parameter, modality)."""
        parts = (self.strain, self.orientation, self.load)
        return np.stack([part.reshape(len(part), -1).sum(axis=1) for part in parts], axis=1)


def integrated_gradients(
    network: CnnLstm, sample: Inputs, baseline: Inputs, steps: int = STEPS
) -> Attribution:
    """Share out the network's answer for ``sample`` over its inputs.

    Parameters
    ----------
    sample, baseline : list of Tensor
        Scaled strain (1, time, 3, y, x), orientation (1, 3, y, x) and load (1, time), on the
        network's device.
    steps : int
        Gauss-Legendre points on the straight path from baseline to sample.
    """
    network.eval()
    points, weights = np.polynomial.legendre.leggauss(steps)
    sums = [[torch.zeros_like(part[0]) for part in sample] for _ in PARAMETERS]
    with torch.backends.cudnn.flags(enabled=False):
        for first in range(0, steps, STEPS_AT_ONCE):
            chunk = slice(first, first + STEPS_AT_ONCE)
            _add_gradients(network, sample, baseline, points[chunk], weights[chunk], sums)
    with torch.no_grad():
        change = (network(*sample)[0] - network(*baseline)[0])[0]
    span = LABEL_HIGH - LABEL_LOW
    shares = [
        torch.stack([total[i] * (sample[i] - baseline[i])[0] for total in sums]) / span
        for i in range(len(MODALITIES))
    ]
    strain, orientation, load = (share.cpu().numpy() for share in shares)
    return Attribution(strain, orientation, load, (change / span).cpu().numpy())


def _add_gradients(
    network: CnnLstm,
    sample: Inputs,
    baseline: Inputs,
    points: np.ndarray,
    weights: np.ndarray,
    sums: list[Inputs],
) -> None:
    """Add the weighted gradients of each answer at some points of the path to ``sums``."""
    path = []
    for whole, base in zip(sample, baseline, strict=True):
        shape = (-1, *[1] * (whole.ndim - 1))
        share = torch.as_tensor((1 + points) / 2, dtype=whole.dtype, device=whole.device)
        path.append((base + share.reshape(shape) * (whole - base)).requires_grad_())
    weight = torch.as_tensor(weights / 2, dtype=path[0].dtype, device=path[0].device)
    answers = weight @ network(*path)[0]
    for answer, total in zip(answers, sums, strict=True):
        for part, gradient in zip(
            total, torch.autograd.grad(answer, path, retain_graph=True), strict=True
        ):
            part += gradient.sum(dim=0)


def write_attribution(
    model_dir: Path, dataset_dir: Path, output: Path, samples: int, steps: int = STEPS
) -> xr.Dataset:
    """Attribute the answers for (at most) ``samples`` test samples and write them as NetCDF.

    Returns
    -------
    Dataset
        What is written: ``total`` (sample, parameter, modality), ``by_time`` (sample, parameter,
        sequence, time), ``change`` (sample, parameter), maps of the mean absolute share of each
        node, ``strain_map`` and ``orientation_map`` (parameter, y, x), all in training ranges of
        the parameter; ``r2`` (parameter) and ``ablated_r2`` (parameter, modality) of all test
        samples.

    Raises
    ------
    SlipfieldError
        If the model is no network or was trained on another dataset.
    """
    inverter, card = load_model(model_dir)
    if not isinstance(inverter, NetworkInverter):
        raise SlipfieldError(f"{model_dir}: model {card['model']!r}; only networks are attributed")
    dataset = Collection.of_dataset(dataset_dir).with_noise(inverter.study.noise)
    if dataset.data_hash != card["data_hash"]:
        raise SlipfieldError(f"{model_dir}: trained on another dataset than {dataset_dir}")
    study = inverter.study
    keep_freed_memory()
    device = choose_device(study.learning.device)
    network = inverter.network.to(device)
    split = split_once(study, dataset)
    fields = decode(dataset, study.learning.image_stride)
    source = FieldDataset(fields, np.arange(len(dataset)), inverter.scaling)
    baseline = [part.to(device) for part in mean_specimen(source, split.train)]
    chosen = _spread(split.test, samples)
    found = [
        integrated_gradients(network, _sample(source, row, device), baseline, steps)
        for row in track(chosen.tolist(), "attribute")
    ]
    r2, ablated = _ablation(network, source, split.test, baseline, device)
    data = _as_dataset(dataset, chosen, found, r2, ablated)
    write_netcdf(data, output, study)
    return data


def mean_specimen(source: FieldDataset, rows: np.ndarray) -> Inputs:
    """Mean strain, orientation and load, each (1, ...), of at most 256 of the ``rows``."""
    chosen = _spread(rows, BASELINE_SAMPLES)
    parts = [_sample(source, int(row), torch.device("cpu")) for row in chosen]
    return [
        sum((part[i] for part in parts), start=torch.zeros(())) / len(parts)
        for i in range(len(MODALITIES))
    ]


def _spread(rows: np.ndarray, count: int) -> np.ndarray:
    """Take at most ``count`` of the rows, evenly spread."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int))]


def _sample(source: FieldDataset, row: int, device: torch.device) -> Inputs:
    batch = source.__getitems__([row])
    return [batch[name].to(device) for name in MODALITIES]


def _ablation(
    network: CnnLstm,
    source: FieldDataset,
    rows: np.ndarray,
    baseline: Inputs,
    device: torch.device,
) -> tuple[np.ndarray, np.ndarray]:
    """R^2 (parameter,), and R^2 (parameter, modality) with the baseline's data in its place."""
    labels, answers = [], []
    with torch.inference_mode():
        for row in rows:
            inputs = _sample(source, int(row), device)
            given = [inputs]
            for i, base in enumerate(baseline):
                given.append([base if i == j else part for j, part in enumerate(inputs)])
            stacked = [torch.cat(parts) for parts in zip(*given, strict=True)]
            answers.append(network(*stacked)[0].cpu().numpy())
            labels.append(source.__getitems__([int(row)])["labels"][0].numpy())
    true, predicted = np.array(labels), np.array(answers)
    scores = np.stack([r_squared(true, predicted[:, i]) for i in range(predicted.shape[1])], 1)
    return scores[:, 0], scores[:, 1:]


def _as_dataset(
    dataset: Collection,
    rows: np.ndarray,
    found: list[Attribution],
    r2: np.ndarray,
    ablated: np.ndarray,
) -> xr.Dataset:
    """Sum the shares over what is not asked for, and name everything."""

    def mean_map(name: str) -> np.ndarray:
        """Mean over the samples of each node's absolute share."""
        shares = (getattr(one, name) for one in found)
        maps = [np.abs(part.reshape(3, -1, *part.shape[-2:]).sum(axis=1)) for part in shares]
        return np.mean(maps, axis=0)

    by_time = [np.stack([one.strain.sum(axis=(2, 3, 4)), one.load], axis=1) for one in found]
    share = {"units": "1"}
    values = {
        "total": (
            ("sample", "parameter", "modality"),
            np.stack([one.totals() for one in found]),
            {**share, "long_name": "share of the answer, in training ranges"},
        ),
        "by_time": (
            ("sample", "parameter", "sequence", "time"),
            np.stack(by_time),
            {**share, "long_name": "share of each frame of strain and load"},
        ),
        "change": (
            ("sample", "parameter"),
            np.stack([one.change for one in found]),
            {**share, "long_name": "answer minus that for the mean training specimen"},
        ),
        **{
            f"{name}_map": (
                ("parameter", "y", "x"),
                mean_map(name),
                {**share, "long_name": f"mean absolute share of a node's {name}"},
            )
            for name in ("strain", "orientation")
        },
        "r2": ("parameter", r2, {**share, "long_name": "R^2 of the test samples"}),
        "ablated_r2": (
            ("parameter", "modality"),
            ablated,
            {**share, "long_name": "R^2 with the mean training specimen's data in its place"},
        ),
    }
    coordinates = {
        "sample": ("sample", dataset.samples[rows], {"long_name": "sample number"}),
        "parameter": ("parameter", list(PARAMETERS)),
        "modality": ("modality", list(MODALITIES)),
        "sequence": ("sequence", ["strain", "load"]),
        "time": ("time", dataset.time, {"units": "s", "long_name": "time of the output"}),
    }
    return xr.Dataset(values, coords=coordinates)
