"""Small files that are damaged: one line that names the file, or made again; nothing half true."""

import json
import shutil

import netCDF4
import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.core.yaml_input import read_yaml
from slipfield.kinds.slip.figures.drawing import write_figure
from slipfield.kinds.slip.figures.report import write_report
from slipfield.kinds.slip.figures.sources import Results
from slipfield.kinds.slip.learning.model_io import load_model
from slipfield.kinds.slip.learning.run import train_model
from slipfield.kinds.slip.measure.specimen_file import read_specimen
from tests.faults.finished import finished_study
from tests.fuzz.verbs import run_verb

pytestmark = pytest.mark.slow

DAMAGE = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "of another kind": lambda content: b"[1, 2]\n",
    "binary": lambda content: b"\x00\xff\xfe" * 50,
}
SHOWN = {
    "samples.json": None,
    "tables/table6.json": None,
    "models/projection/metrics.json": None,
    "figures/strain.png": None,
    "samples.csv": "design",
    "models/projection/predictions.csv": "overview",
}


@pytest.fixture(scope="module")
def results(finished_home, tmp_path_factory):
    """A finished study of which a test may damage one file at a time."""
    home = tmp_path_factory.mktemp("damaged") / "home"
    shutil.copytree(finished_home, home)
    return Results(finished_study(), home / "results" / "tiny")


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize(("name", "figure"), SHOWN.items(), ids=SHOWN)
def test_report_and_figures_name_what_they_cannot_read(results, name, figure, damage, tmp_path):
    path = results.folder / name
    whole = path.read_bytes()
    if name.endswith(".csv") and damage == "cut":
        pytest.skip("half a table is a table")
    path.write_bytes(DAMAGE[damage](whole))
    fresh = Results(results.study, results.folder)
    try:
        with pytest.raises(SlipfieldError) as refused:
            if figure:
                write_figure(figure, fresh, tmp_path / "figure.png")
            else:
                write_report(fresh, tmp_path / "report.html")
    finally:
        path.write_bytes(whole)
    text = str(refused.value)
    assert text.startswith(str(path.with_suffix(""))) and "\n" not in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_benchmark_that_cannot_be_read_is_left_out(results, damage):
    folder = results.folder / "benchmarks"
    folder.mkdir(exist_ok=True)
    header = "s\th:m:s\tmax_rss\tcpu_time\n"
    (folder / "gather.tsv").write_text(f"{header}2.5\t0:00:02\t100\t2\n")
    (folder / "train.tsv").write_bytes(DAMAGE[damage](b""))
    assert results.stages().index.tolist() == ["gather"]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_is_made_again(home, damage):
    folder, study = home / "results" / "tiny", finished_study()
    (kept,) = folder.glob("dataset/projection-*.npz")
    whole = kept.read_bytes()
    kept.write_bytes(DAMAGE[damage](whole))
    train_model(study, folder / "dataset", home / "again")
    assert kept.read_bytes() == whole
    weights = [
        path / "model.safetensors" for path in (home / "again", folder / "models/projection")
    ]
    assert weights[0].read_bytes() == weights[1].read_bytes()


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_note_of_verified_files_is_no_matter(home, damage):
    folder = home / "results" / "tiny"
    (folder / "dataset/.verified.json").write_bytes(DAMAGE[damage](b"{}"))
    train_model(finished_study(), folder / "dataset", home / "again")


DETAILS = [
    {"limits": None},
    {"limits": {"strain": 1.0}},
    {"limits": {"strain": "much", "load": 1.0}},
    {"frames": None},
    {"window": "wide"},
    {"degree": 2},
    {"degree": []},
]


@pytest.mark.parametrize("change", DETAILS, ids=str)
def test_details_of_a_card_that_do_not_fit_are_refused_when_it_is_read(results, change, tmp_path):
    shutil.copytree(results.model("projection"), tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    card = json.loads(path.read_text())
    if card["details"]["degree"] == change.get("degree"):
        change = {"degree": 1}
    card["details"].update(change)
    path.write_text(json.dumps(card))
    with pytest.raises(SlipfieldError, match="unusable (details|arrays).*train again"):
        load_model(tmp_path / "model")


def test_weights_of_another_shape_are_refused_when_they_are_read(results, tmp_path):
    from safetensors.numpy import load_file, save_file

    folder = shutil.copytree(results.model("projection"), tmp_path / "model")
    card = json.loads((folder / "model.json").read_text())
    del card["weights_sha256"]  # as older versions wrote cards
    (folder / "model.json").write_text(json.dumps(card))
    arrays = load_file(folder / "model.safetensors")
    load_model(folder)
    for name in ("mean", "scatter", "scores", "centre"):
        other = {**arrays, name: np.ascontiguousarray(arrays[name][..., :-1])}
        save_file(other, folder / "model.safetensors")
        with pytest.raises(SlipfieldError, match=f"unusable arrays: {name} has the shape"):
            load_model(folder)
    save_file(
        {**arrays, "mean": np.full_like(arrays["mean"], np.nan)}, folder / "model.safetensors"
    )
    with pytest.raises(SlipfieldError, match="unusable arrays: mean is not finite"):
        load_model(folder)


@pytest.mark.parametrize(
    ("dimensions", "expected"),
    [
        ({"x": 100_000, "y": 100_000, "time": 2, "component": 3}, "values take .* GB, of which"),
        ({"x": 2_000_000, "y": 4, "time": 2, "component": 3}, "'x' has 2,000,000 entries; at most"),
    ],
)
def test_a_small_file_of_hostile_size_is_refused_before_it_is_read(tmp_path, dimensions, expected):
    path = tmp_path / "specimen.nc"
    with netCDF4.Dataset(path, "w") as file:
        for name, size in dimensions.items():
            file.createDimension(name, size)
        axes = ("time", "component", "y", "x")
        file.createVariable("strain", "f4", axes, compression="zlib", chunksizes=(1, 1, 4, 1000))
    assert path.stat().st_size < 100_000
    with pytest.raises(SlipfieldError, match=f"specimen.nc: .*{expected}"):
        read_specimen(path)


def test_too_many_grains_are_refused_before_they_are_read(tmp_path):
    path = tmp_path / "specimen.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("grain", 400_000_000)
        file.createVariable("size", "f8", ("grain",), compression="zlib", chunksizes=(1_000_000,))
    result = run_verb("invert", path, "--model", tmp_path, "--output", tmp_path / "out")
    assert result.code == 2 and "'grain' has 400,000,000 entries" in result.error


def test_a_small_hdf5_map_of_hostile_size_is_refused_before_it_is_read(tmp_path):
    import h5py

    from slipfield.kinds.slip.measure.readers import h5oina

    with h5py.File(tmp_path / "map.h5oina", "w") as file:
        file.create_dataset("1/EBSD/Data/Euler", (10**11, 3), "f4", chunks=(10**6, 3))
    with pytest.raises(SlipfieldError, match="map.h5oina: its values take 1.2e.* GB"):
        h5oina.read(tmp_path / "map.h5oina")


@pytest.mark.parametrize(
    "text",
    ["&r\nname: a\nspecimen: *r\n", "name: a\nbands: &b [1, *b]\n", "a: &a {b: &b {c: *a}}\n"],
)
def test_a_study_that_stands_inside_itself_is_one_line(tmp_path, text):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(SlipfieldError, match="study.yaml: an alias .* inside what it refers to"):
        read_yaml(path)


def test_an_alias_that_is_used_often_is_no_circle(tmp_path):
    path = tmp_path / "study.yaml"
    lines = ["a0: &a0 [1]"] + [
        f"a{i + 1}: &a{i + 1} [{', '.join(9 * [f'*a{i}'])}]" for i in range(9)
    ]
    path.write_text("\n".join(lines))
    assert set(read_yaml(path)) == {f"a{i}" for i in range(10)}
