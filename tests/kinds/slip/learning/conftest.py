"""One tiny dataset for all tests of this room."""

import pytest
import torch

from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.models import MODELS, SlipModel
from tests.kinds.slip.learning.mean_inverter import MeanInverter
from tests.shards import tiny_study, write_dataset

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def study():
    return tiny_study(noise={"strain_std": 1e-4})


@pytest.fixture(scope="session")
def dataset_dir(study, tmp_path_factory):
    return write_dataset(study, tmp_path_factory.mktemp("tiny"), failed=[5])


@pytest.fixture(scope="session")
def collection(dataset_dir):
    return Collection.of_dataset(dataset_dir)


@pytest.fixture
def mean_inverter(monkeypatch):
    """Register the mean inverter as "mean"."""
    entry = SlipModel(
        estimator="tests.kinds.slip.learning.mean_inverter:MeanInverter",
        title="mean of the training",
        colour="black",
        fewest_samples=2,
    )
    monkeypatch.setitem(MODELS, "mean", entry)
    monkeypatch.setattr(MeanInverter, "fits", 0)
    return MeanInverter
