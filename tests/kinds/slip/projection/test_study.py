"""The accuracy tables: their split, their cases, and that they tell good data from bad."""

import csv

import numpy as np
import pytest
from typer.testing import CliRunner

from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.learning.split import split_once
from slipfield.kinds.slip.projection.alternatives import LEARNERS, predict
from slipfield.kinds.slip.projection.crossmesh import write_crossmesh
from slipfield.kinds.slip.projection.protocol import judge, score_predictions
from slipfield.kinds.slip.projection.study import make_benches, write_study
from slipfield.kinds.slip.projection.verbs import app
from tests.kinds.slip.projection.formula import STUDY, make_finer

pytestmark = pytest.mark.slow


def read(path) -> list[dict]:
    with open(path, newline="", encoding="utf-8") as handle:
        return [
            {k: v if k in ("case", "parameter") else float(v or "nan") for k, v in row.items()}
            for row in csv.DictReader(handle)
        ]


@pytest.fixture(scope="module")
def bench(formula_dataset):
    return make_benches(STUDY, Collection.of_dataset(formula_dataset))["DIC"]


def test_training_and_test_share_no_microstructure(bench, formula_dataset):
    split = split_once(STUDY, Collection.of_dataset(formula_dataset))
    np.testing.assert_array_equal(bench.test, split.test)
    assert not set(bench.groups[bench.train]) & set(bench.groups[bench.test])
    few = bench.with_samples(30)
    assert len(few.train) == 30 and len(np.unique(few.groups[few.train])) == 4
    assert set(few.train) <= set(bench.with_samples(60).train) <= set(bench.train)


def test_test_rows_do_not_reach_the_training(bench):
    moved = bench.noisy.copy()
    moved[bench.test] = 0
    training = type(bench)(**{**vars(bench), "noisy": moved}).training()
    np.testing.assert_array_equal(training.noisy, bench.training().noisy)


def test_scores_are_in_percent_of_the_truth():
    true = np.exp(np.random.default_rng(0).normal(size=(50, 3)))
    rows = score_predictions(true, true * [1.01, 0.98, 1.0])
    assert [row["shift_percent"] for row in rows] == pytest.approx([1, -2, 0], abs=1e-9)
    assert [row["median_percent"] for row in rows] == pytest.approx([1, 2, 0], abs=1e-9)
    assert rows[2]["r2"] == 1


def test_tables_tell_good_data_from_bad(formula_dataset, tmp_path):
    write_study(STUDY, formula_dataset, tmp_path)
    noise = read(tmp_path / "noise.csv")
    assert list(dict.fromkeys(row["case"] for row in noise)) == ["DIC", "0 %", "1 %", "3 %", "5 %"]
    medians = {
        case: np.mean([row["median_percent"] for row in noise if row["case"] == case])
        for case in ("0 %", "1 %", "5 %")
    }
    assert medians["0 %"] < medians["1 %"] < medians["5 %"]
    channels = read(tmp_path / "channels.csv")
    errors = {
        case: np.mean([row["p95_percent"] for row in channels if row["case"] == case])
        for case in ("strain and load", "load only")
    }
    assert errors["strain and load"] < errors["load only"]
    assert [row["case"] for row in read(tmp_path / "frames.csv")[::3]] == ["1", "2", "3"]
    samples = read(tmp_path / "samples.csv")
    assert [row["training_samples"] for row in samples[::3]] == [50, 100]
    specimens = read(tmp_path / "specimens.csv")[::3]
    assert [row["training_samples"] for row in specimens] == [13] * 4
    assert [row["training_microstructures"] for row in specimens] == [13, 7, 4, 2]
    learners = read(tmp_path / "learners.csv")
    assert [row["case"] for row in learners[::3]] == ["emulator", *LEARNERS]


@pytest.mark.parametrize("name", ["linear ridge", "Gaussian process"])
def test_other_learners_learn(bench, name):
    rows, test = bench.train, bench.test
    targets = np.log(bench.parameters)
    found = predict(name, bench.noisy[rows], targets[rows], bench.noisy[test], bench.noise)
    spread = np.abs(targets[test] - targets[rows].mean(axis=0)).mean()
    assert np.abs(found - targets[test]).mean() < 0.3 * spread
    assert judge("emulator", bench)[0]["r2"] > 0.9


def test_the_crossmesh_table_compares_trainings_and_meshes(formula_dataset, tmp_path):
    fine = make_finer(tmp_path / "fine")
    rows = write_crossmesh(STUDY, formula_dataset, [fine], tmp_path / "crossmesh.csv")
    table = np.genfromtxt(
        tmp_path / "crossmesh.csv", delimiter=",", names=True, dtype=None, encoding="utf-8"
    )
    assert len(rows) == len(table) == 9
    by_case = {(row["adapted_to"], row["tested_on"]): row["median_percent"] for row in rows[::3]}
    assert by_case["2x", "2x"] < by_case["none", "2x"]
    assert all(row["test_samples"] == 120 for row in rows)


def test_verbs_are_there():
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for verb in ("adapt", "tables", "crossmesh", "figures"):
        assert verb in result.output
