"""Files that would run code when they are unpickled, wherever Slipfield reads what others wrote."""

import json
import os
import pickle
import shutil
import zipfile

import numpy as np
import pytest
import torch

from tests.fuzz.verbs import run_verb
from tests.shards import tiny_study, write_dataset

pytestmark = pytest.mark.slow

RUNS = "marker-of-code-that-ran"


class Hostile:
    """Makes a folder when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, (RUNS,)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folder of a gathered tiny study with its trained network."""
    folder = tmp_path_factory.mktemp("trained")
    short = {"learning": {"epochs": 1, "convolution_blocks": 2, "split": "random"}}
    study = tiny_study(specimen={"cells_x": 8, "cells_y": 8}, loading={"outputs": 2}, **short)
    write_dataset(study, folder)
    (folder / "study.yaml").write_text(study.as_yaml())
    assert train(folder).code == 0
    return folder


@pytest.fixture
def study(trained, tmp_path, monkeypatch):
    """Copy of the trained study, which is the current folder as well."""
    folder = shutil.copytree(trained, tmp_path / "study")
    monkeypatch.chdir(folder)
    return folder


def train(folder, model="cnn_lstm"):
    return run_verb(
        *("train", "--config", folder / "study.yaml", "--dataset", folder / "dataset"),
        *("--model", model, "--output", folder / "model"),
    )


def evaluate(folder):
    return run_verb("evaluate", "--model", folder / "model", "--shards", folder / "shards")


def assert_refused(result, folder, *parts):
    assert result.code == 2
    assert result.error.startswith("slipfield: error: ")
    for part in parts:
        assert part in result.error
    assert not (folder / RUNS).exists()


def test_the_hostile_object_does_run_when_it_is_unpickled(study):
    pickle.loads(pickle.dumps(Hostile()))
    assert (study / RUNS).exists()


@pytest.mark.parametrize("writer", ["torch", "pickle", "text"])
def test_a_foreign_checkpoint(study, writer):
    path = study / "model" / "checkpoint" / "checkpoint.pt"
    assert path.exists()
    if writer == "torch":
        torch.save({"fingerprint": Hostile(), "history": []}, path)
    else:
        path.write_bytes(pickle.dumps(Hostile()) if writer == "pickle" else b"text")
    assert_refused(train(study), study, "checkpoint.pt", "delete it and train again")


def test_foreign_weights(study):
    weights = study / "model" / "model.safetensors"
    weights.write_bytes(pickle.dumps(Hostile()))
    assert_refused(evaluate(study), study, "model.safetensors: unusable weights", "train again")
    torch.save({"weight": Hostile()}, weights)
    assert_refused(evaluate(study), study, "model.safetensors: unusable weights")


def test_other_weights_under_a_card(study):
    """What a training that was killed between weights and card could leave."""
    from safetensors.torch import load_file, save_file

    weights = study / "model" / "model.safetensors"
    arrays = load_file(weights)
    save_file({name: array + 1 for name, array in arrays.items()}, weights)
    assert_refused(evaluate(study), study, "model.safetensors: unusable weights: not those of")


CARDS = {
    "weights elsewhere": ({"weights": "../other.safetensors"}, "is not the name of a file"),
    "weights anywhere": ({"weights": "/etc/passwd"}, "is not the name of a file"),
    "no scaling": ({"scaling": {}}, "unusable details"),
    "epoch is missing": ({"best_epoch": None, "scaling": 3}, "unusable details"),
}


@pytest.mark.parametrize(("change", "expected"), CARDS.values(), ids=CARDS)
def test_a_foreign_model_card(study, change, expected):
    path = study / "model" / "model.json"
    card = json.loads(path.read_text())
    card["details"].update(change)
    path.write_text(json.dumps(card))
    assert_refused(evaluate(study), study, "model.json", expected)


def test_foreign_features_of_a_dataset(study):
    assert train(study, "projection").code == 0
    (kept,) = (study / "dataset").glob("projection-*.npz")
    with zipfile.ZipFile(kept, "w") as archive, archive.open("clean.npy", "w") as member:
        np.lib.format.write_array(member, np.array([Hostile()], dtype=object), allow_pickle=True)
    assert train(study, "projection").code == 0
    assert not (study / RUNS).exists()
    with np.load(kept) as made_again:
        assert made_again["clean"].dtype == float
