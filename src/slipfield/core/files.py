"""Reading and writing the project's files: complete or not there, with their provenance."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slipfield import __version__
from slipfield.core.errors import SlipfieldError, one_line
from slipfield.core.places import abandoned, check_place, owner_in
from slipfield.core.study import BaseStudy

if TYPE_CHECKING:  # most of a second to import, and a verb that writes text needs neither
    import xarray as xr

CONVENTIONS = "CF-1.10"

PART = ".part"
"""End of the temporary names of files that are being written."""

ABANDONED_S = 24 * 3600
"""Age at which a temporary file is given up whose process cannot be asked, s."""

STORAGE_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG}
PROBE_BYTES = 2**20


@contextmanager
def complete_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``; rename it to ``path`` only if the block succeeds.

    What a killed writer of the same file left behind is removed.

    Raises
    ------
    SlipfieldError
        If the file cannot be written, the disk is full before the block ends, or this process
        belongs to a run of the workflow whose place another one has taken.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}{PART}")
    if path.is_dir():
        raise SlipfieldError(f"{path}: is a folder; name a file in it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        mode = temporary.stat().st_mode
        _remove_abandoned(temporary, path)
    except OSError as error:
        raise SlipfieldError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        yield temporary
        temporary.chmod(mode)
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        check_place(path)
        os.replace(temporary, path)
    except SlipfieldError:
        raise
    except Exception as error:
        if reason := _storage_fault(temporary, error):
            raise SlipfieldError(
                f"{path}: cannot be written: {reason}; mend that and run again"
            ) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _remove_abandoned(ours: Path, path: Path) -> None:
    """Remove temporary files of ``path`` whose writer is gone."""
    start = f".{path.name}."
    for other in path.parent.iterdir():
        if other == ours or not (other.name.startswith(start) and other.name.endswith(PART)):
            continue
        owner = owner_in(other.name[len(start) : -len(PART)])
        with suppress(FileNotFoundError, PermissionError):
            if owner and abandoned(other, owner, ours, ABANDONED_S):
                other.unlink()


def _storage_fault(temporary: Path, error: Exception) -> str:
    """Say what the storage refuses; empty if ``error`` has another cause.

    Libraries hide or misname the system's error, so that a small file is written to ask again.
    """
    probe = temporary.with_name(f"{temporary.name}.probe")
    try:
        probe.write_bytes(bytes(PROBE_BYTES))
    except OSError as refusal:
        return refusal.strerror or str(refusal)
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    if isinstance(error, OSError) and error.errno in STORAGE_ERRORS:
        return os.strerror(error.errno)
    return ""


def cache_folder() -> Path:
    """Folder of compiled code: ``$SLIPFIELD_CACHE``, else below the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("SLIPFIELD_CACHE", Path(base) / "slipfield"))


@contextmanager
def alone(path: str | Path) -> Iterator[None]:
    """Keep other processes that use the same ``path`` waiting until the block ends.

    The lock ends with its process, however it ends. Where the file system has no locks, nobody
    waits.
    """
    path = Path(path)
    try:
        lock = open(path.with_name(f".{path.name}.lock"), "w")
    except OSError as error:
        raise SlipfieldError(f"{path}: cannot be written: {error.strerror}") from error
    with lock:
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_text(path: str | Path, text: str) -> None:
    """Write a small text file completely or not at all."""
    with complete_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Sliced:
    """A large float32 variable written slice by slice along its first dimension.

    Attributes
    ----------
    dims, sizes : of the whole variable; attributes : of the variable.
    slices : ``sizes[0]`` arrays of shape ``sizes[1:]``.
    """

    dims: tuple[str, ...]
    sizes: tuple[int, ...]
    attributes: dict[str, Any]
    slices: Iterable[np.ndarray]


def write_netcdf(
    data: xr.Dataset, path: str | Path, study: BaseStudy, sliced: Mapping[str, Sliced] | None = None
) -> None:
    """Write ``data`` with zlib + shuffle and the study that made it as attributes.

    Variables in ``sliced`` are never whole in memory.
    """
    data = data.assign_attrs(
        Conventions=CONVENTIONS,
        slipfield_version=__version__,
        study=study.model_dump_json(),
        physics_hash=study.physics_hash(),
    )
    packed = {"zlib": True, "shuffle": True, "complevel": 3}
    numeric = (name for name, v in data.variables.items() if v.ndim and v.dtype.kind in "fiu")
    encoding = dict.fromkeys(numeric, packed)
    with complete_file(path) as temporary:
        data.to_netcdf(temporary, engine="netcdf4", format="NETCDF4", encoding=encoding)
        for name, variable in (sliced or {}).items():
            _append(temporary, name, variable)


def _append(path: Path, name: str, variable: Sliced) -> None:
    """Add a variable to a file, one compressed chunk of about a megabyte after the other."""
    import netCDF4

    sizes = variable.sizes
    frames = max(1, min(sizes[1], 2**18 // int(np.prod(sizes[2:]))))
    with netCDF4.Dataset(path, "a") as file:
        for dim, size in zip(variable.dims, sizes, strict=True):
            if dim not in file.dimensions:
                file.createDimension(dim, size)
        target = file.createVariable(
            name,
            "f4",
            variable.dims,
            compression="zlib",
            complevel=3,
            shuffle=True,
            chunksizes=(1, frames, *sizes[2:]),
            fill_value=np.float32(np.nan),
        )
        target.setncatts(variable.attributes)
        for number, values in enumerate(variable.slices):
            target[number] = values


def open_netcdf(path: str | Path) -> xr.Dataset:
    """Open a NetCDF file lazily.

    Raises
    ------
    SlipfieldError
        If the file is missing, truncated or not NetCDF.
    """
    import xarray as xr

    if not Path(path).exists():
        raise SlipfieldError(f"{path}: not there")
    try:
        return xr.open_dataset(path, engine="netcdf4", decode_times=False, cache=False)
    except Exception as error:  # what a damaged file makes the libraries raise is not listed
        raise SlipfieldError(f"{path}: not a readable NetCDF file: {one_line(error)}") from error
