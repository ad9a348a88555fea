"""Attribution: shares add up and agree with a linear model's own; ablation done by hand."""

import numpy as np
import pytest
import torch
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.cnn_lstm.attribution import (
    integrated_gradients,
    mean_specimen,
    write_attribution,
)
from slipfield.kinds.slip.dataset.fields import decode
from slipfield.kinds.slip.dataset.scaling import Scaling
from slipfield.kinds.slip.dataset.torch_data import FieldDataset
from slipfield.kinds.slip.learning.model_io import load_model
from slipfield.kinds.slip.learning.run import train_model
from slipfield.kinds.slip.learning.split import split_once
from slipfield.spine.metrics import r_squared
from tests.kinds.slip.cnn_lstm.test_cnn_lstm import trained_like
from tests.shards import tiny_study, write_dataset

pytestmark = pytest.mark.slow


def inputs(seed, time=5, image=16):
    random = torch.Generator().manual_seed(seed)
    shapes = (1, time, 3, image, image), (1, 3, image, image), (1, time)
    return [torch.randn(shape, generator=random) for shape in shapes]


@pytest.fixture(scope="module")
def model(dataset_dir, tmp_path_factory):
    """Folder of a trained network."""
    folder = tmp_path_factory.mktemp("attribution")
    study = tiny_study(learning={"epochs": 3, "convolution_blocks": 3, "learning_rate": 1e-2})
    train_model(study, dataset_dir, folder)
    return folder


def test_shares_add_up_to_the_change_of_the_answer():
    """Completeness (Sundararajan et al. 2017, proposition 1), closer with more steps."""
    network = trained_like()
    errors = []
    for steps in (4, 64):
        found = integrated_gradients(network, inputs(1), inputs(2), steps)
        errors.append(np.abs(found.totals().sum(axis=1) - found.change).max())
        assert np.abs(found.change).max() > 1e-3
    assert errors[1] < 0.02 * np.abs(found.change).max()
    assert errors[1] < errors[0]


def test_what_does_not_differ_has_no_share():
    sample, baseline = inputs(1), inputs(2)
    sample[1] = baseline[1]
    found = integrated_gradients(trained_like(), sample, baseline, 4)
    assert not found.orientation.any()
    assert found.strain.any() and found.load.any()


def test_a_linear_network_shares_by_its_weights():
    """Where the answer is linear in the load, the share of a time is weight times difference."""

    class Linear(torch.nn.Module):
        def forward(self, strain, orientation, load):
            weights = torch.arange(15.0).reshape(5, 3)
            return load @ weights + 0 * (strain.sum() + orientation.sum()), None

    sample, baseline = inputs(1), inputs(2)
    found = integrated_gradients(Linear(), sample, baseline, 3)
    weights = np.arange(15).reshape(5, 3)
    expected = weights.T * (sample[2] - baseline[2]).numpy() / 0.9
    np.testing.assert_allclose(found.load, expected, rtol=1e-4)
    assert not found.strain.any()


def test_file_holds_shares_and_ablation(model, dataset_dir, collection, tmp_path):
    output = tmp_path / "attribution.nc"
    write_attribution(model, dataset_dir, output, samples=3, steps=16)
    inverter, _ = load_model(model)
    study = inverter.study
    split = split_once(study, collection)
    with xr.open_dataset(output, decode_times=False) as data:
        assert data.sizes["sample"] == 3 and set(data["sample"].values) <= set(
            collection.samples[split.test]
        )
        by_sequence = data["by_time"].sum("time")
        for name in ("strain", "load"):
            total = data["total"].sel(modality=name)
            np.testing.assert_allclose(by_sequence.sel(sequence=name), total, atol=1e-5)
        summed = data["total"].sum("modality")
        np.testing.assert_allclose(summed, data["change"], atol=0.05 * abs(data["change"]).max())
        assert data["strain_map"].shape == (3, 17, 17)
        without = replaced_load(inverter, collection, split)
        np.testing.assert_allclose(data["ablated_r2"].sel(modality="load"), without, rtol=1e-3)
        predicted = inverter.predict(collection, split.test)
        r2 = r_squared(collection.parameters[split.test], predicted)
        np.testing.assert_allclose(data["r2"], r2, rtol=1e-3, atol=1e-4)


def replaced_load(inverter, collection, split):
    """R^2 when every test sample has the mean load of the training samples, step by step."""
    scaling, learning = inverter.scaling, inverter.study.learning
    fields = decode(collection.with_noise(inverter.study.noise), learning.image_stride)
    strain = (fields.strain[split.test] - scaling.strain_mean[:, None, None]) / scaling.strain_std[
        :, None, None
    ]
    angles = fields.angles[fields.map_row[split.test]] - scaling.angle_mean[:, None, None]
    angles = angles / scaling.angle_std[:, None, None]
    load = (fields.load[split.train].mean(axis=0) - scaling.load_mean) / scaling.load_std
    load = np.tile(load, (len(split.test), 1))
    inverter.network.eval()
    with torch.no_grad():
        labels, _ = inverter.network(*(torch.tensor(a).float() for a in (strain, angles, load)))
    return r_squared(collection.parameters[split.test], scaling.parameters(labels.numpy()))


def test_mean_specimen_is_the_mean(collection, study):
    fields, rows = decode(collection.with_noise(study.noise), 1), np.arange(4)
    source = FieldDataset(fields, np.arange(len(collection)), Scaling.fit(fields, rows))
    batch = source.__getitems__(rows.tolist())
    for name, found in zip(
        ("strain", "orientation", "load"), mean_specimen(source, rows), strict=True
    ):
        torch.testing.assert_close(found[0], batch[name].mean(dim=0))


def test_other_models_and_datasets_are_refused(model, dataset_dir, tmp_path):
    with pytest.raises(SlipfieldError, match="no readable model card"):
        write_attribution(tmp_path, dataset_dir, tmp_path / "a.nc", 2)
    other = write_dataset(tiny_study(sampling={"samples": 12}), tmp_path / "other")
    with pytest.raises(SlipfieldError, match="trained on another dataset"):
        write_attribution(model, other, tmp_path / "a.nc", 2)
