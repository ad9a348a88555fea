"""One tiny dataset with a failed sample and measurement noise, for all tests of this room."""

import pytest

from slipfield.kinds.slip.dataset.collection import Collection
from tests.shards import tiny_study, write_dataset

FAILED = 5


@pytest.fixture(scope="session")
def study():
    return tiny_study(noise={"strain_std": 1e-3, "load_relative_std": 0.02})


@pytest.fixture(scope="session")
def dataset_dir(study, tmp_path_factory):
    return write_dataset(study, tmp_path_factory.mktemp("tiny"), failed=[FAILED])


@pytest.fixture(scope="session")
def collection(dataset_dir):
    return Collection.of_dataset(dataset_dir)
