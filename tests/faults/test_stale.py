"""A finished study without Snakemake's notes: what another study made, missing or changed files."""

import json
import shutil

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.cnn_lstm.sweep import setting_study
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.figures.drawing import write_figure
from slipfield.kinds.slip.figures.report import write_report
from slipfield.kinds.slip.figures.sources import Results
from slipfield.kinds.slip.learning.crossval import run_folds
from slipfield.kinds.slip.learning.run import train_model
from slipfield.kinds.slip.planning.provenance import stale
from slipfield.kinds.slip.study.learning import Learning, Sweep
from tests.faults.finished import finished_study, planned, write_study

pytestmark = pytest.mark.slow

SIMULATED = {"shards", "references", "dataset/manifest.json"}
LEARNED = {"models/projection/model.json", "crossval/projection/random"}
CHANGES = {
    "nothing": ({}, set()),
    "how it runs": ({"learning": {"threads": 2, "device": "cpu"}}, set()),
    "noise": ({"noise": {"strain_std": 0.002}}, LEARNED),
    "material": ({"material": {"h0_MPa": 150.0}}, SIMULATED),
    "solver": ({"solver": {"step_tolerance": 2e-4}}, SIMULATED),
    "loading": ({"loading": {"outputs": 5}}, SIMULATED),
    "cells": ({"specimen": {"cells_x": 18}}, SIMULATED | {"microstructures"}),
    "seed": (
        {"sampling": {"seed": 1}},
        {"samples.csv", "samples.json", "dataset/manifest.json"},
    ),
    "samples": (
        {"sampling": {"samples": 36}},
        {"samples.csv", "samples.json", "dataset/manifest.json"},
    ),
    "box": (
        {"sampling": {"k2_MPa": [10.0, 70.0]}},
        {"samples.csv", "samples.json", "dataset/manifest.json", "references"},
    ),
    "one more map": (
        {"specimen": {"microstructures": 4}},
        {"samples.csv", "samples.json", "dataset/manifest.json"},
    ),
    "samples of a job": ({"execution": {"samples_per_job": 4}}, {"dataset/manifest.json"}),
    "split": ({"learning": {"test_fraction": 0.3}}, LEARNED),
    "folds": ({"crossval": {"folds": 3}}, {"tables/table6.json"}),
    "repeats": ({"crossval": {"repeats": 2}}, {"tables/table6.json"}),
    "epochs of folds": ({"crossval": {"epochs": 5}}, {"crossval/projection/random"}),
}


@pytest.mark.parametrize(("change", "parts"), CHANGES.values(), ids=CHANGES)
def test_results_of_another_study_are_found_in_themselves(finished_home, change, parts):
    folder = finished_home / "results" / "tiny"
    found = {path.relative_to(folder) for path in stale(finished_study(**change), folder)}
    assert {part for part in parts if any(path.is_relative_to(part) for path in found)} == parts
    assert all(any(path.is_relative_to(part) for part in parts) for path in found), found


def test_a_finished_study_stays_finished_elsewhere(home):
    """At another depth, in a folder of its own, without `.snakemake`."""
    assert planned(home) == {}


def test_a_changed_study_reruns_what_depends(home):
    """Without Snakemake's notes: the physics; an other report alone would be a lie."""
    (home / "results/tiny/report.html").unlink()
    write_study(finished_study(material={"h0_MPa": 150.0}), home)
    jobs = planned(home)
    for rule in ("simulate", "reference", "gather", "train", "crossval", "report"):
        assert rule in jobs, jobs
    assert jobs["simulate"] == 6
    assert jobs.keys().isdisjoint({"microstructure", "design"})


def test_other_noise_reruns_learning_alone(home):
    write_study(finished_study(noise={"strain_std": 0.002}), home)
    jobs = planned(home)
    assert {"train", "crossval", "crossval_summary", "report"} <= jobs.keys()
    assert jobs.keys().isdisjoint({"simulate", "gather", "design", "microstructure"})


def test_a_model_whose_weights_are_gone_is_trained_again(home):
    """The card, the scores and the report are there."""
    (home / "results/tiny/models/projection/model.safetensors").unlink()
    assert planned(home).get("train") == 1


@pytest.mark.parametrize("name", ["intervals.csv", "selection.json"])
def test_a_table_of_a_training_that_is_gone_is_made_again(home, name):
    """Which ones there are depends on the inverter, so that no rule knows them; its card does."""
    (home / "results/tiny/models/projection" / name).unlink()
    assert planned(home).get("train") == 1


def test_deleted_files_are_made_again_although_the_report_is_there(home):
    """As after a `gather` that named a damaged shard: manifest and shard are gone."""
    folder = home / "results" / "tiny"
    next(folder.glob("shards/m00002*.nc")).unlink()
    (folder / "dataset" / "manifest.json").unlink()
    jobs = planned(home)
    assert jobs["simulate"] == jobs["gather"] == jobs["report"] == 1


def test_a_shard_that_is_a_dangling_link_is_simulated_again(home):
    """As when the larger disk that it lay on is gone."""
    folder = home / "results" / "tiny"
    path = next(folder.glob("shards/m00002*.nc"))
    path.unlink()
    path.symlink_to(home / "gone" / path.name)
    with pytest.raises(SlipfieldError, match=r"missing \(1 of 6 shards\)"):
        write_report(Results(finished_study(), folder), folder / "again.html")
    assert planned(home)["simulate"] == 1


@pytest.mark.parametrize(
    ("change", "file"),
    [
        ({"material": {"h0_MPa": 150.0}}, "shards/"),
        ({"noise": {"strain_std": 0.002}}, "models/projection/model.json"),
        ({"sampling": {"seed": 1}}, "samples.csv"),
    ],
)
def test_a_report_says_nothing_of_another_study(finished_home, tmp_path, change, file):
    results = Results(finished_study(**change), finished_home / "results" / "tiny")
    with pytest.raises(SlipfieldError, match=f"{file}.*made with .*but the study has .*run the st"):
        write_report(results, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_a_figure_needs_its_own_files_alone(finished_home, tmp_path):
    other = finished_study(noise={"strain_std": 0.002})
    results = Results(other, finished_home / "results" / "tiny")
    write_figure("loads", results, tmp_path / "loads.png")
    with pytest.raises(SlipfieldError, match="noise.strain_std = .*, but the study has 0.002"):
        write_figure("predictions-projection", results, tmp_path / "predictions.png")


def test_a_report_counts_the_samples_that_are_missing(home):
    folder = home / "results" / "tiny"
    next(folder.glob("shards/m00002*.nc")).unlink()
    results = Results(finished_study(), folder)
    with pytest.raises(
        SlipfieldError, match=r"missing \(1 of 6 shards\), but the dataset was gath"
    ):
        write_report(results, folder / "again.html")
    (folder / "dataset" / "manifest.json").unlink()
    write_report(results, folder / "again.html")
    assert "25 of 30 samples are simulated so far" in (folder / "again.html").read_text()


def test_sweeps_and_curves_of_other_data_are_left_out(home):
    folder, study = home / "results" / "tiny", finished_study()
    made = {"study": study.model_dump(mode="json"), "data_hash": "of other data"}
    (folder / "baselines").mkdir()
    (folder / "baselines/learning_curves.csv").write_text("damaged, and not read")
    (folder / "baselines/learning_curves.json").write_text(json.dumps(made))
    write_report(Results(study, folder), folder / "again.html")
    assert "Learning curves" not in (folder / "again.html").read_text()


def test_a_sweep_in_fewer_epochs_than_a_training_is_of_its_study(tmp_path):
    """It was taken for another study's, run again each time, and its tables had no figures."""
    learning = {"epochs": 100, "decay_epochs": [70, 90]}
    study = finished_study().model_copy(
        update={"learning": Learning(**learning), "sweep": Sweep(epochs=30)}
    )
    (tmp_path / "sweep").mkdir()
    for setting in ("base", "learning_rate=0.01"):
        made = setting_study(study, setting).model_dump(mode="json")
        (tmp_path / f"sweep/{setting}.json").write_text(json.dumps({"study": made}))
    assert not stale(study, tmp_path, ["sweep"])
    other = study.model_copy(update={"sweep": Sweep(epochs=20)})
    assert len(stale(other, tmp_path, ["sweep"])) == 2


EDITED = ("shards/m00001_r000010-000014.nc", "microstructures/00001.nc", "references/00001.nc")


@pytest.mark.parametrize("name", EDITED)
def test_a_file_of_a_dataset_that_was_edited_at_the_same_size_is_refused(home, name):
    folder = home / "results" / "tiny"
    path, size = folder / name, (folder / name).stat().st_size
    Collection.of_dataset(folder / "dataset")
    content = bytearray(path.read_bytes())
    content[size // 2] ^= 1
    path.write_bytes(content)
    assert path.stat().st_size == size
    study = finished_study()
    for learn in (
        lambda: train_model(study, folder / "dataset", home / "model"),
        lambda: run_folds(study, folder / "dataset", "projection", 0, 1, home / "f.json"),
    ):
        with pytest.raises(SlipfieldError, match=f"{path.name}: missing or changed since `gather`"):
            learn()


def test_a_copied_dataset_is_verified_once(home, capsys):
    """Its dates are new, its content is not: the files are read once, not at every training."""
    folder = home / "results" / "tiny"
    Collection.of_dataset(folder / "dataset")
    assert "verify files: 12/12" in capsys.readouterr().err
    Collection.of_dataset(folder / "dataset")
    assert "verify" not in capsys.readouterr().err


def test_old_card_and_new_weights_are_no_model(home):
    """What a training that was killed between the two could leave before."""
    from slipfield.kinds.slip.learning.model_io import load_model

    folder, study = home / "results" / "tiny", finished_study(noise={"strain_std": 0.02})
    kept = shutil.copy(folder / "models/projection/model.json", home / "old-card")
    train_model(study, folder / "dataset", folder / "models/projection")
    load_model(folder / "models/projection")
    shutil.copy(kept, folder / "models/projection/model.json")
    with pytest.raises(SlipfieldError, match="model.safetensors: unusable weights: not those of"):
        load_model(folder / "models/projection")
