"""The torch face of the decoded fields: scaled batches, in an order that a seed fixes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from slipfield.dataset.fields import Fields
from slipfield.dataset.scaling import Scaling

Batch = dict[str, torch.Tensor]


class FieldDataset(Dataset):
    """Scaled samples as dictionaries of float32 tensors.

    One sample is ``strain`` (time, 3, y, x), ``orientation`` (3, y, x), ``load`` (time,) and
    ``labels`` (3,); components are xx, yy, xy and angles phi1, Phi, phi2. A list of indices gives
    the same with a leading batch dimension. Item i is row ``rows[i]`` of ``fields``.
    """

    def __init__(self, fields: Fields, rows: np.ndarray, scaling: Scaling) -> None:
        self.fields, self.rows = fields, np.asarray(rows)
        self._scaling = scaling
        self._strain_shift, self._strain_factor = (
            torch.tensor(values, dtype=torch.float32)[:, None, None]
            for values in (scaling.strain_mean, 1 / scaling.strain_std)
        )
        angles = (fields.angles - scaling.angle_mean[:, None, None]) / scaling.angle_std[
            :, None, None
        ]
        self._orientation = torch.tensor(angles, dtype=torch.float32)
        load = (fields.load - scaling.load_mean) / scaling.load_std
        self._load = torch.tensor(load, dtype=torch.float32)
        self._labels = torch.tensor(scaling.labels(fields.parameters), dtype=torch.float32)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Batch:
        return {name: values[0] for name, values in self.__getitems__([index]).items()}

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """Give a whole batch at once, without stacking single samples."""
        rows = self.rows[list(indices)]
        strain = torch.from_numpy(np.asarray(self.fields.strain[rows], np.float32))
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
    order: SeededOrder | None = None,
    workers: int = 0,
    pin_memory: bool = False,
) -> DataLoader:
    """Give batches of ``dataset`` in the sampler's order, or in sequence without one."""
    return DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=order,
        num_workers=workers,
        collate_fn=_as_it_is,
        pin_memory=pin_memory,
        persistent_workers=workers > 0,
    )


def _as_it_is(batch: Batch) -> Batch:
    return batch
