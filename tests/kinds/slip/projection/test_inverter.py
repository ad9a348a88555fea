"""The inverter end to end: on fields of a closed formula, and on a few real simulations."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_netcdf, write_text
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.dataset.manifest import planned_shards
from slipfield.kinds.slip.design import make_design, write_design
from slipfield.kinds.slip.inversion.answers import Model
from slipfield.kinds.slip.learning.model_io import load_model
from slipfield.kinds.slip.learning.run import train_model
from slipfield.kinds.slip.projection.adapt import adapt_model, finer_samples
from slipfield.kinds.slip.projection.inverter import ProjectionInverter
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.projection.table import feature_table
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.study import Noise
from tests.kinds.slip.projection.formula import STUDY, gather_results, make_finer
from tests.shards import tiny_study

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def trained(formula_dataset, tmp_path_factory) -> tuple[Path, Path, dict]:
    model = tmp_path_factory.mktemp("trained") / "model"
    metrics = train_model(STUDY, formula_dataset, model, "projection")
    return formula_dataset, model, metrics


def test_parameters_of_unseen_specimens_are_found(trained):
    _, model, metrics = trained
    assert metrics["samples"]["test"] == 16
    for name in ("k1", "k2", "k3"):
        assert metrics["test"][name]["r2"] > 0.98
        assert metrics["mean_predictor"][name]["r2"] < 0.1
        assert metrics["coverage"][name] > 0.75
    errors = json.loads((model / "selection.json").read_text())["rmse_ln_k"]
    assert min(errors.values()) < 0.1
    assert len((model / "intervals.csv").read_text().splitlines()) == 17


def test_a_loaded_model_predicts_the_same(trained):
    dataset, model, _ = trained
    collection = Collection.of_dataset(dataset)
    inverter, card = load_model(model)
    assert card["details"]["degree"] == inverter.emulator.degree
    table = np.genfromtxt(model / "predictions.csv", delimiter=",", names=True, dtype=None)
    table = table[np.argsort(table["sample"])]
    written = np.stack([table[f"{name}_predicted"] for name in ("k1", "k2", "k3")], axis=1)
    predicted = inverter.predict(collection, np.arange(len(collection)))
    np.testing.assert_allclose(predicted, written, rtol=1e-6)
    low, high = inverter.predict_interval(collection, np.arange(5), 0.9)
    wider_low, wider_high = inverter.predict_interval(collection, np.arange(5), 0.95)
    assert (wider_low <= low).all() and (low < predicted[:5]).all() and (high <= wider_high).all()


def test_features_are_kept_with_the_dataset_and_follow_the_noise(trained):
    dataset, _, _ = trained
    files = set(dataset.glob("projection-*.npz"))
    assert files
    first = feature_table(Collection.of_dataset(dataset).with_noise(STUDY.noise))
    assert set(dataset.glob("projection-*.npz")) == files
    silent = feature_table(Collection.of_dataset(dataset).with_noise(Noise()))
    np.testing.assert_array_equal(silent.clean, first.clean)
    np.testing.assert_array_equal(silent.noisy, silent.clean)
    assert not np.array_equal(first.noisy, first.clean)


def test_a_measured_specimen_with_gaps_is_inverted(trained):
    dataset, model, _ = trained
    collection = Collection.of_dataset(dataset)
    inverter, _ = load_model(model)
    reference = Reference.read(collection.reference_path(3))
    row = int(np.flatnonzero(collection.microstructures == 3)[0])
    strain, load = collection.strain(row).copy(), collection.load(row).copy()
    whole = inverter.invert(reference, strain, load)
    strain[:, :, :3, :5], strain[1], load[2] = np.nan, np.nan, np.nan
    holed = inverter.invert(reference, strain, load)
    true = collection.parameters[row]
    for found in (whole, holed):
        np.testing.assert_allclose(found.parameters[0], true, rtol=0.1)
        assert (found.low < true).all() and (true < found.high).all()
        assert max(found.unusual.values()) < 1.5
    with pytest.raises(SlipfieldError, match="no frame has strain or load"):
        inverter.invert(reference, np.full_like(strain, np.nan), np.full_like(load, np.nan))


def test_what_is_far_from_the_training_data_is_named(trained):
    dataset, model, _ = trained
    collection = Collection.of_dataset(dataset)
    inverter, _ = load_model(model)
    reference, other = (Reference.read(collection.reference_path(index)) for index in (3, 5))
    row = int(np.flatnonzero(collection.microstructures == 3)[0])
    strain, load = collection.strain(row), collection.load(row)
    swapped = inverter.invert(other, strain, load)
    assert swapped.unusual["strain"] > 3
    wrong_load = load * np.array([1.0, 1.2, 0.9, 1.1])
    assert inverter.invert(reference, strain, wrong_load).unusual["load"] > 3


def test_unfit_references_and_files_are_named(trained, tmp_path):
    dataset, model, _ = trained
    collection = Collection.of_dataset(dataset)
    inverter, card = load_model(model)
    reference = Reference.read(collection.reference_path(0))
    moved = Reference(**{**vars(reference), "parameters": reference.parameters * 1.1})
    with pytest.raises(SlipfieldError, match="run `reference` with the model's study"):
        inverter.invert(moved, collection.strain(0), collection.load(0))
    with pytest.raises(SlipfieldError, match="not a reference run"):
        Reference.read(collection.microstructure_path(0))
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(SlipfieldError, match="unusable arrays"):
        ProjectionInverter.load(tmp_path, STUDY, card["details"])


def test_a_model_is_adapted_to_a_finer_mesh(trained, tmp_path):
    dataset, model, _ = trained
    shards = make_finer(tmp_path / "fine")
    fine = finer_samples(Collection.of_dataset(dataset), [shards])
    assert fine.image == (17, 17)
    before, _ = load_model(model)
    rows = np.arange(len(fine))
    facts = adapt_model(model, [shards], dataset, tmp_path / "adapted")
    assert facts["samples"] == 120 and facts["nodes"] == [17, 17]
    after, card = load_model(tmp_path / "adapted")
    assert card["adapted"]["microstructures"] == 15

    def error(inverter: ProjectionInverter) -> np.ndarray:
        return np.abs(np.log(inverter.predict(fine, rows) / fine.parameters)).mean()

    assert error(after) < 0.5 * error(before)
    low, high = after.predict_interval(fine, rows)
    assert ((low < fine.parameters) & (fine.parameters < high)).mean() > 0.9
    with pytest.raises(SlipfieldError, match="takes at least 20 samples"):
        after.adapted(fine, rows[:10])


def test_a_model_is_adapted_to_solids_of_any_thickness(trained, tmp_path):
    dataset, model, _ = trained
    thin = make_finer(tmp_path / "thin", {"seed": 1}, thickness_mm=0.2)
    thick = make_finer(tmp_path / "thick", {"seed": 2}, thickness_mm=0.8)
    shards = [thin, thick]
    facts = adapt_model(model, shards, dataset, tmp_path / "adapted")
    assert facts["samples"] == 240 and facts["forward_model"] == "solid"
    solids = finer_samples(Collection.of_dataset(dataset), shards)
    np.testing.assert_allclose(solids.load(0), solids.load(1))  # of the same sample
    after, card = load_model(tmp_path / "adapted")
    low, high = after.predict_interval(solids, np.arange(len(solids)))
    assert ((low < solids.parameters) & (solids.parameters < high)).mean() > 0.9
    with xr.open_dataset(solids.microstructure_path(0)) as data:
        shown = len(np.unique(data["element_grain"].values))
    sheet = solids.study.specimen
    diameter = np.sqrt(4 * sheet.width_mm * sheet.height_mm / (np.pi * shown))
    assert card["adapted"]["t_over_d"] == pytest.approx([0.2 / diameter, 0.8 / diameter], rel=0.1)
    thin_text, thick_text = (f"{ratio:.2g}" for ratio in card["adapted"]["t_over_d"])
    assert f"solids {thin_text} to {thick_text} grain" in card["scope"]["trained_on"][0]
    assert Model.load(tmp_path / "adapted").known_thickness == tuple(card["adapted"]["t_over_d"])
    assert Model.load(tmp_path / "adapted").knows_thickness
    assert not Model.load(model).knows_thickness
    with pytest.raises(SlipfieldError, match="other physics"):
        finer_samples(Collection.of_dataset(dataset), [thin, dataset.parent / "shards"])


SIMULATE = """
import sys
from pathlib import Path
from slipfield.kinds.slip.fem.batch import simulate_batch, simulate_reference
from slipfield.kinds.slip.planning.plan import batches
from slipfield.kinds.slip.study import load_study
study, folder = load_study(sys.argv[1] + "/study.yaml"), Path(sys.argv[1])
for batch in batches(study):
    grains = folder / f"microstructures/{batch.microstructure:05d}.nc"
    rows = batch.first, batch.last + 1
    simulate_batch(study, grains, folder / "samples.csv", rows, folder / f"shards/{batch.name}.nc")
    simulate_reference(study, grains, folder / f"references/{grains.name}")
"""


@pytest.mark.skipif(
    not (ROOT / ".environments" / "simulate").is_dir(), reason="no simulate environment"
)
def test_real_simulations_of_unseen_specimens_are_inverted(tmp_path):
    study = tiny_study(
        specimen={"cells_x": 12, "cells_y": 12, "microstructures": 10, "grains": 20},
        sampling={"samples": 50},
        loading={"outputs": 8},
        noise={"strain_std": 5e-4, "load_relative_std": 0.005},
    )
    write_text(tmp_path / "study.yaml", json.dumps(study.model_dump(mode="json")))
    write_design(make_design(study), study, tmp_path / "samples.csv")
    for index in range(10):
        grains = make_microstructure(study, index)
        write_netcdf(grains, tmp_path / f"microstructures/{index:05d}.nc", study)
    command = [ROOT / "envs" / "run", "--in", "simulate", "python3", "-c", SIMULATE, tmp_path]
    subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    assert planned_shards(study, tmp_path / "shards")
    dataset = Collection.of_dataset(gather_results(study, tmp_path))
    rows = np.arange(50)
    held_out = dataset.microstructures >= 8
    nothing = np.array([], int)
    inverter = ProjectionInverter(study).fit(dataset, rows[~held_out], nothing, tmp_path)
    true, found = dataset.parameters[held_out], inverter.predict(dataset, rows[held_out])
    assert np.median(np.abs(found / true - 1)) < 0.05
    low, high = inverter.predict_interval(dataset, rows[held_out])
    assert ((low < true) & (true < high)).mean() > 0.75
