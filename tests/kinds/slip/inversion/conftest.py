"""A trained projection inverter and network, and a specimen file, on the closed formula."""

import sys
from pathlib import Path

import pytest

from slipfield.kinds.slip.inversion.forward import COMMAND
from slipfield.kinds.slip.inversion.run import invert
from slipfield.kinds.slip.learning.run import train_model
from tests.kinds.slip.measure.conftest import NOISE, laboratory, specimen
from tests.shards import tiny_study, write_dataset

ROOT = Path(__file__).parents[4]
__all__ = ["laboratory", "specimen"]  # fixtures of the measured path, used here too


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
def inverted(specimen, network, projection, tmp_path_factory):
    """Folder of an inversion by both models, refined, and what it returned."""
    folder = tmp_path_factory.mktemp("inverted") / "out"
    return folder, invert(specimen, [network, projection], folder, solves=8, membrane=True)
