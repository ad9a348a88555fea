"""A trained projection inverter and network, and a specimen file, on the closed formula."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from slipfield.files import write_netcdf
from slipfield.inversion.export import Instruments, export_sample
from slipfield.inversion.import_grains import GrainOptions, add_orientation_map
from slipfield.inversion.importing import StrainOptions, add_load, import_strain
from slipfield.inversion.launch import COMMAND
from slipfield.inversion.run import invert
from slipfield.inversion.specimen_file import write_specimen
from slipfield.learning.run import train_model
from tests.shards import make_microstructure, make_shard, tiny_study, write_dataset

ROOT = Path(__file__).parents[2]
TRUTH = np.array([140.0, 22.0, 16.0])
NOISE = {"strain_std": 2e-4, "load_relative_std": 2e-3}


@pytest.fixture(scope="session", autouse=True)
def formula_solver():
    """The formula in the place of the solver, started as a command like the real one."""
    script = Path(__file__).with_name("formula_solver.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(COMMAND, f"{sys.executable} {script}")
        patch.setenv("PYTHONPATH", f"{ROOT / 'src'}:{ROOT}")
        yield


@pytest.fixture(scope="session")
def study():
    return tiny_study(noise=NOISE, sampling={"samples": 60}, specimen={"microstructures": 6})


@pytest.fixture(scope="session")
def dataset(study, tmp_path_factory):
    return write_dataset(study, tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def projection(study, dataset, tmp_path_factory):
    """Folder of a projection inverter."""
    folder = tmp_path_factory.mktemp("projection")
    train_model(study, dataset, folder, "projection")
    return folder


@pytest.fixture(scope="session")
def network(study, dataset, tmp_path_factory):
    """Folder of a network, barely trained."""
    folder = tmp_path_factory.mktemp("network")
    train_model(study, dataset, folder, "cnn_lstm")
    return folder


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
    data = add_load(data, laboratory / "load.csv", None, 0.0, None)
    data = add_orientation_map(data, laboratory / "grains.ctf", GrainOptions())
    write_specimen(data, laboratory / "specimen.nc")
    return laboratory / "specimen.nc"


@pytest.fixture(scope="session")
def inverted(specimen, network, projection, tmp_path_factory):
    """Folder of an inversion by both models, refined, and what it returned."""
    folder = tmp_path_factory.mktemp("inverted") / "out"
    return folder, invert(specimen, [network, projection], folder, solves=8)
