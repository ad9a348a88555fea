"""Finished samples of a batch, kept beside its shard until the shard is complete.

A batch that was killed finds them again and goes on with the next sample.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from zipfile import is_zipfile

import numpy as np
from mpi4py import MPI

from slipfield.core.files import complete_file, write_text
from slipfield.kinds.slip.fem.sheet import Microstructure
from slipfield.kinds.slip.fem.stepping import Record
from slipfield.kinds.slip.fem.versions import solver_versions
from slipfield.kinds.slip.study import Study

FACTS = (
    "load",
    "mean_lattice_rotation",
    "roughness",
    "status",
    "reason",
    "steps",
    "rejected_steps",
    "factorisations",
    "cpu_seconds",
    "peak_memory_mb",
)


@dataclass
class Sample:
    """Fields and cost of one simulated sample (fields on rank 0).

    Attributes
    ----------
    strain : (time, 3, y, x).  load : (time,) N.  mean_lattice_rotation : (time,) rad.
    roughness : (time,) mm, NaN for a membrane.  All are NaN if the sample failed.
    """

    strain: np.ndarray
    load: np.ndarray
    mean_lattice_rotation: np.ndarray
    roughness: np.ndarray
    record: Record
    cpu_seconds: float
    peak_memory_mb: float


class FinishedSamples:
    """Folder of finished samples of one batch, by row; rank 0 writes, all ranks ask.

    Samples of another study, grain map, table or solver are discarded.
    """

    def __init__(
        self,
        shard: Path,
        study: Study,
        micro: Microstructure,
        parameters: np.ndarray,
        comm: MPI.Intracomm,
    ):
        self.comm = comm
        self.folder = shard.with_name(f".{shard.name}.samples")
        digest = hashlib.sha256(study.physics_hash().encode() + parameters.tobytes())
        digest.update(repr((solver_versions(), comm.size)).encode())
        for array in (micro.element_grain, micro.euler, micro.size, micro.x_mm, micro.y_mm):
            digest.update(np.ascontiguousarray(array).tobytes())
        rows: list[int] = []
        if comm.rank == 0:
            rows = self._open(digest.hexdigest())
        self._rows = set(comm.bcast(rows))

    def _open(self, key: str) -> list[int]:
        mark = self.folder / "key"
        if mark.exists() and mark.read_text() == key:
            files = (path for path in self.folder.glob("*.npz") if path.stem.isdigit())
            return [int(path.stem) for path in files if is_zipfile(path)]
        shutil.rmtree(self.folder, ignore_errors=True)
        write_text(mark, key)
        return []

    def has(self, row: int) -> bool:
        """Whether the sample of this row is finished."""
        return row in self._rows

    def add(self, row: int, sample: Sample) -> None:
        """Keep a finished sample."""
        self._rows.add(row)
        if self.comm.rank:
            return
        record = sample.record
        with complete_file(self.folder / f"{row}.npz") as temporary, open(temporary, "wb") as file:
            np.savez(
                file,
                strain=sample.strain,
                load=sample.load,
                mean_lattice_rotation=sample.mean_lattice_rotation,
                roughness=sample.roughness,
                status=record.status,
                reason=record.reason,
                steps=record.steps,
                rejected_steps=record.rejected_steps,
                factorisations=record.factorisations,
                cpu_seconds=sample.cpu_seconds,
                peak_memory_mb=sample.peak_memory_mb,
            )

    def strain(self, row: int) -> np.ndarray:
        """Strain (time, 3, y, x) of a finished sample."""
        with np.load(self.folder / f"{row}.npz") as file:
            return file["strain"]

    def facts(self, row: int) -> dict[str, np.ndarray]:
        """Load, rotation, status and cost of a finished sample, by the shard's variable names."""
        with np.load(self.folder / f"{row}.npz") as file:
            return {name: file[name] for name in FACTS}

    def discard(self) -> None:
        """Remove the folder, once the shard is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)
