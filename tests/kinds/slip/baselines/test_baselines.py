"""The comparison of methods: features, splits, resume, table, picture, verbs."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from slipfield.cli import app
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf
from slipfield.kinds.slip.baselines.methods import METHODS, reduced, run_method
from slipfield.kinds.slip.baselines.run import collect, run_baselines
from slipfield.kinds.slip.baselines.summary import band_weights, summarise_samples
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.figures.baselines import figure_learning_curves
from slipfield.kinds.slip.learning.split import split_once
from slipfield.kinds.slip.study import Curves, Noise
from tests.shards import tiny_study, write_dataset

pytestmark = pytest.mark.slow

STUDY = tiny_study(
    specimen={"microstructures": 10},
    sampling={"samples": 80},
    learning={"split": "microstructure", "epochs": 1},
)
QUICK = ("mean", "ridge_bands", "ridge_pca", "boosted_trees")


@pytest.fixture(scope="module")
def dataset_dir(tmp_path_factory):
    return write_dataset(STUDY, tmp_path_factory.mktemp("baselines"))


@pytest.fixture(scope="module")
def dataset(dataset_dir):
    return Collection.of_dataset(dataset_dir)


def test_band_statistics_are_those_of_the_nodes(dataset):
    bands = summarise_samples(dataset.with_noise(Noise())).bands[0]
    strain, frames = dataset.strain(0), len(dataset.time)
    with open_netcdf(dataset.microstructure_path(int(dataset.microstructures[0]))) as data:
        band = data["band"].values[data["grain_id"].values]
    np.testing.assert_allclose(bands[:frames], np.log(dataset.load(0)))
    mean, spread = bands[frames:].reshape(2, 5, frames)
    own = strain[:, 1][:, band == 2]
    np.testing.assert_allclose(mean[2], own.mean(axis=-1), rtol=1e-5)
    np.testing.assert_allclose(spread[2], own.std(axis=-1), rtol=1e-4, atol=1e-7)


def test_weights_of_a_band_sum_to_one(dataset):
    weights = band_weights(dataset.microstructure_path(0))
    np.testing.assert_allclose(weights.sum(axis=1), 1)


def test_smaller_training_sets_are_nested_and_keep_maps_apart(dataset):
    split = split_once(STUDY, dataset)
    small, large = (reduced(split, dataset.microstructures, count, 0.2) for count in (24, 50))
    rows = [np.concatenate([part.train, part.validation]) for part in (small, large)]
    assert [len(own) for own in rows] == [24, 50] and set(rows[0]) <= set(rows[1])
    maps = dataset.microstructures
    assert not set(maps[small.train]) & set(maps[small.validation])
    assert not set(maps[rows[1]]) & set(maps[split.test])


@pytest.mark.parametrize("name", QUICK[1:])
def test_regressions_beat_the_mean(name, dataset, tmp_path):
    """On maps that were seen: eight maps say too little about others."""
    learning = STUDY.learning.model_copy(update={"split": "random"})
    split = split_once(STUDY.model_copy(update={"learning": learning}), dataset)
    true = np.log(dataset.parameters[split.test])
    error = {
        method: np.abs(
            np.log(run_method(method, STUDY, dataset, split, tmp_path).predicted) - true
        ).mean()
        for method in ("mean", name)
    }
    assert error[name] < error["mean"]


def test_points_are_kept_and_the_table_holds_them_all(dataset_dir, tmp_path):
    first = run_baselines(STUDY, dataset_dir, tmp_path, QUICK[:2], [30])
    point = tmp_path / "points/mean-00030.json"
    made = point.stat().st_mtime_ns
    rows = run_baselines(STUDY, dataset_dir, tmp_path, (*QUICK[:2], "projection"), [30, 5000])
    assert point.stat().st_mtime_ns == made and len(first) == 6 and len(rows) == 18
    with open(tmp_path / "learning_curves.csv", newline="", encoding="utf-8") as handle:
        table = list(csv.DictReader(handle))
    assert [row["method"] for row in table[:3]] == ["mean"] * 3
    assert {row["training_samples"] for row in table} == {"30", "64"}
    assert all((row["coverage_percent"] != "") == (row["method"] == "projection") for row in table)


def test_a_study_of_one_microstructure_is_tested_on_other_samples(tmp_path):
    study = tiny_study(
        specimen={"microstructures": 1}, sampling={"samples": 40}, learning={"split": "random"}
    )
    rows = run_baselines(study, write_dataset(study, tmp_path / "data"), tmp_path, QUICK, [20])
    assert {(row["split"], row["training_microstructures"]) for row in rows} == {("random", 1)}
    axis = figure_learning_curves(pd.DataFrame(rows)).axes[0]
    assert axis.get_ylabel() == "1 - R² on unseen samples"


def test_the_table_tells_r2_that_is_nearly_1(tmp_path):
    """Its picture draws 1 - R^2, of which five digits of R^2 may leave nothing."""
    head = {"study": {}, "data_hash": "one"}
    row = {"method": "projection", "training_samples": 30, "parameter": "k1", "r2": 1 - 5e-8}
    (tmp_path / "points").mkdir()
    (tmp_path / "points/projection-00030.json").write_text(json.dumps({**head, "rows": [row]}))
    collect(tmp_path, head)
    assert 1 - pd.read_csv(tmp_path / "learning_curves.csv")["r2"][0] == pytest.approx(5e-8)


def test_points_of_other_settings_are_made_again(dataset_dir, tmp_path):
    run_baselines(STUDY, dataset_dir, tmp_path, ["mean"], [30])
    noisy = STUDY.model_copy(update={"noise": Noise(strain_std=1e-3)})
    run_baselines(noisy, dataset_dir, tmp_path, ["mean"], [30])
    point = json.loads((tmp_path / "points/mean-00030.json").read_text())
    assert point["study"]["noise"]["strain_std"] == 1e-3


def test_the_table_leaves_out_points_of_other_data_or_settings(dataset_dir, tmp_path):
    """And those that cannot be read; which sizes a study asks for is not a setting of a point."""
    run_baselines(STUDY, dataset_dir, tmp_path, ["mean"], [30, 50])
    foreign = tmp_path / "points/mean-00050.json"
    content = json.loads(foreign.read_text())
    foreign.write_text(json.dumps({**content, "data_hash": "of other data"}))
    (tmp_path / "points/mean-00020.json").write_text("{")
    made = (tmp_path / "points/mean-00030.json").stat().st_mtime_ns
    more = STUDY.model_copy(update={"curves": Curves(samples=(30, 40))})
    rows = run_baselines(more, dataset_dir, tmp_path, ["mean"])
    assert sorted({row["training_samples"] for row in rows}) == [30, 40]
    assert (tmp_path / "points/mean-00030.json").stat().st_mtime_ns == made


def test_unknown_methods_are_named(dataset_dir, tmp_path):
    with pytest.raises(SlipfieldError, match="method: given 'oracle'"):
        run_baselines(STUDY, dataset_dir, tmp_path, ["oracle"])
    assert {"projection", "equilibrium", "cnn_lstm"} < set(METHODS)


def test_verbs_draw_what_they_made(dataset_dir, tmp_path):
    runner, config = CliRunner(), tmp_path / "study.yaml"
    config.write_text(json.dumps(STUDY.model_dump(mode="json")))
    arguments = ["--config", config, "--dataset", dataset_dir, "--output", tmp_path / "out"]
    arguments += ["--method", "mean", "--method", "ridge_bands", "--samples", 30, "--samples", 60]
    done = runner.invoke(app, ["baselines", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    picture = tmp_path / "curves.png"
    table = tmp_path / "out/learning_curves.csv"
    done = runner.invoke(app, ["learning-curves", "--table", str(table), "--output", str(picture)])
    assert done.exit_code == 0 and picture.read_bytes().startswith(b"\x89PNG")
