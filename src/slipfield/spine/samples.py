"""A gathered dataset as estimators take it: rows of inputs and of targets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf
from slipfield.spine.design import GROUP, Design
from slipfield.spine.outputs import Output


@dataclass(frozen=True)
class Samples:
    """Samples that were simulated to the end.

    Attributes
    ----------
    x, y : (n, inputs) and (n, targets), in the units of the file.
    number : (n,) of each sample in the design.
    groups : (n,) what stays together in folds.
    units : of each target, by name; an array's elements are ``name[0]``, ``name[1]`` and so on.
    failed : samples left out.
    """

    x: np.ndarray
    y: np.ndarray
    number: np.ndarray
    groups: np.ndarray
    units: dict[str, str]
    failed: int

    @classmethod
    def read(cls, path: Path, design: Design, outputs: tuple[Output, ...]) -> Samples:
        """Read a dataset file.

        Raises
        ------
        SlipfieldError
            If it cannot be read or no sample was simulated to the end.
        """
        with open_netcdf(path) as data:
            ok = data["status"].values == 0
            if not ok.any():
                raise SlipfieldError(f"{path}: every sample failed: {data['reason'].values[0]}")
            x = np.column_stack([data[each.name].values[ok] for each in design.inputs])
            number = data["sample"].values[ok]
            groups = data[GROUP].values[ok] if GROUP in data else number
            columns: list[np.ndarray] = []
            units: dict[str, str] = {}
            for each in (output for output in outputs if output.target):
                values = data[each.name].values[ok].reshape(int(ok.sum()), -1)
                names = (
                    [each.name]
                    if not each.shape
                    else [f"{each.name}[{i}]" for i in range(values.shape[1])]
                )
                columns.append(values)
                units |= dict.fromkeys(names, each.units)
        return cls(x, np.hstack(columns), number, groups, units, int((~ok).sum()))
