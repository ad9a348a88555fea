"""Sweeps: one setting changes and nothing else, runs are shared and resumed, tables add up."""

import csv
import json

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.cnn_lstm.network_inverter import NetworkInverter
from slipfield.kinds.slip.cnn_lstm.settings import setting_memory_mb, settings_of
from slipfield.kinds.slip.cnn_lstm.sweep import run_setting, setting_study, summarise_sweep
from slipfield.kinds.slip.planning.plan import learning_memory_mb
from tests.shards import tiny_study

pytestmark = pytest.mark.slow

STUDY = tiny_study(
    learning={"convolution_blocks": 2, "epochs": 4, "decay_epochs": [2]},
    sweep={"epochs": 2, "repeats": 2, "learning_rate": [1e-2, 3e-3, 1e-5]},
)


@pytest.fixture(scope="module")
def files(dataset_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    found = {}
    for setting in ("learning_rate=0.01", "base"):
        found[setting] = folder / f"{setting}.json"
        run_setting(STUDY, dataset_dir, setting, found[setting])
    return found


def test_one_setting_changes():
    changed = setting_study(STUDY, "batch_size=4")
    expected = {**STUDY.learning.model_dump(), "batch_size": 4, "epochs": 2, "decay_epochs": (1,)}
    assert changed.learning.model_dump() == expected
    assert setting_study(STUDY, "initialisation=normal").learning.initialisation == "normal"
    assert setting_study(STUDY, "learning_rate=1e-05").learning.learning_rate == 1e-5
    assert setting_study(STUDY, "base").learning.learning_rate == STUDY.learning.learning_rate


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("epochs=3", "setting: given 'epochs=3'; expected base, or FIELD=VALUE"),
        ("batch_size=0.5", "setting batch_size=0.5: learning.batch_size: given 0.5"),
        ("initialisation=zero", "learning.initialisation: given 'zero'"),
    ],
)
def test_settings_that_cannot_be(setting, message):
    with pytest.raises(SlipfieldError, match=message):
        setting_study(STUDY, setting)


def test_the_value_of_the_study_is_one_training_in_all_tables():
    names = settings_of(STUDY, "learning_rate")
    assert names == ["learning_rate=0.01", "base", "learning_rate=1e-05"]
    assert settings_of(STUDY, "initialisation") == ["base", "initialisation=normal"]
    for name, value in zip(names, STUDY.sweep.learning_rate, strict=True):
        assert setting_study(STUDY, name).learning.learning_rate == value


def test_a_name_holds_every_digit_of_its_value():
    values = [0.0012345678, 0.0012345679]
    study = tiny_study(sweep={"learning_rate": values, "batch_size": [2_000_000]})
    names = [*settings_of(study, "learning_rate"), *settings_of(study, "batch_size")]
    assert len(set(names)) == 3
    learnings = [setting_study(study, name).learning for name in names]
    assert [learning.learning_rate for learning in learnings[:2]] == values
    assert learnings[2].batch_size == 2_000_000


def test_larger_batches_ask_for_more_memory():
    study = tiny_study(specimen={"cells_x": 200, "cells_y": 200})
    own, twice, rate = (
        setting_memory_mb(study, name) for name in ("base", "batch_size=16", "learning_rate=0.01")
    )
    assert study.learning.batch_size == 8
    assert own == rate == learning_memory_mb(study)
    larger = study.learning.model_copy(update={"batch_size": 16})
    assert twice == learning_memory_mb(study.model_copy(update={"learning": larger})) > 1.1 * own


def test_depths_beyond_the_images_are_left_out():
    assert settings_of(STUDY, "convolution_blocks") == [
        "base",
        "convolution_blocks=3",
        "convolution_blocks=4",
    ]
    assert len(settings_of(tiny_study(specimen={"cells_x": 32, "cells_y": 31}), "batch_size")) == 4


def test_repeats_have_seeds_and_splits_of_their_own(files, collection):
    runs = {name: json.loads(path.read_text())["runs"] for name, path in files.items()}
    for one, other in zip(runs["base"], runs["learning_rate=0.01"], strict=True):
        assert one["seed"] == other["seed"]
        assert one["mean_predictor"] == other["mean_predictor"]
        assert one["scores"] != other["scores"]
    first, second = runs["base"]
    assert first["seed"] == STUDY.learning.seed != second["seed"]
    assert sum(first["samples"].values()) == len(collection)


def test_a_killed_job_continues(files, dataset_dir, tmp_path, monkeypatch):
    fit, seen = NetworkInverter.fit, []

    def broken(self, *arguments):
        if len(seen) == 1:
            raise KeyboardInterrupt
        seen.append(self.study.learning.seed)
        return fit(self, *arguments)

    output = tmp_path / "base.json"
    monkeypatch.setattr(NetworkInverter, "fit", broken)
    with pytest.raises(KeyboardInterrupt):
        run_setting(STUDY, dataset_dir, "base", output)
    monkeypatch.setattr(NetworkInverter, "fit", fit)
    again = run_setting(STUDY, dataset_dir, "base", output)["runs"]
    whole = json.loads(files["base"].read_text())["runs"]
    for one, other in zip(again, whole, strict=True):
        assert {**one, "seconds": 0} == {**other, "seconds": 0}
    assert [path.name for path in tmp_path.iterdir()] == ["base.json"]


def test_seconds_are_those_of_all_epochs_also_of_earlier_processes(
    dataset_dir, tmp_path, monkeypatch
):
    fit = NetworkInverter.fit

    def resumed(self, *arguments):
        fit(self, *arguments)
        self.history[0]["seconds"] = 1000.0
        return self

    monkeypatch.setattr(NetworkInverter, "fit", resumed)
    runs = run_setting(STUDY, dataset_dir, "base", tmp_path / "base.json")["runs"]
    assert [round(run["seconds"], -2) for run in runs] == [1000.0, 1000.0]


def test_table_holds_means_and_deviations_of_the_runs(files, tmp_path):
    rows = summarise_sweep(list(files.values()), "learning_rate", tmp_path / "table3.csv")
    assert [row["value"] for row in rows] == [1e-2, 3e-3]
    runs = json.loads(files["base"].read_text())["runs"]
    r2 = np.array([run["scores"]["k2"]["r2"] for run in runs])
    assert rows[1]["k2_r2"] == pytest.approx(r2.mean())
    assert rows[1]["k2_r2_std"] == pytest.approx(abs(r2[0] - r2[1]) / np.sqrt(2))
    losses = [row["validation_loss"] for row in rows]
    assert [row["best"] for row in rows] == [loss == min(losses) for loss in losses]
    with open(tmp_path / "table3.csv", newline="") as handle:
        assert len(list(csv.DictReader(handle))) == 2
    assert json.loads((tmp_path / "table3.json").read_text()) == rows


def test_foreign_files_are_refused(files, tmp_path):
    foreign = tmp_path / "foreign.json"
    for content in ([], {**json.loads(files["base"].read_text()), "runs": []}):
        foreign.write_text(json.dumps(content))
        with pytest.raises(SlipfieldError, match="not a file of `sweep`"):
            summarise_sweep([foreign], "learning_rate", tmp_path / "t.csv")
    content = {**json.loads(files["base"].read_text()), "data_hash": "other"}
    foreign.write_text(json.dumps(content))
    with pytest.raises(SlipfieldError, match="made from another dataset"):
        summarise_sweep([files["base"], foreign], "batch_size", tmp_path / "t.csv")
    with pytest.raises(SlipfieldError, match="output: given .*t.json'; expected .* .csv"):
        summarise_sweep([files["base"]], "batch_size", tmp_path / "t.json")
    with pytest.raises(SlipfieldError, match="field: given 'depth'"):
        summarise_sweep([files["base"]], "depth", tmp_path / "t.csv")
