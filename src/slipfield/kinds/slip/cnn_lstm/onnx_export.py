"""A trained network as an ONNX file: physical quantities in, k1, k2, k3 out, checked."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from slipfield import __version__
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import complete_file
from slipfield.kinds.slip.cnn_lstm.network import MODALITIES, CnnLstm
from slipfield.kinds.slip.cnn_lstm.network_inverter import NetworkInverter
from slipfield.kinds.slip.dataset.scaling import LABEL_LOW, Scaling
from slipfield.kinds.slip.learning.model_io import load_model
from slipfield.kinds.slip.study import PARAMETER_UNITS, Study

Moment = TypeVar("Moment", float, np.ndarray)
OUTPUTS = ("parameters", "attention")
TOLERANCE = 1e-4
"""Largest accepted difference to PyTorch, relative to the training range of each parameter."""


class PhysicalNetwork(nn.Module):
    """The network with its scaling: strain, angles (rad) and load (N) to k1, k2, k3."""

    strain_mean: torch.Tensor
    strain_std: torch.Tensor
    angle_mean: torch.Tensor
    angle_std: torch.Tensor
    load_mean: torch.Tensor
    load_std: torch.Tensor
    lowest: torch.Tensor
    slope: torch.Tensor

    def __init__(self, network: CnnLstm, scaling: Scaling) -> None:
        super().__init__()
        self.network = network
        image = (3, 1, 1)
        for name, values, shape in (
            ("strain_mean", scaling.strain_mean, image),
            ("strain_std", scaling.strain_std, image),
            ("angle_mean", scaling.angle_mean, image),
            ("angle_std", scaling.angle_std, image),
            ("load_mean", scaling.load_mean, ()),
            ("load_std", scaling.load_std, ()),
            ("lowest", scaling.parameters(np.full(3, LABEL_LOW)), (3,)),
            ("slope", scaling.parameters(np.ones(3)) - scaling.parameters(np.zeros(3)), (3,)),
        ):
            tensor = torch.as_tensor(np.reshape(values, shape), dtype=torch.float32)
            self.register_buffer(name, tensor)

    def forward(
        self, strain: torch.Tensor, orientation: torch.Tensor, load: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Predict k1, k2, k3 (n, 3) and attention (n, time, 3).

        Parameters
        ----------
        strain : Tensor (n, time, 3, y, x), 1
        orientation : Tensor (n, 3, y, x), rad
        load : Tensor (n, time), N
        """
        labels, attention = self.network(
            (strain - self.strain_mean) / self.strain_std,
            (orientation - self.angle_mean) / self.angle_std,
            (load - self.load_mean) / self.load_std,
        )
        return self.lowest + self.slope * (labels - LABEL_LOW), attention


def export_onnx(model_dir: Path, output: Path) -> float:
    """Write the network in ``model_dir`` as ONNX with a free batch size, and compare it.

    Inputs are ``strain`` (batch, time, 3, y, x), ``orientation`` (batch, 3, y, x; Bunge angles in
    rad) and ``load`` (batch, time; N), outputs ``parameters`` (batch, 3; k1, k2, k3 in their
    units) and ``attention`` (batch, time, 3). Image and times are those of the training.

    Returns
    -------
    float
        Largest difference between ONNX Runtime and PyTorch on random inputs, relative to the
        training range of each parameter.

    Raises
    ------
    SlipfieldError
        If the model is no network, or the exported file computes something else.
    """
    inverter, card = load_model(model_dir)
    if not isinstance(inverter, NetworkInverter):
        raise SlipfieldError(f"{model_dir}: model {card['model']!r}; only networks become ONNX")
    physical = PhysicalNetwork(inverter.network, inverter.scaling).cpu().eval()
    model = _onnx_model(physical, _examples(inverter.study, inverter.scaling, 2))
    facts = {
        "slipfield_version": __version__,
        "data_hash": card["data_hash"],
        "units": ", ".join(f"{name}: {unit}" for name, unit in PARAMETER_UNITS.items()),
    }
    onnx.helper.set_model_props(model, facts)
    difference = _difference(physical, model, inverter.study, inverter.scaling)
    if not difference <= TOLERANCE:
        raise SlipfieldError(
            f"{model_dir}: the exported network differs from PyTorch's by {difference:.2g} of the "
            "training range; it was not written"
        )
    with complete_file(output) as temporary:
        onnx.save(model, temporary)
    return difference


def _examples(study: Study, scaling: Scaling, count: int) -> list[torch.Tensor]:
    """Random inputs of a training's size and spread."""
    stride, specimen = study.learning.image_stride, study.specimen
    image = [-(-(cells + 1) // stride) for cells in (specimen.cells_y, specimen.cells_x)]
    times = study.loading.outputs
    random = np.random.default_rng(count)

    def like(shape: tuple[int, ...], mean: Moment, std: Moment) -> torch.Tensor:
        values = random.standard_normal(shape) * std + mean
        return torch.as_tensor(values, dtype=torch.float32)

    by_channel = (slice(None), None, None)
    return [
        like(
            (count, times, 3, *image),
            scaling.strain_mean[by_channel],
            scaling.strain_std[by_channel],
        ),
        like((count, 3, *image), scaling.angle_mean[by_channel], scaling.angle_std[by_channel]),
        like((count, times), scaling.load_mean, scaling.load_std),
    ]


def _onnx_model(physical: PhysicalNetwork, examples: list[torch.Tensor]) -> onnx.ModelProto:
    """Trace the network with a free batch size."""
    batch = torch.export.Dim("batch", min=1)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            physical,
            tuple(examples),
            dynamo=True,
            verbose=False,
            input_names=list(MODALITIES),
            output_names=list(OUTPUTS),
            dynamic_shapes=tuple({0: batch} for _ in examples),
        )
    return cast(torch.onnx.ONNXProgram, program).model_proto  # dynamo always makes one


def _difference(
    physical: PhysicalNetwork, model: onnx.ModelProto, study: Study, scaling: Scaling
) -> float:
    """Largest relative difference of the parameters for batches of one and of three."""
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    found = []
    for count in (1, 3):
        inputs = _examples(study, scaling, count)
        named = {name: value.numpy() for name, value in zip(MODALITIES, inputs, strict=True)}
        with torch.inference_mode():
            expected = physical(*inputs)[0]
        off = np.abs(session.run(["parameters"], named)[0] - expected.numpy())
        found.append((off / np.abs(physical.slope.numpy())).max())
    return float(max(found))
