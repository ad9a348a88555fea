"""Tiny result folders that follow the file contract, from a closed formula instead of the solver.

The formula keeps what the inverters live on: soft grains strain more, the contrast and the load
follow g = k2 + k3 D^-1/2 + (h0 + k1 D^-1/2) M eps, so all three parameters are identifiable.
Grains are rectangles, whose enclosing ellipse is known (axes sqrt(2) times the sides).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from slipfield.core.files import write_netcdf, write_text
from slipfield.kinds.slip.dataset.contract import (
    MICROSTRUCTURE,
    REFERENCE,
    SHARD,
    label_variables,
    variable,
)
from slipfield.kinds.slip.dataset.manifest import gather
from slipfield.kinds.slip.study import PARAMETERS, Study, check_study
from slipfield.kinds.slip.study.constants import scaled

TAYLOR = 3.06
TURN = 0.05
"""Mean rotation of the lattice for unit k3 and elongation, rad."""

COLUMNS, ROWS = 2, 5


def tiny_study(**changes: dict[str, Any]) -> Study:
    """Study of 24 samples on 3 maps of 10 grains, 16 x 16 elements; sections may be changed."""
    content: dict[str, Any] = {
        "name": "tiny",
        "specimen": {"cells_x": 16, "cells_y": 16, "grains": COLUMNS * ROWS, "microstructures": 3},
        "sampling": {"samples": 24},
        "loading": {"outputs": 4},
        "learning": {
            "split": "microstructure",
            "epochs": 3,
            "learning_rate": 3e-3,
            "decay_epochs": [2],
        },
        "crossval": {"folds": 3, "repeats": 2, "epochs": 2},
    }
    for section, fields in changes.items():
        content[section] = {**content.get(section, {}), **fields}
    return check_study(content, "tiny study")


def make_microstructure(study: Study, index: int) -> xr.Dataset:
    """Grain map of 2 x 5 rectangles; the vertical joint moves and the angles change with index."""
    specimen, random = study.specimen, np.random.default_rng(index)
    x_joint = np.array([0, random.uniform(0.3, 0.7), 1]) * specimen.width_mm
    y_joint = np.concatenate([[0], np.cumsum([b.height_fraction for b in specimen.bands])])
    y_joint *= specimen.height_mm
    nodes_x = np.linspace(0, specimen.width_mm, specimen.cells_x + 1)
    nodes_y = np.linspace(0, specimen.height_mm, specimen.cells_y + 1)
    middle_x, middle_y = (nodes[1:] - np.diff(nodes) / 2 for nodes in (nodes_x, nodes_y))

    def grain_at(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        column = np.clip(np.searchsorted(x_joint, x, "right") - 1, 0, COLUMNS - 1)
        row = np.clip(np.searchsorted(y_joint, y, "right") - 1, 0, ROWS - 1)
        return row[:, None] * COLUMNS + column[None, :]

    low, high = [np.tile(x_joint[i : i + COLUMNS], ROWS) for i in (0, 1)]
    bottom, top = [np.repeat(y_joint[i : i + ROWS], COLUMNS) for i in (0, 1)]
    axes = np.sqrt(2) * np.sort(np.stack([high - low, top - bottom], 1), axis=1)[:, ::-1]
    x_grid, y_grid = np.meshgrid(nodes_x, nodes_y)
    values = {
        "grain_id": grain_at(nodes_x, nodes_y),
        "element_grain": grain_at(middle_x, middle_y),
        "euler": random.uniform(0, 2 * np.pi, (COLUMNS * ROWS, 3)),
        "size": np.hypot(*axes.T),
        "ellipse": axes,
        "band": np.repeat(np.arange(ROWS), COLUMNS),
        "x_mm": x_grid,
        "y_mm": y_grid,
        "polygon_x": np.stack([low, high, high, low], 1).ravel(),
        "polygon_y": np.stack([bottom, bottom, top, top], 1).ravel(),
        "polygon_start": np.arange(COLUMNS * ROWS) * 4,
    }
    variables = {name: variable(MICROSTRUCTURE, name, array) for name, array in values.items()}
    return xr.Dataset(
        {**variables, **label_variables(MICROSTRUCTURE)}, attrs={"microstructure_index": index}
    )


def path(study: Study) -> tuple[np.ndarray, np.ndarray]:
    """Give the times in s and displacements of the top edge in mm of the outputs."""
    corner_time, corner_displacement = np.array(study.loading.path).T
    time = np.array(study.loading.output_times)
    return time, np.interp(time, corner_time, corner_displacement)


def fields(
    study: Study, grains: xr.Dataset, parameters: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Strain (time, component, y, x) and load (time) in N of the closed formula."""
    k1, k2, k3 = parameters
    root = grains["size"].values ** -0.5
    mean_strain = path(study)[1] / study.specimen.height_mm
    slip = TAYLOR * mean_strain[:, None]
    resistance = k2 + k3 * root + (study.material.h0_MPa + k1 * root) * slip
    mean_resistance = resistance.mean(axis=1, keepdims=True)
    grain_yy = mean_strain[:, None] * (1 + 0.8 * (1 - resistance / mean_resistance))
    phi1 = grains["euler"].values[:, 0]
    by_grain = np.stack(
        [-0.5 * grain_yy * (1 + 0.1 * np.cos(phi1)), grain_yy, 0.1 * grain_yy * np.sin(phi1)], 1
    )
    area = study.specimen.width_mm * study.specimen.thickness_mm
    return by_grain[:, :, grains["grain_id"].values], TAYLOR * area * mean_resistance[:, 0]


def make_shard(
    study: Study,
    grains: xr.Dataset,
    numbers: np.ndarray,
    parameters: np.ndarray,
    failed: Iterable[int] = (),
) -> xr.Dataset:
    """Shard of the samples ``numbers`` with ``parameters`` (sample, 3); ``failed`` ones are NaN."""
    count = len(numbers)
    pairs = [fields(study, grains, row) for row in parameters]
    strain = np.stack([pair[0] for pair in pairs])
    load = np.stack([pair[1] for pair in pairs])
    time, displacement = path(study)
    rotation = TURN * np.outer(parameters[:, 2], displacement) / study.specimen.height_mm
    bad = np.isin(numbers, list(failed))
    strain[bad], load[bad], rotation[bad] = np.nan, np.nan, np.nan
    values = {
        "strain": strain,
        "load": load,
        "mean_lattice_rotation": rotation,
        "time": time,
        "displacement": displacement,
        "sample": numbers,
        **{name: parameters[:, i] for i, name in enumerate(PARAMETERS)},
        "microstructure": np.full(count, grains.attrs["microstructure_index"]),
        "status": bad,
        "reason": np.where(bad, "smallest time step reached", "").astype(object),
        **{name: np.full(count, 20) for name in ("steps", "rejected_steps", "factorisations")},
        **{name: np.full(count, 1.5) for name in ("cpu_seconds", "peak_memory_mb")},
    }
    variables = {name: variable(SHARD, name, array) for name, array in values.items()}
    measure = study.solver.strain_measure
    return xr.Dataset({**variables, **label_variables(SHARD)}, attrs={"strain_measure": measure})


def make_reference(study: Study, grains: xr.Dataset) -> xr.Dataset:
    """Run at the centre of the box."""
    return reference(study, grains, np.array(study.sampling.centre))


def reference(
    study: Study, grains: xr.Dataset, parameters: np.ndarray, constants: Sequence[str] = ()
) -> xr.Dataset:
    """Formula and its central differences in ln k and ln of the constants, as a reference file."""
    step = 1e-4

    def at(row: int, step: float) -> tuple[np.ndarray, np.ndarray]:
        if row < 3:
            return fields(study, grains, parameters * np.exp(step * (np.arange(3) == row)))
        material = scaled(study.material, constants[row - 3], float(np.exp(step)))
        return fields(study.model_copy(update={"material": material}), grains, parameters)

    strain, load = fields(study, grains, parameters)
    slopes = [
        [(a - b) / (2 * step) for a, b in zip(at(row, step), at(row, -step), strict=True)]
        for row in range(3 + len(constants))
    ]
    time, displacement = path(study)
    values = {
        "strain": strain,
        "load": load,
        "time": time,
        "displacement": displacement,
        "dstrain_dlnk": np.stack([slope[0] for slope in slopes]),
        "dload_dlnk": np.stack([slope[1] for slope in slopes]),
    }
    variables = {name: variable(REFERENCE, name, array) for name, array in values.items()}
    facts = {
        "strain_measure": study.solver.strain_measure,
        "microstructure_index": grains.attrs["microstructure_index"],
        **dict(zip(PARAMETERS, parameters, strict=True)),
    }
    labels = label_variables(REFERENCE, parameter=[f"ln_{name}" for name in constants])
    return xr.Dataset({**variables, **labels}, attrs=facts)


def write_results(study: Study, folder: Path, failed: Iterable[int] = ()) -> Path:
    """Write grain maps, references, samples.csv and two shards a grain map; return ``folder``."""
    count, maps = study.sampling.samples, study.specimen.microstructures
    low, high = np.array(study.sampling.box).T
    parameters = low + (high - low) * np.random.default_rng(1).random((count, 3))
    owner = np.arange(count) * maps // count
    rows = [f"{i},{owner[i]},{','.join(map(str, parameters[i]))}\n" for i in range(count)]
    write_text(folder / "samples.csv", "sample,microstructure,k1,k2,k3\n" + "".join(rows))
    for index in range(maps):
        grains = make_microstructure(study, index)
        write_netcdf(grains, folder / f"microstructures/{index:05d}.nc", study)
        write_netcdf(make_reference(study, grains), folder / f"references/{index:05d}.nc", study)
        for numbers in np.array_split(np.flatnonzero(owner == index), 2):
            shard = make_shard(study, grains, numbers, parameters[numbers], failed)
            name = f"m{index:05d}_r{numbers[0]:06d}-{numbers[-1]:06d}.nc"
            write_netcdf(shard, folder / "shards" / name, study)
    return folder


def write_dataset(study: Study, folder: Path, failed: Iterable[int] = ()) -> Path:
    """Write results into ``folder`` and gather them; return the folder of the dataset."""
    write_results(study, folder, failed)
    files = {
        name: sorted((folder / name).glob("*.nc"))
        for name in ("shards", "microstructures", "references")
    }
    gather(study, **files, samples_csv=folder / "samples.csv", output_dir=folder / "dataset")
    return folder / "dataset"
