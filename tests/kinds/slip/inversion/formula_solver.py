"""The verb `reference` on the closed formula of tests/shards.py instead of the solver.

Called as a command, like the real one: `formula_solver.py reference --config ... --output ...`.
"""

import argparse
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.core.files import open_netcdf, write_netcdf
from slipfield.kinds.slip.dataset.contract import REFERENCE, label_variables, variable
from slipfield.kinds.slip.study import PARAMETERS, load_study
from tests.shards import fields, path

STEP = 1e-4


def reference(study, grains, parameters):
    """Formula and its central differences in ln k, as a reference file."""
    strain, load = fields(study, grains, parameters)
    slopes = []
    for i in range(3):
        factor = np.exp(STEP * (np.arange(3) == i))
        ahead, behind = (
            fields(study, grains, k) for k in (parameters * factor, parameters / factor)
        )
        slopes.append([(a - b) / (2 * STEP) for a, b in zip(ahead, behind, strict=True)])
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
    return xr.Dataset({**variables, **label_variables(REFERENCE)}, attrs=facts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["reference"])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--microstructure", type=Path, required=True, action="append")
    parser.add_argument("--parameters", type=float, nargs=3)
    parser.add_argument("--output", type=Path, required=True, action="append")
    given = parser.parse_args()
    study = load_study(given.config)
    parameters = np.array(given.parameters or study.sampling.centre)
    for grains_path, output in zip(given.microstructure, given.output, strict=True):
        with open_netcdf(grains_path) as grains:
            write_netcdf(reference(study, grains.load(), parameters), output, study)


if __name__ == "__main__":
    main()
