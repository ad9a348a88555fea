"""Mistakes that the bench makes are those that it says, on files of a real laboratory's kind."""

import json

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.bench.mistakes import MISTAKES, Import, copied, unloading_study
from slipfield.kinds.slip.inversion.ways import turned_map
from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_orientation_map
from slipfield.kinds.slip.measure.laboratory import Instruments, write_laboratory
from slipfield.kinds.slip.measure.loads import add_load
from slipfield.kinds.slip.measure.specimen_file import write_specimen
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from tests.shards import make_microstructure, make_shard, tiny_study

TRUTH = np.array([[140.0, 22.0, 16.0]])
MAKE = {mistake.name: mistake for mistake in MISTAKES}


@pytest.fixture
def made(tmp_path):
    """Files of a sheet on the closed formula, with the options that are right."""
    study = tiny_study()
    grains = make_microstructure(study, 1)
    sample = make_shard(study, grains, np.array([0]), TRUTH).isel(sample=0)
    write_laboratory(sample, grains, study, Instruments(0.05, 0.02), tmp_path)
    facts = json.loads((tmp_path / "truth.json").read_text())
    options = {
        "scale": facts["scale_mm_per_pixel"],
        "interval": facts["interval_s"],
        "sheet": tuple(facts["sheet_mm"]),
        "thickness": facts["thickness_mm"],
    }
    return Import(tmp_path, options)


def imported(made):
    """Specimen file that an import writes."""
    files = sorted((made.folder / "dic").glob("*.csv"))
    data = import_strain(files, StrainOptions(**made.dic))
    data = add_load(data, made.folder / "load.csv", None, 0.0, None)
    data = add_orientation_map(data, made.folder / "grains.ctf", GrainOptions(**made.grains))
    (made.folder / "specimen.nc").unlink(missing_ok=True)
    write_specimen(data, made.folder / "specimen.nc")
    return data


@pytest.mark.parametrize("name", ["map mirrored in x", "columns x and y swapped", "kN for N"])
def test_a_bench_that_was_stopped_makes_a_mistake_once(made, name, tmp_path):
    """Made again in the files of the first time, a mirrored map would be right."""
    lab = tmp_path.parent / f"{tmp_path.name}-lab"
    MAKE[name].make(copied(made, lab), 0)
    once = {path.name: path.read_bytes() for path in lab.rglob("*.*") if path.is_file()}
    MAKE[name].make(copied(made, lab), 0)
    assert {path.name: path.read_bytes() for path in lab.rglob("*.*") if path.is_file()} == once


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("map mirrored in x", "mirrored left to right"),
        ("map mirrored in y", "mirrored upside down"),
    ],
)
def test_a_mirrored_map_is_put_right_by_the_way_that_names_it(made, name, place):
    right = imported(made)
    MAKE[name].make(made, 0)
    wrong = imported(made)
    assert (wrong["grain_id"].shape) == (right["grain_id"].shape)
    back = turned_map(wrong, place, "as given")
    sizes = [data["size"].values[data["grain_id"].values] for data in (right, back)]
    np.testing.assert_allclose(sizes[1], sizes[0])
    angles = [data["euler"].values[data["grain_id"].values] for data in (right, back, wrong)]
    np.testing.assert_allclose(angles[1], angles[0], atol=1e-6)
    assert np.abs(angles[2] - angles[0]).max() > 0.1


@pytest.mark.parametrize("name", ["columns x and y swapped", "kN for N", "pixel scale 2 x"])
def test_mistakes_that_an_import_can_see_are_refused_with_their_remedy(made, name):
    mistake = MAKE[name]
    mistake.make(made, 0)
    with pytest.raises(SlipfieldError) as caught:
        imported(made)
    for word in mistake.remedy:
        assert word in str(caught.value)


def test_swapped_columns_come_right_with_the_options_of_the_message(made):
    right = imported(made)
    MAKE["columns x and y swapped"].make(made, 0)
    made.dic |= {"load_axis": "-x", "y_axis": "up"}
    again = imported(made)
    np.testing.assert_allclose(again["strain"], right["strain"], atol=1e-6)


def test_specimens_of_the_bench_unload_by_about_half():
    study = tiny_study()
    path = unloading_study(study).loading.path
    assert path[-1][0] == study.loading.path[-1][0]
    assert path[-2] == pytest.approx((0.9 * study.loading.path[-1][0], study.loading.path[-1][1]))
    back = (path[-2][1] - path[-1][1]) / study.specimen.height_mm
    assert 5e-4 < back < 1e-3
