"""Whole inversions, on a closed formula that is started as a command like the solver."""

import json
import re
from shutil import copytree

import numpy as np
import pytest
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.dataset.contract import violations
from slipfield.kinds.slip.inversion.forward import COMMAND
from slipfield.kinds.slip.inversion.run import invert
from slipfield.kinds.slip.measure.specimen_file import read_specimen, write_specimen
from slipfield.kinds.slip.study import PARAMETERS
from tests.kinds.slip.measure.conftest import TRUTH

pytestmark = pytest.mark.slow


def changed(specimen, path, change):
    write_specimen(change(read_specimen(specimen)), path)
    return path


def result(folder):
    content = json.loads((folder / "inversion.json").read_text())
    values = [[content["parameters"][n][k] for n in PARAMETERS] for k in ("value", "low", "high")]
    return content, *np.array(values)


def values_of(estimate):
    return np.array([[estimate[n][k] for n in PARAMETERS] for k in ("value", "low", "high")])


def test_answers_are_right_within_their_intervals(inverted):
    folder, found = inverted
    content, value, low, high = result(folder)
    assert list(content["estimates"]) == ["projection", "cnn_lstm", "refined"]
    first, first_low, first_high = values_of(content["estimates"]["projection"])
    assert np.abs(first / TRUTH - 1).max() < 0.1
    assert np.all((first_low < TRUTH) & (TRUTH < first_high))
    assert content["refinement"]["converged"]
    assert content["refinement"]["step_left_std"] < 0.1
    assert not any("had not converged" in note for note in content["notes"])
    assert np.abs(value / TRUTH - 1).max() < 0.1
    assert np.all((low < TRUTH) & (TRUTH < high))
    assert content["forward_check"]["strain_rms"] < 2.2e-4
    assert [step["import"] for step in content["imports"]] == ["dic", "load", "ebsd"]
    assert np.array(found.answers[1].details["attention"]).shape == (4, 3)


def test_report_can_be_read_in_a_browser(inverted, readable):
    readable(inverted[0] / "report.html")


def test_report_is_one_file_with_every_picture_in_it(inverted):
    page = (inverted[0] / "report.html").read_text()
    pictures = re.findall(r'<img [^>]*src="([^"]{30})', page)
    assert len(pictures) == 6
    assert all(source.startswith("data:image/png;base64,") for source in pictures)
    assert "http" not in page
    for text in ("Grains over strain", "Attention", "Forward check", "Convergence", "frame_004"):
        assert text in page


def test_refinement_from_the_centre_reaches_the_same_point(
    inverted, specimen, projection, tmp_path
):
    copytree(inverted[0] / "work", tmp_path / "out" / "work")
    invert(specimen, [projection], tmp_path / "out", solves=10, start="centre", membrane=True)
    content, value, *_ = result(tmp_path / "out")
    assert content["refinement"]["converged"]
    np.testing.assert_allclose(value, result(inverted[0])[1], rtol=2e-3)


@pytest.fixture(scope="module")
def noisier(specimen, tmp_path_factory):
    """Specimen that is said to have a quarter of its noise, so that refinement leaves too much."""
    path = tmp_path_factory.mktemp("noisier") / "specimen.nc"
    return changed(specimen, path, lambda data: data.assign_attrs(strain_noise=5e-5))


def test_what_the_mesh_does_not_explain_is_refined_on_a_finer_one(
    inverted, noisier, projection, tmp_path
):
    copytree(inverted[0] / "work", tmp_path / "out" / "work")
    found = invert(noisier, [projection], tmp_path / "out", solves=8, membrane=True)
    content, value, low, high = result(tmp_path / "out")
    assert content["answer"] == "refined"
    assert "twice as fine" in content["why"]
    assert found.check.strain.shape[-2:] == (33, 33)
    assert found.measurement.mesh.shape == (33, 33)
    assert np.all((low < TRUTH) & (TRUTH < high))
    coarse = np.exp(found.refined.coarser.log_parameters[:3])
    np.testing.assert_allclose(coarse, result(inverted[0])[1], rtol=5e-3)
    mesh = np.array(content["refinement"]["mesh_deviation_ln_k"])
    np.testing.assert_allclose(mesh, np.abs(np.log(value / coarse)), rtol=1e-6)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "32 x 32 elements" in page


def test_without_the_finer_mesh_an_adapted_model_answers(inverted, noisier, projection, tmp_path):
    adapted = tmp_path / "adapted"
    copytree(projection, adapted)
    card = json.loads((adapted / "model.json").read_text())
    (adapted / "model.json").write_text(json.dumps({**card, "adapted": {"samples": 20}}))
    done = inverted[0]  # its forward runs need not be made again
    for folder, answer in ((adapted, "projection"), (projection, "refined")):
        output = tmp_path / answer
        copytree(done / "work", output / "work")
        done = output
        invert(noisier, [folder], output, solves=8, finer=False, membrane=True)
        content, value, *_ = result(output)
        assert content["answer"] == answer
        estimate = values_of(content["estimates"][answer])[0]
        np.testing.assert_array_equal(value, estimate)


def test_a_model_of_solids_takes_no_sheet_for_a_membrane(specimen, projection, tmp_path):
    copytree(projection, tmp_path / "solid")
    card = json.loads((tmp_path / "solid" / "model.json").read_text())
    card["adapted"] = {"forward_model": "solid"}
    (tmp_path / "solid" / "model.json").write_text(json.dumps(card))
    with pytest.raises(SlipfieldError, match=r"membrane: .*solid was adapted to sheets in three"):
        invert(specimen, [tmp_path / "solid"], tmp_path / "out", membrane=True)


def test_two_models_of_one_kind_are_refused(specimen, projection, tmp_path):
    with pytest.raises(SlipfieldError, match="2 of the kind 'projection'"):
        invert(specimen, [projection, projection], tmp_path / "out", membrane=True)


def test_overlay_is_there_even_if_the_solver_is_not(specimen, projection, tmp_path, monkeypatch):
    monkeypatch.setenv(COMMAND, "/nowhere/slipfield")
    with pytest.raises(SlipfieldError, match="cannot be started"):
        invert(specimen, [projection], tmp_path / "out", membrane=True)
    assert (tmp_path / "out" / "overlay.png").exists()
    assert not (tmp_path / "out" / "inversion.json").exists()


def test_a_second_run_overwrites_nothing_and_an_interrupted_one_goes_on(
    inverted, specimen, projection, tmp_path
):
    with pytest.raises(SlipfieldError, match="exists already"):
        invert(specimen, [projection], inverted[0], membrane=True)
    copytree(inverted[0] / "work", tmp_path / "out" / "work")
    found = invert(specimen, [projection], tmp_path / "out", solves=8, membrane=True)
    assert found.seconds["number of forward runs"] == 0


def test_without_load_the_scale_is_said_to_be_lost(specimen, projection, tmp_path):
    path = changed(specimen, tmp_path / "s.nc", lambda data: data.drop_vars("load"))
    invert(path, [projection], tmp_path / "out", membrane=True)
    content, value, low, high = result(tmp_path / "out")
    assert any("scale" in note for note in content["notes"])
    assert content["forward_check"]["load_relative_rms"] is None
    assert np.all((low < TRUTH) & (TRUTH < high))


def test_without_load_grains_below_the_face_still_widen_k2_and_k3(specimen, projection, tmp_path):
    def change(data):
        data = data.drop_vars("load")
        data.attrs["thickness_mm"] = 0.5
        return data

    path, widths = changed(specimen, tmp_path / "strains.nc", change), {}
    for membrane in (False, True):
        output = tmp_path / f"{membrane}"
        sheets = 0 if membrane else 4
        invert(path, [projection], output, membrane=membrane, sheets=sheets)
        content, _, low, high = result(output)
        widths[membrane] = np.log(high / low)
        assert ("thickness" in content) != membrane
        said = "intervals do not hold" if membrane else "intervals hold"
        assert any(said in note for note in content["notes"])
        not_drawn = [note for note in content["notes"] if note.startswith("No subsurface sheets")]
        assert len(not_drawn) == (not membrane)
    assert widths[False][0] == pytest.approx(widths[True][0], rel=1e-6)
    assert (widths[False] > widths[True])[1:].all()


def test_without_orientations_only_the_load_is_used(specimen, projection, tmp_path):
    path = changed(specimen, tmp_path / "s.nc", lambda data: data.drop_vars(["euler", "angle"]))
    invert(path, [projection], tmp_path / "out", draws=2, membrane=True)
    content, value, low, high = result(tmp_path / "out")
    assert any("orientations are not known" in note for note in content["notes"])
    invert(path, [projection], tmp_path / "sheets", draws=2, sheets=4)
    assert any("No subsurface sheets" in note for note in result(tmp_path / "sheets")[0]["notes"])
    assert "only the load is a check" in (tmp_path / "out" / "report.html").read_text()
    assert np.all((low < TRUTH) & (TRUTH < high))


def test_with_neither_load_nor_orientations_there_is_no_answer(specimen, projection, tmp_path):
    dropped = ["euler", "angle", "load"]
    path = changed(specimen, tmp_path / "s.nc", lambda data: data.drop_vars(dropped))
    with pytest.raises(SlipfieldError, match="neither orientations nor load"):
        invert(path, [projection], tmp_path / "out", membrane=True)


def test_masked_points_are_left_out(specimen, projection, tmp_path):
    def mask(data):
        strain = data["strain"].copy()
        strain[:, :, 8:24, 5:24] = np.nan
        return data.assign(strain=strain)

    path = changed(specimen, tmp_path / "s.nc", mask)
    found = invert(path, [projection], tmp_path / "out", membrane=True)
    assert 0.05 < np.isnan(found.measurement.nodal[0, 0]).mean() < 0.2
    _, value, *_ = result(tmp_path / "out")
    assert np.abs(value / TRUTH - 1).max() < 0.1


def test_a_map_that_is_known_to_lie_right_is_laid_no_other_way(specimen, projection, tmp_path):
    path = changed(specimen, tmp_path / "wrong.nc", lambda data: data.assign(euler=-data.euler))
    for laid in (False, True):
        output = tmp_path / f"laid-{laid}"
        invert(path, [projection], output, membrane=True, laid=laid)
        assert (output / "work/ways").exists() is not laid


def test_unusual_input_is_named_with_its_channel_and_amount(specimen, projection, tmp_path):
    """The same specimen, said to be three times as large and ten times as slow."""

    def enlarge(data):
        for name in ("x_mm", "y_mm", "displacement", "outline_y", "outline_left", "outline_right"):
            data[name] = 3 * data[name]
        data["affine"] = data["affine"] * np.array([[3, 3, 1], [3, 3, 1]])
        data["time"] = 10 * data["time"]
        data["load"] = 3 * data["load"]
        for name in ("size", "ellipse"):
            data[name] = 3 * data[name]
        sizes = {f"sheet_{n}_mm": 3 * data.attrs[f"sheet_{n}_mm"] for n in ("width", "height")}
        units = {n: {"units": "mm"} for n in ("x_mm", "y_mm", "displacement", "size", "ellipse")}
        units |= {n: {"units": "mm"} for n in ("outline_y", "outline_left", "outline_right")}
        units |= {"time": {"units": "s"}, "load": {"units": "N"}}
        for name, attributes in units.items():
            data[name].attrs.update(attributes)
        return data.assign_attrs(sizes)

    path = changed(specimen, tmp_path / "s.nc", enlarge)
    invert(path, [projection], tmp_path / "out", membrane=True)
    content, *_ = result(tmp_path / "out")
    warned = {w.split(":")[0]: w for w in content["warnings"]}
    assert {"sheet height", "elongation rate", "D^-1/2 of the small grains"} <= warned.keys()
    assert "6 mm; in the training data 2 mm (4.9 times" in warned["sheet height"]


def test_missing_parts_and_models_are_one_line(specimen, projection, tmp_path):
    half = read_specimen(specimen)
    strain_only = half.drop_vars(
        [
            "grain_id",
            "grain_x_mm",
            "grain_y_mm",
            "affine",
            "size",
            "ellipse",
            "axis",
            "euler",
            "angle",
        ]
    )
    write_specimen(strain_only, tmp_path / "s.nc")
    with pytest.raises(SlipfieldError, match="no grains"):
        invert(tmp_path / "s.nc", [projection], tmp_path / "out", membrane=True)
    with pytest.raises(SlipfieldError, match="no readable model card"):
        invert(specimen, [tmp_path], tmp_path / "out", membrane=True)
    with pytest.raises(SlipfieldError, match="start"):
        invert(specimen, [projection], tmp_path / "out", start="here", membrane=True)


def test_grain_map_beside_the_sheet_is_refused(specimen, projection, tmp_path):
    def shift(data):
        affine = data["affine"].copy()
        affine[0, 2] = 0.7
        return data.assign(affine=affine)

    path = changed(specimen, tmp_path / "s.nc", shift)
    with pytest.raises(SlipfieldError, match="covers 6. % of the sheet"):
        invert(path, [projection], tmp_path / "out", membrane=True)


def test_microstructure_and_runs_of_a_specimen_follow_the_file_contract(inverted):
    folder, found = inverted
    assert violations(folder / "work" / "microstructure.nc") == []
    runs = list((folder / "work").glob("run-*.nc"))
    assert len(runs) == found.seconds["number of forward runs"]
    assert [violations(path) for path in runs] == [[]] * len(runs)
    with xr.open_dataset(folder / "work" / "microstructure.nc") as data:
        assert data.sizes["grain"] == 10
