"""Decoded samples: the strided, noisy fields that an inverter learns from, kept where they fit.

Training visits each sample once an epoch and cross-validation trains many times, so the fields
are decompressed once: into memory when they take little of it, else into a file that all jobs
map, else (no room on disk) they are read from the shards whenever they are needed. They are rounded
to float16 wherever they are kept, so that a training ends with the same weights on every machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol
from zipfile import BadZipFile

import numpy as np

from slipfield.core.errors import SlipfieldError, one_line
from slipfield.core.files import alone, complete_file
from slipfield.core.progress import progress
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.dataset.moments import Moments
from slipfield.kinds.slip.planning.plan import FIELD_BYTES, FIELDS_IN_MEMORY_MB

if TYPE_CHECKING:
    from torch import Tensor

Storage = Literal["memory", "disk", "stream"]
MEMORY_SHARE = 1 / 8
DISK_SHARE = 1 / 2


class Rows(Protocol):
    """Anything that gives samples by row numbers: an array, a mapped file, or the shards."""

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """Strain (rows, time, component, y, x)."""


@dataclass(frozen=True)
class Fields:
    """Fields of all samples of a collection, as an inverter sees them.

    Attributes
    ----------
    strain : array-like (n, time, 3, y, x), 1
        Indexed with an array of row numbers; a tensor while a training holds it on its device.
    load : ndarray (n, time) float64, N
    angles : ndarray (m, 3, y, x) float32, rad
        Bunge angles of each grain map.
    map_row : ndarray (n,)
        Row of ``angles`` that belongs to each sample.
    parameters : ndarray (n, 3) float64
        k1, k2, k3.
    strain_moments, load_moments : Moments (n, 3), (n,)
        Of each sample, so that those of any training set follow without another pass.
    angle_moments : Moments (m, 3)
    """

    strain: Rows | Tensor
    load: np.ndarray
    angles: np.ndarray
    map_row: np.ndarray
    parameters: np.ndarray
    strain_moments: Moments
    load_moments: Moments
    angle_moments: Moments

    def __len__(self) -> int:
        return len(self.parameters)


class StreamedStrain:
    """Strain read from the shards at every request, rounded as where it is kept."""

    def __init__(self, collection: Collection, stride: int) -> None:
        self.collection, self.stride = collection, stride

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        return np.stack([self.measured(int(row))[0].astype(np.float16) for row in rows])

    def measured(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Strain (time, 3, y, x) at the kept nodes, and load (time,) in N, with their noise."""
        strain, load = self.collection.measured(row)
        return strain[..., :: self.stride, :: self.stride], load


def decode(collection: Collection, stride: int, storage: Storage | None = None) -> Fields:
    """Decode all samples of ``collection`` with its measurement noise, every ``stride``-th node.

    The result is kept with the collection, so that all folds of a process share it.

    Parameters
    ----------
    storage : {"memory", "disk", "stream"}, optional
        Where the strain is kept; by default :func:`choose_storage` decides. A collection without a
        folder has no disk: its strain is streamed.
    """
    key = (stride, collection.noise, storage)
    if key not in collection.decoded:
        collection.decoded[key] = _decode(collection, stride, storage)
    return collection.decoded[key]


def _decode(collection: Collection, stride: int, storage: Storage | None) -> Fields:
    source = StreamedStrain(collection, stride)
    height, width = (-(-nodes // stride) for nodes in collection.image)
    shape = (len(collection), len(collection.time), 3, height, width)
    folder = collection.folder
    copies = None if folder is None else _copies(source, folder)
    if storage is None:  # a copy that is there already needs no more room
        mapped = copies is not None and all(path.exists() for path in copies)
        storage = "disk" if mapped else choose_storage(shape, folder)
    strain: Rows
    if storage == "disk" and copies is not None:
        strain, load, moments = _mapped(source, shape, *copies)
    else:
        keep = np.empty(shape, np.float16) if storage == "memory" else None
        load, moments = _read_all(source, shape, keep)
        strain = source if keep is None else keep
    owners, map_row = np.unique(collection.microstructures, return_inverse=True)
    angles = [collection.angles(int(m))[:, ::stride, ::stride] for m in owners]
    return Fields(
        strain=strain,
        load=load,
        angles=np.stack(angles).astype(np.float32),
        map_row=map_row,
        parameters=collection.parameters,
        strain_moments=moments,
        load_moments=Moments.of(load, axis=1),
        angle_moments=Moments.of(np.stack(angles), axis=(-2, -1)),
    )


def choose_storage(shape: tuple[int, ...], folder: Path | None) -> Storage:
    """Choose memory for small fields, else the disk if half of its free space is enough.

    Small is what takes neither an eighth of the memory nor more than the jobs ask for.
    """
    size = FIELD_BYTES * int(np.prod(shape))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if size <= min(MEMORY_SHARE * memory, FIELDS_IN_MEMORY_MB * 1e6):
        return "memory"
    writable = folder is not None and os.access(folder, os.W_OK)
    if folder is not None and writable and size <= DISK_SHARE * shutil.disk_usage(folder).free:
        return "disk"
    return "stream"


def _read_all(
    source: StreamedStrain, shape: tuple[int, ...], keep: np.ndarray | None
) -> tuple[np.ndarray, Moments]:
    """Read every sample once: load (n, time), moments (n, 3), and the strain into ``keep``."""
    load, moments = np.empty(shape[:2]), []
    with progress("read samples", shape[0]) as advance:
        for row in range(shape[0]):
            strain, load[row] = source.measured(row)
            moments.append(Moments.of(strain, axis=(0, 2, 3)))
            if keep is not None:
                keep[row] = strain
            advance()
    return load, Moments.stack(moments)


def _copies(source: StreamedStrain, folder: Path) -> tuple[Path, Path]:
    """Files of the decoded copy and of what belongs to it, in the dataset's folder."""
    key = json.dumps(
        [source.collection.data_hash, source.stride, source.collection.noise.model_dump()]
    )
    stem = f"decoded-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    return folder / f"{stem}.npy", folder / f"{stem}.npz"


def _mapped(
    source: StreamedStrain, shape: tuple[int, ...], array_path: Path, side_path: Path
) -> tuple[np.ndarray, np.ndarray, Moments]:
    """Map the decoded copy in the dataset's folder; write it first if it is not there.

    Of jobs that start at once, one writes it and the others wait: it may fill half of the disk.

    Raises
    ------
    SlipfieldError
        If the copy cannot be written, or one that is there cannot be read.
    """
    if os.access(array_path.parent, os.W_OK):  # else it is there: the disk was chosen for that
        with alone(array_path):
            if not (array_path.exists() and side_path.exists()):
                _write_copy(source, shape, array_path, side_path)
    try:
        with np.load(side_path) as side:
            load = side["load"]
            moments = Moments(side["count"], side["mean"], side["squares"])
        return np.load(array_path, mmap_mode="r"), load, moments
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise SlipfieldError(
            f"{array_path}, {side_path.name}: not readable ({one_line(error)}); delete both"
        ) from error


def _write_copy(
    source: StreamedStrain, shape: tuple[int, ...], array_path: Path, side_path: Path
) -> None:
    """Decode all samples into a file to be mapped, and what belongs to it into another."""
    with complete_file(array_path) as temporary:
        keep = np.lib.format.open_memmap(temporary, "w+", np.float16, shape)
        _allocate(temporary)
        load, moments = _read_all(source, shape, keep)
        keep.flush()
    with complete_file(side_path) as temporary, open(temporary, "wb") as handle:
        np.savez(handle, load=load, **vars(moments))


def _allocate(path: Path) -> None:
    """Reserve the whole file: a mapped page that a full disk has no room for ends the process."""
    with open(path, "r+b") as handle:
        os.posix_fallocate(handle.fileno(), 0, path.stat().st_size)
