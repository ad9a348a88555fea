"""Specimens that unload, before a model that was trained without, on the closed formula."""

import numpy as np
import pytest

from slipfield.kinds.slip.inversion.answers import Model
from slipfield.kinds.slip.inversion.estimates import predictions
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.preparation import prepare
from slipfield.kinds.slip.inversion.unloading import for_models, loading_frames
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
    ("fall", "at", "expected"), [(1e-3, 3, 3), (5e-5, 3, None), (1e-3, 2, None), (-1e-3, 3, None)]
)
def test_frames_before_an_unloading_are_those_of_loading(pulled, study, fall, at, expected):
    assert pulled.sizes["time"] == 4
    assert loading_frames(unloads(pulled, fall, at), study) == expected


def test_a_model_that_knows_unloading_sees_all_frames(pulled, study):
    content = study.model_dump(mode="json")
    content["loading"]["path"] = [[0, 0], [80, 0.1], [100, 0.09]]
    knowing = check_study(content, "test")
    assert loading_frames(unloads(pulled, 1e-3), knowing) is None


def test_models_are_shown_the_loading_alone(pulled, specimen, study, tmp_path):
    found = prepare(specimen, unloads(pulled, 1e-3), study, None, membrane=True)
    solver = Solver.prepare(found.study, found.microstructure, tmp_path)
    seen, theirs = for_models(found, solver)
    np.testing.assert_array_equal(seen.measurement.time, found.measurement.time[:3])
    np.testing.assert_array_equal(seen.measurement.points, found.measurement.points[:3])
    end = seen.measurement.time[-1]
    assert seen.study.loading.path[-1][0] == end
    assert theirs.study.loading.path[-1][0] == end
    assert found.study.loading.path[-1][0] == found.measurement.time[-1]
    assert len(seen.measurement.time) == study.loading.outputs - 1
    assert found.notes == seen.notes
    assert "3 frames, up to 75 s" in found.notes[-1]
    same = prepare(specimen, pulled, study, None, membrane=True)
    assert for_models(same, solver) == (same, solver)


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
