"""The verb `reference` on the closed formula of tests/shards.py instead of the solver."""

import argparse
from pathlib import Path

import numpy as np

from slipfield.core.files import open_netcdf, write_netcdf
from slipfield.kinds.slip.study import load_study
from tests.shards import reference


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
