"""The verb `reference` on the closed formula of tests/shards.py instead of the solver."""

import argparse
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.core.files import open_netcdf, write_netcdf
from slipfield.kinds.slip.dataset.contract import REFERENCE, label_variables, variable
from slipfield.kinds.slip.study import PARAMETERS, load_study
from slipfield.kinds.slip.study.constants import scaled
from tests.shards import fields, path

STEP = 1e-4


def reference(study, grains, parameters, constants=()):
    """Formula and its central differences in ln k and ln of the constants, as a reference file."""

    def at(row, step):
        own = np.exp(step * (np.arange(3) == row))
        if row < 3:
            return fields(study, grains, parameters * own)
        material = scaled(study.material, constants[row - 3], float(np.exp(step)))
        return fields(study.model_copy(update={"material": material}), grains, parameters)

    strain, load = fields(study, grains, parameters)
    slopes = [
        [(a - b) / (2 * STEP) for a, b in zip(at(row, STEP), at(row, -STEP), strict=True)]
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
        "microstructure_index": 0,
        **dict(zip(PARAMETERS, parameters, strict=True)),
    }
    labels = label_variables(REFERENCE, parameter=[f"ln_{name}" for name in constants])
    return xr.Dataset({**variables, **labels}, attrs=facts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["reference"])
    parser.add_argument("--config", type=Path, required=True, action="append")
    parser.add_argument("--microstructure", type=Path, required=True, action="append")
    parser.add_argument("--parameters", type=float, nargs=3)
    parser.add_argument("--also", action="append", default=[])
    parser.add_argument("--output", type=Path, required=True, action="append")
    given = parser.parse_args()
    configs = given.config * (len(given.output) // len(given.config))
    for config, grains_path, output in zip(
        configs, given.microstructure, given.output, strict=True
    ):
        study = load_study(config)
        parameters = np.array(given.parameters or study.sampling.centre)
        with open_netcdf(grains_path) as grains:
            found = reference(study, grains.load(), parameters, given.also)
        write_netcdf(found, output, study)
