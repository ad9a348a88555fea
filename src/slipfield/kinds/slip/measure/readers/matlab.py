"""MATLAB files of every version: 5 to 7 by SciPy, 7.3, which is HDF5, by h5py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.sizes import check_hdf5

UNREADABLE = (OSError, ValueError, TypeError, NotImplementedError, MatReadError)
"""What SciPy and h5py raise at damaged files."""


def load_mat(path: Path, names: Sequence[str] | None = None) -> dict[str, Any]:
    """Variables of a file by name: arrays as MATLAB shows them, structs as dictionaries.

    Parameters
    ----------
    names : of the variables; by default all of them.

    Raises
    ------
    SlipfieldError
        If the file cannot be read, or a variable is missing.
    """
    try:
        if not h5py.is_hdf5(path):
            with open(path, "rb") as handle:
                content = loadmat(handle, variable_names=names, simplify_cells=True)
            return content if names is None else {name: content[name] for name in names}
        with h5py.File(path) as file:
            check_hdf5(file, path)
            wanted = [n for n in file if not n.startswith("#")] if names is None else names
            return {name: _from_hdf5(file, file[name]) for name in wanted}
    except (KeyError, *UNREADABLE) as error:
        raise SlipfieldError(f"{path}: not a readable MATLAB file: {error}") from error


def _from_hdf5(file: h5py.File, item: h5py.Group | h5py.Dataset) -> Any:
    """Plain Python value of a MATLAB v7.3 object; arrays of structs become lists."""
    if isinstance(item, h5py.Group):
        fields = {name: _from_hdf5(file, item[name]) for name in item}
        lengths = {len(v) for v in fields.values() if isinstance(v, list)}
        if len(lengths) == 1 and all(isinstance(v, list) for v in fields.values()):
            return [{name: v[i] for name, v in fields.items()} for i in range(lengths.pop())]
        return fields
    if item.dtype == h5py.ref_dtype:
        return [_from_hdf5(file, file[reference]) for reference in np.ravel(item[()])]
    values = np.asarray(item[()])
    if item.attrs.get("MATLAB_class") == b"char":
        return "".join(map(chr, values.ravel()))
    return values.T if values.size > 1 else values.ravel()[0]
