"""Tests that are not those of a model's training, before that model, on the closed formula."""

import numpy as np
import pytest

from slipfield.kinds.slip.inversion.answers import Model
from slipfield.kinds.slip.inversion.estimates import predictions
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.outputs import at_outputs
from slipfield.kinds.slip.inversion.preparation import prepare
from slipfield.kinds.slip.inversion.shown import LONGER, for_models, loading_frames
from slipfield.kinds.slip.measure.resample import resample
from slipfield.kinds.slip.measure.specimen_file import read_specimen
from slipfield.kinds.slip.study import check_study


def unloads(data, fall, at=3):
    """Specimen whose elongation falls by ``fall``, as strain, after ``at`` frames."""
    moved = data["displacement"].values.copy()
    moved[at:] = moved[at - 1] - fall * data.attrs["sheet_height_mm"]
    return data.assign(displacement=data["displacement"].copy(data=moved))


@pytest.fixture(scope="module")
def pulled(specimen):
    return read_specimen(specimen)


@pytest.mark.parametrize(
    ("fall", "at", "expected"), [(1e-3, 3, 3), (5e-5, 3, 4), (1e-3, 2, 4), (-1e-3, 3, 4)]
)
def test_frames_before_an_unloading_are_those_of_loading(pulled, study, fall, at, expected):
    assert pulled.sizes["time"] == 4
    kept, why = loading_frames(unloads(pulled, fall, at), study)
    assert kept == expected and bool(why) == (kept < 4)


def test_a_model_that_knows_unloading_sees_all_frames(pulled, study):
    content = study.model_dump(mode="json")
    content["loading"]["path"] = [[0, 0], [80, 0.1], [100, 0.09]]
    knowing = check_study(content, "test")
    assert loading_frames(unloads(pulled, 1e-3), knowing) == (4, "")


def test_models_are_shown_the_loading_alone(pulled, specimen, study, tmp_path):
    found = prepare(specimen, unloads(pulled, 1e-3), study, None, membrane=True)
    solver = Solver.prepare(found.study, found.microstructure, tmp_path)
    seen, theirs = for_models(found, solver)
    np.testing.assert_array_equal(seen.measurement.time, found.measurement.time[:3])
    np.testing.assert_array_equal(seen.measurement.points, found.measurement.points[:3])
    end = seen.measurement.time[-1]
    assert end in [corner[0] for corner in seen.study.loading.path]
    assert theirs.study == seen.study
    assert found.study.loading.path[-1][0] == found.measurement.time[-1]
    assert len(seen.measurement.time) == study.loading.outputs - 1
    assert found.notes == seen.notes
    assert "3 frames, up to 75 s" in found.notes[-2]
    same = prepare(specimen, pulled, study, None, membrane=True)
    assert for_models(same, solver) == (same, solver)


@pytest.mark.slow
def test_a_test_that_ended_early_goes_on_to_the_elongation_of_the_training(
    pulled, specimen, study, tmp_path
):
    """Half of the frames: of the model's four outputs the last two are missing."""
    found = prepare(specimen, pulled.isel(time=slice(0, 2)), study, None, membrane=True)
    solver = Solver.prepare(found.study, found.microstructure, tmp_path)
    seen, theirs = for_models(found, solver)
    height = pulled.attrs["sheet_height_mm"]
    whole = study.loading.path[-1][1] / study.specimen.height_mm
    assert theirs.study.loading.path[-1][1] == pytest.approx(whole * height, rel=1e-6)
    assert theirs.study.loading.path[-1][0] == pytest.approx(100, rel=0.02)
    assert solver.study.loading.path[-1][0] == 50
    assert "2 of its 4 outputs are missing" in found.notes[-1]
    run = theirs.run(np.array(study.sampling.centre))
    given = at_outputs(seen.measurement, seen.measurement.nodal, study.loading.outputs, run)
    known = np.isfinite(given.load)
    assert known.tolist() == [True, True, False, False]
    assert np.isfinite(given.strain[known]).all() and np.isnan(given.strain[~known]).all()


@pytest.mark.slow
def test_the_last_output_is_there_where_the_schedule_of_frames_did_not_meet_it(
    pulled, specimen, study, tmp_path
):
    """Frames at 28, 56 and 84 s of a pull of 100 s: the next one would have come at 112 s."""
    frames = np.array([28.0, 56.0, 84.0])
    found = prepare(specimen, pulled.interp(time=frames), study, None, membrane=True)
    seen, theirs = for_models(found, Solver.prepare(found.study, found.microstructure, tmp_path))
    assert "carried on from the last frame" in found.notes[-1]
    run = theirs.run(np.array(study.sampling.centre))
    given = at_outputs(seen.measurement, seen.measurement.nodal, study.loading.outputs, run)
    assert np.isfinite(given.strain).all() and np.isfinite(given.load).all()
    whole = resample(pulled, found.study, found.measurement.mesh)
    off, missed = (abs(load[-1] / whole.load[-1] - 1) for load in (given.load, run.load))
    assert off < min(0.01, 0.5 * missed)


def test_a_test_that_went_further_is_shown_up_to_the_elongation_of_the_training(pulled, study):
    content = study.model_dump(mode="json")
    time, moved = content["loading"]["path"][-1]
    content["loading"]["path"][-1] = [time, 0.8 * moved]
    kept, why = loading_frames(pulled, check_study(content, "test"))
    assert kept == 3 and why == LONGER
    content["loading"]["path"][-1] = [time, 0.4 * moved]
    assert loading_frames(pulled, check_study(content, "test")) == (4, "")


@pytest.mark.slow
def test_the_answer_is_that_of_a_test_that_ended_before(pulled, specimen, projection, tmp_path):
    model = Model.load(projection)
    answers = []
    for name, data in (
        ("unloads", unloads(pulled, 1e-3)),
        ("ends", pulled.isel(time=slice(0, 3))),
    ):
        found = prepare(specimen, data, model.study, None, membrane=True)
        solver = Solver.prepare(found.study, found.microstructure, tmp_path / name)
        seen, theirs = for_models(found, solver)
        answers += predictions(seen, [model], theirs)
    for end in ("parameters", "low", "high"):
        one, other = (getattr(answer, end) for answer in answers)
        np.testing.assert_allclose(one, other, rtol=1e-6)
