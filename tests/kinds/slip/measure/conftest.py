"""Measurement files and a specimen file, on the closed formula."""

import json

import numpy as np
import pytest

from slipfield.core.files import write_netcdf
from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_orientation_map
from slipfield.kinds.slip.measure.laboratory import Instruments, export_sample
from slipfield.kinds.slip.measure.loads import add_load
from slipfield.kinds.slip.measure.specimen_file import write_specimen
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from tests.shards import make_microstructure, make_shard, tiny_study

TRUTH = np.array([140.0, 22.0, 16.0])
NOISE = {"strain_std": 2e-4, "load_relative_std": 2e-3}


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory):
    """Measurement files of a specimen that was not trained on."""
    folder = tmp_path_factory.mktemp("laboratory")
    study = tiny_study(specimen={"microstructures": 7})
    grains = make_microstructure(study, 6)
    grains["euler"][:, 1] %= np.pi  # the formula tells equivalent angles apart, a map does not
    write_netcdf(grains, folder / "microstructure.nc", study)
    shard = make_shard(study, grains, np.array([7]), TRUTH[None])
    write_netcdf(shard, folder / "shard.nc", study)
    instruments = Instruments(0.05, 0.01, NOISE["strain_std"], NOISE["load_relative_std"])
    files = folder / "shard.nc", 7, folder / "microstructure.nc", instruments, folder / "lab"
    export_sample(*files)
    return folder / "lab"


@pytest.fixture(scope="session")
def specimen(laboratory):
    """Specimen file from those files."""
    facts = json.loads((laboratory / "truth.json").read_text())
    options = StrainOptions(
        scale=facts["scale_mm_per_pixel"],
        interval=facts["interval_s"],
        outline=laboratory / "outline.csv",
        sheet=tuple(facts["sheet_mm"]),
        thickness=facts["thickness_mm"],
    )
    data = import_strain(sorted((laboratory / "dic").glob("*.csv")), options)
    data = add_load(data, laboratory / "load.csv", None, 0.0, None, True)
    data = add_orientation_map(data, laboratory / "grains.ctf", GrainOptions())
    write_specimen(data, laboratory / "specimen.nc")
    return laboratory / "specimen.nc"
