"""Training: it can fit, it resumes bit for bit, and it refuses what cannot work."""

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.cnn_lstm.network import build_network
from slipfield.kinds.slip.cnn_lstm.network_inverter import NetworkInverter
from slipfield.kinds.slip.cnn_lstm.train import learning_rate, train_network
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.dataset.fields import decode
from slipfield.kinds.slip.dataset.scaling import Scaling
from slipfield.kinds.slip.dataset.torch_data import FieldDataset, hold
from slipfield.kinds.slip.learning.model_io import load_model, save_model
from slipfield.kinds.slip.study import Noise
from tests.shards import tiny_study

pytestmark = pytest.mark.slow

TRAIN, VALIDATION = np.arange(12), np.arange(12, 18)


def settings(**changes):
    return tiny_study(learning={"learning_rate": 3e-3, "decay_epochs": [2], **changes})


def fit(study, collection, folder, monitor=lambda row: None):
    return NetworkInverter(study).fit(collection, TRAIN, VALIDATION, folder, monitor)


def weights(inverter):
    return inverter.network.state_dict()


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


def test_overfits_a_tiny_set(collection):
    """Without dropout, on one grain map, so that only strain and load can tell samples apart."""
    fields, rows = decode(collection.with_noise(Noise()), 2), np.arange(6)
    batch = FieldDataset(fields, rows, Scaling.fit(fields, rows)).__getitems__(range(6))
    torch.manual_seed(0)
    network = build_network(blocks=2)
    network.dropout.p = network.lstm.dropout = 0.0
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(200):
        predicted, _ = network(batch["strain"], batch["orientation"], batch["load"])
        loss = torch.nn.functional.mse_loss(predicted, batch["labels"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert batch["labels"].var() > 0.05
    assert loss < 1e-4


def test_best_epoch_gives_the_weights(collection, tmp_path):
    inverter = fit(settings(epochs=4), collection, tmp_path)
    losses = [row["validation_loss"] for row in inverter.history]
    assert inverter.best_epoch == np.argmin(losses) + 1
    labels = inverter.scaling.labels(inverter.predict(collection, VALIDATION))
    true = inverter.scaling.labels(collection.parameters[VALIDATION])
    assert np.square(labels - true).mean() == pytest.approx(min(losses), rel=1e-4)
    assert (tmp_path / "history.csv").read_text().count("\n") == 5


def kill_after_two_epochs(dataset_dir, folder):
    """Body of a process that dies without a chance to clean up."""

    def monitor(row):
        if row["epoch"] == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    fit(settings(epochs=4), Collection.of_dataset(dataset_dir), Path(folder), monitor)


def test_a_killed_run_resumes_bit_for_bit(collection, dataset_dir, tmp_path):
    run = (
        "import sys; from tests.kinds.slip.learning import test_train as t; t.kill_after_two_epochs"
    )
    command = [sys.executable, "-c", f"{run}(*sys.argv[1:])", dataset_dir, tmp_path / "killed"]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": "src:."}, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "killed" / "history.csv").read_text().count("\n") == 3
    epochs = []
    whole = fit(settings(epochs=4), collection, tmp_path / "whole")
    resumed = fit(settings(epochs=4), collection, tmp_path / "killed", epochs.append)
    assert [row["epoch"] for row in epochs] == [3, 4]
    assert_same(weights(whole), weights(resumed))
    for one, other in zip(whole.history, resumed.history, strict=True):
        assert {**one, "seconds": 0} == {**other, "seconds": 0}


def test_bfloat16_steps_are_near_and_repeatable(collection, tmp_path):
    """bfloat16 keeps 8 bits: the loss agrees with float32's to some per cent; a seed decides."""
    runs = [
        fit(settings(epochs=3, precision=precision), collection, tmp_path / name)
        for name, precision in (("a", "float32"), ("b", "bfloat16"), ("c", "bfloat16"))
    ]
    assert_same(weights(runs[1]), weights(runs[2]))
    assert not torch.equal(weights(runs[0])["head.weight"], weights(runs[1])["head.weight"])
    assert {value.dtype for value in weights(runs[1]).values()} == {torch.float32, torch.int64}
    losses = [run.history[0]["train_loss"] for run in runs]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def test_training_from_held_fields_is_the_same(collection, study, tmp_path):
    """What a GPU does, with the CPU as the device."""
    fields = decode(collection.with_noise(study.noise), 1)
    scaling = Scaling.fit(fields, TRAIN)
    learning = settings(epochs=2).learning
    ends = [
        train_network(
            learning, source, scaling, TRAIN, VALIDATION, tmp_path / name, "", lambda row: None
        ).network.state_dict()
        for name, source in (("host", fields), ("held", hold(fields, torch.device("cpu"), 1e9)))
    ]
    assert_same(*ends)


def test_loader_processes_change_nothing_before_and_after_a_resume(collection, tmp_path):
    """Dropout draws the same numbers whether processes read the batches or not."""
    alone = fit(settings(epochs=3), collection, tmp_path / "alone")
    helped = fit(settings(epochs=3, loader_workers=2), collection, tmp_path / "helped")
    assert_same(weights(alone), weights(helped))
    fit(settings(epochs=1, loader_workers=1), collection, tmp_path / "resumed")
    resumed = fit(settings(epochs=3, loader_workers=1), collection, tmp_path / "resumed")
    assert_same(weights(alone), weights(resumed))


def test_more_epochs_continue_and_other_settings_start_again(collection, tmp_path):
    fit(settings(epochs=1), collection, tmp_path)
    epochs = []
    longer = fit(settings(epochs=3), collection, tmp_path, epochs.append)
    assert [row["epoch"] for row in epochs] == [2, 3]
    assert_same(weights(longer), weights(fit(settings(epochs=3), collection, tmp_path / "b")))
    epochs.clear()
    fit(settings(epochs=3, batch_size=4), collection, tmp_path, epochs.append)
    assert [row["epoch"] for row in epochs] == [1, 2, 3]


def test_seed_decides(collection, tmp_path):
    first, second = (
        fit(settings(epochs=1, seed=seed), collection, tmp_path / str(seed)) for seed in (0, 1)
    )
    assert not torch.equal(weights(first)["head.weight"], weights(second)["head.weight"])


def test_rate_decays_piecewise():
    learning = tiny_study(
        learning={"learning_rate": 1e-2, "decay_epochs": [2, 4], "decay_factor": 0.1}
    ).learning
    rates = [learning_rate(learning, epoch) for epoch in range(1, 7)]
    np.testing.assert_allclose(rates, [1e-2, 1e-2, 1e-3, 1e-3, 1e-4, 1e-4])


def test_a_training_that_diverges_says_so(collection, study, tmp_path):
    fields = decode(collection.with_noise(study.noise), 1)
    scaling = Scaling.fit(fields, TRAIN)
    broken = dataclasses.replace(fields, load=fields.load * np.nan)
    with pytest.raises(SlipfieldError, match="learning.learning_rate: .* never finite"):
        train_network(
            settings(epochs=1).learning,
            broken,
            scaling,
            TRAIN,
            VALIDATION,
            tmp_path,
            "",
            lambda row: None,
        )


def test_model_folder_gives_the_same_predictions(collection, tmp_path):
    study, rows = settings(epochs=1), np.arange(5)
    inverter = fit(study, collection, tmp_path)
    save_model(inverter, "cnn_lstm", study, collection, tmp_path / "model", {"metrics": {"a": 1}})
    loaded, card = load_model(tmp_path / "model")
    np.testing.assert_array_equal(
        loaded.predict(collection, rows), inverter.predict(collection, rows)
    )
    assert card["data_hash"] == collection.data_hash and card["metrics"] == {"a": 1}
    assert sorted(p.name for p in (tmp_path / "model").iterdir()) == [
        "calibration.safetensors",
        "model.json",
        "model.safetensors",
    ]
    (tmp_path / "model" / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(SlipfieldError, match="unusable weights"):
        load_model(tmp_path / "model")
    with pytest.raises(SlipfieldError, match="no readable model card"):
        load_model(tmp_path)


def test_intervals_hold_the_share_of_calibration_samples_that_they_promise(collection, tmp_path):
    inverter = fit(settings(), collection, tmp_path)
    true = collection.parameters[VALIDATION]
    low, high = inverter.predict_interval(collection, VALIDATION, 0.5)
    wide_low, wide_high = inverter.predict_interval(collection, VALIDATION, 0.95)
    inside = ((low <= true * (1 + 1e-9)) & (true <= high * (1 + 1e-9))).mean(axis=0)
    assert (inside >= 4 / 6 - 1e-9).all(), "the 4th smallest of 6 errors is the 50 % quantile"
    assert (wide_low <= low).all() and (high <= wide_high).all() and (wide_low > 0).all()
