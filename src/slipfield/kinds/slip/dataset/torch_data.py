"""The torch face of the decoded fields: scaled batches, in an order that a seed fixes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from slipfield.kinds.slip.dataset.fields import Fields
from slipfield.kinds.slip.dataset.scaling import Scaling

Batch = dict[str, torch.Tensor]
CPU = torch.device("cpu")
GPU_SHARE = 1 / 2
COPY_BYTES = 2**28
Gathered = TypeVar("Gathered")


def hold(fields: Fields, device: torch.device, room: float | None = None) -> Fields:
    """Copy the strain into the memory of ``device`` once, where it fits; else leave it.

    A training then reads nothing from the host but row numbers.

    Parameters
    ----------
    room : float, optional
        Bytes that the strain may take; by default half of a GPU's free memory, and none on a CPU.
    """
    if room is None:
        cuda = device.type == "cuda"
        room = GPU_SHARE * torch.cuda.mem_get_info(device)[0] if cuda else 0
    strain = fields.strain
    if not isinstance(strain, np.ndarray) or strain.nbytes > room:
        return fields
    held = torch.empty(strain.shape, dtype=torch.float16, device=device)
    rows = max(1, COPY_BYTES * len(strain) // strain.nbytes)
    for first in range(0, len(strain), rows):
        block = slice(first, first + rows)
        held[block] = torch.from_numpy(np.array(strain[block]))
    return replace(fields, strain=held)


class FieldDataset(Dataset):
    """Scaled samples as dictionaries of float32 tensors.

    One sample is ``strain`` (time, 3, y, x), ``orientation`` (3, y, x), ``load`` (time,) and
    ``labels`` (3,); components are xx, yy, xy and angles phi1, Phi, phi2. A list of indices gives
    the same with a leading batch dimension. Item i is row ``rows[i]`` of ``fields``. Tensors are on
    the CPU, or on the device that :func:`hold` put the strain of ``fields`` on.
    """

    def __init__(self, fields: Fields, rows: np.ndarray, scaling: Scaling) -> None:
        self.fields, self.rows = fields, np.asarray(rows)
        strain = fields.strain
        self.device = strain.device if isinstance(strain, torch.Tensor) else CPU
        self._strain_shift, self._strain_factor = (
            torch.tensor(values, dtype=torch.float32, device=self.device)[:, None, None]
            for values in (scaling.strain_mean, 1 / scaling.strain_std)
        )
        angles = (fields.angles - scaling.angle_mean[:, None, None]) / scaling.angle_std[
            :, None, None
        ]
        self._orientation = torch.tensor(angles, dtype=torch.float32, device=self.device)
        load = (fields.load - scaling.load_mean) / scaling.load_std
        self._load = torch.tensor(load, dtype=torch.float32, device=self.device)
        labels = scaling.labels(fields.parameters)
        self._labels = torch.tensor(labels, dtype=torch.float32, device=self.device)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Batch:
        return {name: values[0] for name, values in self.__getitems__([index]).items()}

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """Give a whole batch at once, without stacking single samples."""
        rows, source = self.rows[list(indices)], self.fields.strain
        if isinstance(source, torch.Tensor):
            strain = source[torch.as_tensor(rows, device=self.device)].float()
        else:
            strain = torch.from_numpy(np.asarray(source[rows], np.float32))
        strain.sub_(self._strain_shift).mul_(self._strain_factor)
        return {
            "strain": strain,
            "orientation": self._orientation[self.fields.map_row[rows]],
            "load": self._load[rows],
            "labels": self._labels[rows],
        }


class SeededOrder(Sampler[int]):
    """A shuffle that depends on (seed, epoch) alone, so that a resumed run sees the same order."""

    def __init__(self, size: int, seed: int) -> None:
        self.size, self.seed, self.epoch = size, seed, 0

    def __iter__(self) -> Iterator[int]:
        return iter(np.random.default_rng((self.seed, self.epoch)).permutation(self.size).tolist())

    def __len__(self) -> int:
        return self.size


def loader(
    dataset: FieldDataset,
    batch_size: int,
    device: torch.device = CPU,
    workers: int = 0,
    order: SeededOrder | None = None,
) -> DataLoader:
    """Give batches of ``dataset`` in the sampler's order, or in sequence without one.

    Batches for a GPU that are not there already come in pinned memory, for an asynchronous copy;
    what is on a GPU is not given to other processes. Other processes last for one pass: each pass
    then takes the same number from PyTorch's generator, with or without them, and after a resume.
    """
    held = dataset.device.type != "cpu"
    workers = 0 if held else workers
    return DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=order,
        num_workers=workers,
        collate_fn=_as_it_is,
        pin_memory=device.type == "cuda" and not held,
    )


def _as_it_is(batch: Gathered) -> Gathered:
    return batch
