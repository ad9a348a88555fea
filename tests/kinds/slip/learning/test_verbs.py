"""The verbs from shards to scores, as a user types them."""

import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr
import yaml
from typer.testing import CliRunner

from slipfield.cli import app
from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.learning import run
from slipfield.kinds.slip.study import PARAMETERS, load_study
from slipfield.spine.metrics import scores
from tests.shards import tiny_study, write_results

pytestmark = pytest.mark.slow


def call(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Results of a study, gathered and trained through the command line."""
    folder = tmp_path_factory.mktemp("verbs")
    study = tiny_study(learning={"epochs": 2}, execution={"samples_per_job": 4})
    write_results(study, folder, failed=[7])
    (folder / "study.yaml").write_text(study.as_yaml())
    paths = [("--shards", "shards"), ("--microstructures", "microstructures")]
    paths += [("--references", "references"), ("--samples", "samples.csv")]
    options = [part for option, name in paths for part in (option, folder / name)]
    left_behind = folder / "microstructures" / "left-behind.nc"
    left_behind.write_text("no grain map of this study")
    gathered = call(
        "gather", "--config", folder / "study.yaml", *options, "--output", folder / "dataset"
    )
    assert "23 of 24 samples in 6 shards on 3 grain maps" in gathered.output
    left_behind.unlink()
    call("train", *common(folder), "--output", folder / "model")
    return folder


def common(folder):
    return "--config", folder / "study.yaml", "--dataset", folder / "dataset"


def test_train_writes_its_files(folder):
    model = folder / "model"
    names = {path.name for path in model.iterdir()}
    assert names == {
        "attention.nc",
        "checkpoint",
        "history.csv",
        "metrics.json",
        "model.json",
        "calibration.safetensors",
        "model.safetensors",
        "predictions.csv",
    }
    metrics = json.loads((model / "metrics.json").read_text())
    with open(model / "predictions.csv", newline="") as handle:
        rows = list(csv.DictReader(handle))
    test = [row for row in rows if row["split"] == "test"]
    assert len(rows) == 23 and len(test) == metrics["samples"]["test"]
    true, predicted = (
        np.array([[float(row[f"k{i}_{kind}"]) for i in (1, 2, 3)] for row in test])
        for kind in ("true", "predicted")
    )
    expected = scores(true, predicted, PARAMETERS)["k2"]
    assert metrics["test"]["k2"] == pytest.approx(expected, rel=1e-6)
    assert metrics["mean_predictor"]["k1"]["r2"] <= 0
    with xr.open_dataset(model / "attention.nc", decode_times=False) as data:
        assert data.attention.dims == ("sample", "time", "modality")
        assert data.sample.values.tolist() == [int(row["sample"]) for row in test]
        np.testing.assert_allclose(data.attention.sum("modality"), 1, rtol=1e-5)
    card = json.loads((model / "model.json").read_text())
    assert card["details"]["trainable_parameters"] == 231_574


def test_evaluate_prints_the_scores_of_any_shards(folder, tmp_path):
    shards = sorted(folder.glob("shards/m00000*.nc"))
    output = tmp_path / "scores.json"
    options = "--model", folder / "model", "--shards", *shards
    result = call("evaluate", *options, "--output", output)
    found = json.loads(output.read_text())
    assert found["samples"] == 7 and found["same_physics"]
    assert f"{found['scores']['k2']['r2']:.3f}" in result.output
    assert f"{100 * found['scores']['k3']['p95_relative_error']:.2f}" in result.output
    again = call("evaluate", *options, "--microstructures", folder / "microstructures")
    assert again.output == result.output
    with pytest.raises(SlipfieldError, match="no NetCDF file here"):
        call("evaluate", *options, "--microstructures", tmp_path / "nowhere")


def test_evaluate_refuses_fields_that_are_not_finite(folder, tmp_path):
    shard = tmp_path / "shard.nc"
    shutil.copy(sorted(folder.glob("shards/m00000*.nc"))[0], shard)
    with netCDF4.Dataset(shard, "a") as data:
        data["strain"][1, 0, 0, 3, 3] = np.nan
    maps = "--microstructures", folder / "microstructures"
    with pytest.raises(SlipfieldError, match=r"no finite answer for sample 1 .*\(1 in all\)"):
        call("evaluate", "--model", folder / "model", "--shards", shard, *maps)


def test_evaluate_agrees_with_train_on_the_same_samples(folder):
    """Loaded weights and loose shards give what the trained network gave on the dataset."""
    from slipfield.kinds.slip.learning.run import evaluate_model

    shards, maps = (sorted((folder / name).glob("*.nc")) for name in ("shards", "microstructures"))
    with open(folder / "model" / "predictions.csv", newline="") as handle:
        rows = list(csv.DictReader(handle))
    true, predicted = (
        np.array([[float(row[f"k{i}_{kind}"]) for i in (1, 2, 3)] for row in rows])
        for kind in ("true", "predicted")
    )
    found = evaluate_model(folder / "model", shards, maps)["scores"]
    for name, values in scores(true, predicted, PARAMETERS).items():
        assert found[name] == pytest.approx(values, rel=1e-5)


def test_crossval_and_its_summary(folder, tmp_path, mean_inverter):
    for rows in ("0:3", "3:6"):
        call(
            "crossval", *common(folder), "--model", "mean", "--folds", rows,
            "--output", tmp_path / f"{rows[0]}.json",
        )  # fmt: skip
    result = call(
        "crossval-summary", tmp_path / "0.json", tmp_path / "3.json", "--output", tmp_path / "t.csv"
    )
    assert "mean, 6 random folds" in result.output
    with pytest.raises(SlipfieldError, match="given 'rnn'; expected one of projection, "):
        call("crossval", *common(folder), "--model", "rnn", "--output", tmp_path / "x.json")


def test_another_inverter_trains_through_the_same_verb(folder, tmp_path, mean_inverter):
    call("train", *common(folder), "--model", "mean", "--output", tmp_path / "model")
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())
    assert metrics["test"] == metrics["mean_predictor"]
    assert (tmp_path / "model" / "extras.json").exists()
    shards = sorted(folder.glob("shards/m00000*.nc"))
    result = call("evaluate", "--model", tmp_path / "model", "--shards", *shards)
    assert "7 samples" in result.output


def train_until_killed(folder, output):
    """Body of a process that dies after the first of two epochs without a chance to clean up."""
    from slipfield.kinds.slip.cnn_lstm.network_inverter import NetworkInverter
    from slipfield.kinds.slip.learning.run import train_model

    fit = NetworkInverter.fit

    def deadly(*arguments):
        def monitor(row):
            arguments[-1](row)
            os.kill(os.getpid(), signal.SIGKILL)

        fit(*arguments[:-1], monitor)

    NetworkInverter.fit = deadly
    study = load_study(Path(folder) / "study.yaml")
    train_model(study, Path(folder) / "dataset", Path(output), tensorboard=True)


def logged(model):
    """Steps and validation losses that TensorBoard shows."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(model / "tensorboard")).Reload()
    return np.transpose([(event.step, event.value) for event in events.Scalars("validation_loss")])


def history(model):
    with open(model / "history.csv", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return np.array([[float(row[name]) for row in rows] for name in ("epoch", "validation_loss")])


def test_events_of_a_run_continued_within_the_second_sort_after_the_older_ones(tmp_path):
    import_module("torch.utils.tensorboard")  # so that the second does not pass meanwhile
    time.sleep(1.0 - time.time() % 1.0)
    older = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.9999999.0"
    (tmp_path / older).touch()
    with run._monitor("train", 1, tmp_path) as monitor:
        monitor({"epoch": 1.0, "validation_loss": 0.5, "validation_r2": 0.5})
    assert sorted(path.name for path in tmp_path.iterdir())[0] == older


def test_tensorboard_shows_the_history_after_a_kill_and_after_another_training(folder, tmp_path):
    model = tmp_path / "model"
    code = "import sys; from tests.kinds.slip.learning import test_verbs as t; t.train_until_killed"
    command = [sys.executable, "-c", f"{code}(*sys.argv[1:])", folder, model]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": "src:."}, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    np.testing.assert_allclose(logged(model), history(model / "checkpoint"), rtol=1e-6)
    call("train", *common(folder), "--output", model, "--tensorboard")
    first = history(model)
    assert first[0].tolist() == [1, 2]
    np.testing.assert_allclose(logged(model), first, rtol=1e-6)
    study = load_study(folder / "study.yaml").model_dump(mode="json")
    study["learning"]["seed"] += 1
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(study))
    other = "--config", tmp_path / "other.yaml", "--dataset", folder / "dataset"
    call("train", *other, "--output", model, "--tensorboard")
    assert not np.allclose(history(model), first)
    np.testing.assert_allclose(logged(model), history(model), rtol=1e-6)
