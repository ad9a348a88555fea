"""Reading and writing the project's files: complete or not there, with their provenance."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import xarray as xr
from pydantic import ValidationError

from slipfield import __version__
from slipfield.errors import SlipfieldError
from slipfield.study import Study

CONVENTIONS = "CF-1.10"


@contextmanager
def complete_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``; rename it to ``path`` only if the block succeeds."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    if path.is_dir():
        raise SlipfieldError(f"{path}: is a folder; name a file in it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
    except OSError as error:
        raise SlipfieldError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        yield temporary
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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
    data: xr.Dataset, path: str | Path, study: Study, sliced: Mapping[str, Sliced] | None = None
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
    try:
        return xr.open_dataset(path, engine="netcdf4", decode_times=False, cache=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise SlipfieldError(f"{path}: not a readable NetCDF file: {error}") from error


def study_of(data: xr.Dataset, path: str | Path) -> Study:
    """Study configuration recorded in a file of ours.

    Raises
    ------
    SlipfieldError
        If the file carries no study or one that this version cannot read.
    """
    try:
        return Study.model_validate_json(data.attrs["study"])
    except (KeyError, ValidationError) as error:
        raise SlipfieldError(
            f"{path}: no readable attribute 'study': not a file of ours"
        ) from error
