"""Outputs of a simulation, and their file: shards of samples and the dataset that joins them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf, write_netcdf
from slipfield.core.progress import progress
from slipfield.core.study import BaseStudy
from slipfield.spine.design import GROUP, Design

STATUS = {"flag_values": [0, 1], "flag_meanings": "ok failed", "long_name": "outcome", "units": "1"}


@dataclass(frozen=True)
class Output:
    """What a simulation gives: a number, or an array over named dimensions.

    Attributes
    ----------
    target : whether estimators learn it.
    dims : names of its dimensions beyond the sample, with their sizes in ``shape``.
    """

    name: str
    units: str
    long_name: str
    target: bool = True
    dims: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()


Simulate = Callable[[Any, Mapping[str, Any]], Mapping[str, Any]]


def simulate_rows(
    study: BaseStudy, design: Design, rows: pd.DataFrame, outputs: Iterable[Output], run: Simulate
) -> xr.Dataset:
    """Simulate rows of a design; a sample that fails is kept with its reason.

    Returns
    -------
    xarray.Dataset
        Over ``sample``: inputs, outputs (NaN where it failed), ``status`` and ``reason``. A target
        that is not finite is a failure, too.

    Raises
    ------
    SlipfieldError
        If ``run`` leaves out one of the outputs, or gives one of another shape.
    """
    outputs, count = tuple(outputs), len(rows)
    found = {each.name: np.full((count, *each.shape), np.nan) for each in outputs}
    status, reason = np.zeros(count, np.int8), np.full(count, "", dtype=object)
    with progress("simulate", count) as advance:
        for number, (_, row) in enumerate(rows.iterrows()):
            try:
                answer = run(study, row.to_dict())
            except SlipfieldError as error:
                status[number], reason[number] = 1, str(error)
            else:
                values = {each.name: _value(each, answer) for each in outputs}
                reason[number] = _not_finite(outputs, values)
                if reason[number]:
                    status[number] = 1
                else:
                    for name, value in values.items():
                        found[name][number] = value
            advance("", number + 1)
    data: dict[str, Any] = {
        each.name: (("sample", *each.dims), found[each.name], _facts(each)) for each in outputs
    }
    for given in design.inputs:
        facts = {"units": given.units, "long_name": given.name}
        data[given.name] = ("sample", rows[given.name].to_numpy(float), facts)
    if GROUP in rows:
        text = rows[GROUP].astype(str).to_numpy(object)
        data[GROUP] = ("sample", text, {"long_name": "what stays together in folds"})
    data["status"] = ("sample", status, STATUS)
    data["reason"] = ("sample", reason, {"long_name": "why the sample failed, empty when ok"})
    counted = {"long_name": "number of the sample in the design", "units": "1"}
    return xr.Dataset(data, coords={"sample": ("sample", rows.index.to_numpy(), counted)})


def _value(output: Output, answer: Mapping[str, Any]) -> np.ndarray:
    """Value of one output in what a simulation gave."""
    if output.name not in answer:
        raise SlipfieldError(
            f"simulate: gives no {output.name!r}, which is one of the kind's outputs; "
            f"it gives {', '.join(answer) or 'nothing'}"
        )
    value = np.asarray(answer[output.name], float)
    if value.shape != output.shape:
        raise SlipfieldError(
            f"simulate: {output.name}: given shape {value.shape}; expected {output.shape}, "
            "as in the kind's outputs"
        )
    return value


def _not_finite(outputs: Iterable[Output], values: Mapping[str, np.ndarray]) -> str:
    """Which targets are not finite, as the reason of a failure; "" if all are."""
    names = [
        each.name for each in outputs if each.target and not np.isfinite(values[each.name]).all()
    ]
    return f"{', '.join(names)}: not finite" if names else ""


def _facts(output: Output) -> dict[str, str]:
    return {"units": output.units, "long_name": output.long_name}


def gather(study: BaseStudy, shards: Iterable[Path], samples: int, output: Path) -> xr.Dataset:
    """Join shards into one dataset file, in the order of the design.

    Raises
    ------
    SlipfieldError
        If a shard cannot be read, was made under other physics, or samples are missing or twice.
    """
    parts = []
    for path in shards:
        with open_netcdf(path) as data:
            if data.attrs.get("physics_hash") != study.physics_hash():
                raise SlipfieldError(f"{path}: made by another study; delete it and run again")
            parts.append(data.load())
    joined = xr.concat(parts, "sample", data_vars="all", combine_attrs="drop_conflicts")
    joined = joined.sortby("sample")
    if joined["sample"].values.tolist() != list(range(samples)):
        raise SlipfieldError(
            f"{output}: the shards hold {joined.sizes['sample']} samples, not each of the study's "
            f"{samples} once; delete the shards and run again"
        )
    write_netcdf(joined, output, study)
    return joined
