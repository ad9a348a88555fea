"""Cross-validation: folds, resumption, and the summary against SciPy."""

import csv
import json

import numpy as np
import pytest
from scipy import stats

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.learning.crossval import fold_study, run_folds, summarise
from tests.shards import tiny_study

pytestmark = pytest.mark.slow

STUDY = tiny_study()


def test_a_killed_job_continues(dataset_dir, tmp_path, mean_inverter, monkeypatch):
    output = tmp_path / "folds.json"
    monkeypatch.setattr(mean_inverter, "broken_after", 2)
    with pytest.raises(KeyboardInterrupt):
        run_folds(STUDY, dataset_dir, "mean", 1, 5, output)
    assert mean_inverter.fits == 2 and not output.exists()
    monkeypatch.setattr(mean_inverter, "broken_after", None)
    content = run_folds(STUDY, dataset_dir, "mean", 1, 5, output)
    assert mean_inverter.fits == 4
    assert [(fold["repeat"], fold["fold"]) for fold in content["folds"]] == [
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
    ]
    assert json.loads(output.read_text()) == json.loads(json.dumps(content))
    assert [path.name for path in tmp_path.iterdir()] == ["folds.json"]


def test_what_is_left_of_other_settings_is_not_used(dataset_dir, tmp_path, mean_inverter):
    output = tmp_path / "folds.json"
    mean_inverter.broken_after = 1
    with pytest.raises(KeyboardInterrupt):
        run_folds(STUDY, dataset_dir, "mean", 0, 2, output)
    mean_inverter.broken_after = None
    run_folds(STUDY, dataset_dir, "mean", 0, 2, output, grouping="microstructure")
    assert mean_inverter.fits == 3


def test_scores_are_those_of_the_fold_held_out(dataset_dir, collection, tmp_path, mean_inverter):
    content = run_folds(STUDY, dataset_dir, "mean", 0, 3, tmp_path / "a.json")
    for fold in content["folds"]:
        assert sum(fold["samples"].values()) == len(collection)
        assert fold["scores"] == fold["mean_predictor"]
    assert content["grouping"] == "random"


def test_the_network_in_folds(dataset_dir, tmp_path):
    study = tiny_study(crossval={"epochs": 1, "folds": 3, "repeats": 1})
    content = run_folds(study, dataset_dir, "cnn_lstm", 0, 2, tmp_path / "a.json", "microstructure")
    again = run_folds(study, dataset_dir, "cnn_lstm", 0, 2, tmp_path / "b.json", "microstructure")
    for one, other in zip(content["folds"], again["folds"], strict=True):
        assert one["scores"] == other["scores"]
    assert content["folds"][0]["scores"] != content["folds"][1]["scores"]


def test_fold_settings():
    study = tiny_study(learning={"epochs": 40, "decay_epochs": [20, 30]}, crossval={"epochs": 10})
    learning = fold_study(study, 3).learning
    assert (learning.epochs, learning.decay_epochs) == (10, (5, 8))
    assert len({fold_study(study, number).learning.seed for number in range(6)}) == 6


def test_fold_numbers_out_of_range(dataset_dir, tmp_path):
    with pytest.raises(SlipfieldError, match="folds: given 0:7; .* has 0:6"):
        run_folds(STUDY, dataset_dir, "mean", 0, 7, tmp_path / "a.json")


def test_summary_equals_scipy(dataset_dir, tmp_path, mean_inverter):
    files = [tmp_path / "a.json", tmp_path / "b.json", tmp_path / "c.json"]
    run_folds(STUDY, dataset_dir, "mean", 0, 4, files[0])
    run_folds(STUDY, dataset_dir, "mean", 4, 6, files[1])
    run_folds(STUDY, dataset_dir, "mean", 0, 3, files[2], "microstructure")
    rows = summarise(files, tmp_path / "table6.csv")
    assert {(row["grouping"], row["folds"]) for row in rows} == {
        ("random", 6),
        ("microstructure", 3),
    }
    folds = [f for file in files[:2] for f in json.loads(file.read_text())["folds"]]
    values = np.array([fold["scores"]["k3"]["rmse"] for fold in folds])
    sizes = [(f["samples"]["test"], 23 - f["samples"]["test"]) for f in folds]
    share = np.mean([test / rest for test, rest in sizes])
    (row,) = [
        r for r in rows if (r["grouping"], r["parameter"], r["metric"]) == ("random", "k3", "rmse")
    ]
    assert row["mean"] == pytest.approx(values.mean())
    assert row["std"] == pytest.approx(values.std(ddof=1))
    assert row["cv_percent"] == pytest.approx(100 * stats.variation(values, ddof=1))
    expected = stats.t.interval(0.95, 5, values.mean(), stats.sem(values))
    assert (row["t_low"], row["t_high"]) == pytest.approx(expected)
    widening = np.sqrt((1 / 6 + share) / (1 / 6))
    half = (expected[1] - expected[0]) / 2
    assert row["corrected_high"] - row["mean"] == pytest.approx(half * widening)
    with open(tmp_path / "table6.csv", newline="") as handle:
        assert len(list(csv.DictReader(handle))) == len(rows) == 2 * 3 * 4
    assert json.loads((tmp_path / "table6.json").read_text()) == rows


def test_summary_refuses_what_is_double_or_foreign(dataset_dir, tmp_path, mean_inverter):
    path, foreign = tmp_path / "a.json", tmp_path / "f.json"
    run_folds(STUDY, dataset_dir, "mean", 0, 1, path)
    with pytest.raises(SlipfieldError, match="fold 0 is in another file too"):
        summarise([path, path], tmp_path / "t.csv")
    foreign.write_text(json.dumps({**json.loads(path.read_text()), "data_hash": "other"}))
    with pytest.raises(SlipfieldError, match="made from another dataset"):
        summarise([path, foreign], tmp_path / "t.csv")
    with pytest.raises(SlipfieldError, match="output: given .*t.json'; expected .* .csv"):
        summarise([path], tmp_path / "t.json")
    for content in ([], {**json.loads(path.read_text()), "folds": []}):
        foreign.write_text(json.dumps(content))
        with pytest.raises(SlipfieldError, match="not a file of `crossval`"):
            summarise([foreign], tmp_path / "t.csv")


def test_data_of_other_physics_are_refused(dataset_dir, tmp_path, mean_inverter):
    study = tiny_study(material={"h0_MPa": 50.0})
    with pytest.raises(SlipfieldError, match="manifest.json: made under other physics"):
        run_folds(study, dataset_dir, "mean", 0, 1, tmp_path / "a.json")


def test_both_kinds_of_folds_are_named_one_at_a_time(dataset_dir, tmp_path, mean_inverter):
    study = tiny_study(crossval={"grouping": "both", "folds": 3})
    assert study.crossval.groupings == ("random", "microstructure")
    with pytest.raises(SlipfieldError, match="name one with --grouping"):
        run_folds(study, dataset_dir, "mean", 0, 1, tmp_path / "a.json")
    for grouping in study.crossval.groupings:
        content = run_folds(study, dataset_dir, "mean", 0, 1, tmp_path / "a.json", grouping)
        assert content["grouping"] == grouping
