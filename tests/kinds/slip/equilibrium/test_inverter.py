"""The equilibrium network as an inverter: learning, intervals, files, errors."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.equilibrium.features import feature_table
from slipfield.kinds.slip.equilibrium.inverter import EquilibriumInverter
from slipfield.kinds.slip.equilibrium.network import predict_ensemble, train_member
from slipfield.kinds.slip.learning.intervals import coverage
from slipfield.kinds.slip.learning.model_io import load_model
from slipfield.kinds.slip.learning.run import train_model
from slipfield.kinds.slip.study import Noise
from tests.shards import tiny_study, write_dataset

pytestmark = pytest.mark.slow

STUDY = tiny_study(
    specimen={"microstructures": 10},
    sampling={"samples": 60},
    loading={"outputs": 6},
    learning={"model": "equilibrium", "split": "microstructure"},
)


@pytest.fixture(scope="module")
def dataset_dir(tmp_path_factory):
    return write_dataset(STUDY, tmp_path_factory.mktemp("equilibrium"))


def test_trains_saves_and_loads(dataset_dir, tmp_path):
    metrics = train_model(STUDY, dataset_dir, tmp_path / "model")
    assert set(metrics["coverage"]) == {"k1", "k2", "k3"}
    inverter, card = load_model(tmp_path / "model")
    assert (
        card["details"]["calibration_samples"]
        == metrics["samples"]["train"] + (metrics["samples"]["validation"])
    )
    dataset = Collection.of_dataset(dataset_dir)
    rows = np.arange(6)
    low, high = inverter.predict_interval(dataset, rows)
    guess = inverter.predict(dataset, rows)
    assert (low < guess).all() and (guess < high).all()
    narrow, wide = (
        np.log(np.divide(*inverter.predict_interval(dataset, rows, p)[::-1])) for p in (0.5, 0.95)
    )
    assert (narrow <= wide).all()


def test_the_table_is_read_back_and_noise_changes_it(dataset_dir):
    made = feature_table(Collection.of_dataset(dataset_dir).with_noise(Noise()))
    read = feature_table(Collection.of_dataset(dataset_dir).with_noise(Noise()))
    np.testing.assert_array_equal(made, read)
    noisy = feature_table(Collection.of_dataset(dataset_dir).with_noise(Noise(strain_std=1e-3)))
    assert np.abs(noisy - made).max() > 1e-4


def test_damaged_weights_are_named(dataset_dir, tmp_path):
    train_model(STUDY, dataset_dir, tmp_path / "model")
    (tmp_path / "model/model.safetensors").write_bytes(b"0")
    with pytest.raises(SlipfieldError, match=r"model\.safetensors: unusable weights"):
        load_model(tmp_path / "model")


def test_too_few_samples_are_named(dataset_dir, tmp_path):
    dataset = Collection.of_dataset(dataset_dir)
    rows = np.arange(10)
    with pytest.raises(SlipfieldError, match="sampling.samples: 20"):
        EquilibriumInverter(STUDY).fit(dataset, rows, rows + 10, tmp_path)


def test_the_network_learns_what_the_regression_cannot_and_knows_its_error():
    """A cubic term and an error that grows with the first feature."""
    random = np.random.default_rng(0)
    features = random.uniform(-1, 1, (1600, 8))
    curve = 0.5 * features[:, 2] ** 3
    error = 0.05 * np.exp(features[:, :1]) * random.standard_normal((1600, 3))
    target = features[:, :3] + curve[:, None] + error
    groups = np.arange(1600) // 8
    member = train_member(features[:1200], target[:1200], groups[:1200], 1)
    found = predict_ensemble([member], features[1200:])
    rest = target[1200:] - found.mean
    assert np.std(rest) < 1.1 * np.std(error[1200:])
    soft = features[1200:, 0] > 0.5
    assert found.deviation[soft].mean() > 1.5 * found.deviation[features[1200:, 0] < -0.5].mean()
    inside = coverage(
        found.mean - 1.96 * found.deviation, found.mean + 1.96 * found.deviation, target[1200:]
    )
    assert (np.abs(inside - 0.95) < 0.05).all()
