"""The recursion frame by frame against the projection of a finished test, by the shipped model."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.inversion.answers import Model, by_projection
from slipfield.kinds.slip.inversion.estimates import with_scatter
from slipfield.kinds.slip.inversion.stiffening import without_factor
from slipfield.kinds.slip.live.recursion import Recursion
from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.measure.times import between_frames, solver_times
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.mesh import Mesh, bilinear_weights
from slipfield.kinds.slip.study.study import Study
from slipfield.kinds.slip.thickness.prior import sheet_factor
from tests.docs.test_overview import REPOSITORY

CELLS, LOAD_NOISE = 16, 0.005


@pytest.fixture(scope="module")
def model():
    return Model.load(REPOSITORY / "results/reference/model")


def smooth(random, *shape):
    """Random fields (*shape, y, x) of unit size that vary over a few cells."""
    fields = random.standard_normal((*shape, CELLS + 1, CELLS + 1))
    found = gaussian_filter(fields, (0,) * len(shape) + (1.5, 1.5))
    return (found / found.std()).astype(np.float32)


@pytest.fixture(scope="module")
def case(model):
    """A run with outputs at uneven frames and at the model's, and a noisy measurement with gaps."""
    random = np.random.default_rng(5)
    end = model.study.loading.path[-1][0]
    frames = np.array([4, 9, 15.5, 19.8, 27, 30, 36, 41, 44, 52, 60, 64, 71, 75, 83, 90, 96, end])
    times, wanted = solver_times(frames, end, model.study.loading.outputs)
    share = times / end
    course = share[:, None, None, None]
    mean = np.array([-0.5, 1.0, 0.0])[:, None, None]
    strain = 0.05 * course * (mean + 0.2 * smooth(random, 3))
    # derivatives grow with the strain, and their pattern changes on the way
    rates = 2e-3 * course * (smooth(random, 3, 1, 3) + course * smooth(random, 3, 1, 3))
    load = 250 * share**0.2
    load_rates = (
        np.array([0.5, 0.3, 0.2])[:, None] * load * np.array([share, 1 - 0.5 * share, share**0])
    )
    centre = np.array(model.study.sampling.centre)
    run = Reference(
        0,
        centre,
        times,
        1e-3 * times,
        strain.astype(np.float32),
        load,
        rates,
        load_rates,
        "green_lagrange",
    )
    moved = np.array([0.3, -0.2, 0.4])
    x, y = np.meshgrid(np.linspace(0, 2, CELLS + 1), np.linspace(0, 2, CELLS + 1))
    px, py = np.meshgrid(np.linspace(0, 2, 2 * CELLS + 1), np.linspace(0, 2, 2 * CELLS + 1))
    mesh = Mesh(x, y)
    _, sampling = bilinear_weights(mesh, px.ravel(), py.ravel())
    true = run.at(frames)
    field = true.strain + np.tensordot(moved, true.strain_rates, axes=1)
    points = np.stack([(sampling @ f.reshape(3, -1).T.astype(float)).T for f in field])
    points += 5e-4 * random.standard_normal(points.shape)
    points[3:6, :, :200] = np.nan
    measured = true.load * np.exp(moved @ (true.load_rates / true.load))
    measured *= 1 + LOAD_NOISE * random.standard_normal(len(frames))
    measured[7] = np.nan
    spacing = (1 / CELLS, 1 / CELLS)
    return run, wanted, Measurement(frames, points, measured, sampling, mesh, spacing)


def followed(model, case, factor=None):
    """States after each frame, the last one also settled."""
    run, wanted, measurement = case
    empty = replace(measurement, points=np.full_like(measurement.points, np.nan))
    recursion, states = Recursion(model, run, wanted, empty, LOAD_NOISE, factor), []
    for number, (at, points) in enumerate(zip(measurement.time, measurement.points, strict=True)):
        recursion.add(at, points)
        if recursion.reached.any():
            states.append(recursion.state(measurement.load[: number + 1]))
    recursion.finish()
    return [*states, recursion.state(measurement.load)]


def same(states, batch, steps=2):
    """The settled state is that of the finished test; the last step came within 1e-4 of it."""
    for state, away in ((states[-1], 1e-6), (states[-2], 1e-4))[:steps]:
        for part in ("parameters", "low", "high"):
            found, expected = (np.log(getattr(each, part)) for each in (state.answer, batch))
            np.testing.assert_allclose(found, expected, rtol=0, atol=away, err_msg=part)


def test_it_ends_where_the_projection_of_the_whole_test_ends(model, case):
    run, _, measurement = case
    states = followed(model, case)
    same(states, by_projection(model, run, measurement, LOAD_NOISE))


def test_so_it_does_where_the_last_output_is_carried_on_from_the_last_frame(model, case):
    run, _, measurement = case
    early = replace(
        measurement,
        time=measurement.time[:-1],
        points=measurement.points[:-1],
        load=measurement.load[:-1],
    )
    wanted = solver_times(early.time, float(run.time[-1]), model.study.loading.outputs)[1]
    assert between_frames(early.time, wanted)[-1].any() and wanted[-1] > early.time[-1] + 1
    same(followed(model, (run, wanted, early)), by_projection(model, run, early, LOAD_NOISE), 1)


@pytest.mark.slow
def test_so_it_does_with_a_sheets_thickness(model, case):
    run, _, measurement = case
    study: Study = model.study
    factor = sheet_factor(study.material, 0.5, np.full(50, 0.08), np.full(50, 0.3))
    steps = factor.mean + factor.deviation * np.array([0.0, -1.0, 1.0])
    batch = with_scatter(
        *(
            by_projection(model, run, without_factor(measurement, run, factor, step), LOAD_NOISE)
            for step in steps
        )
    )
    same(followed(model, case, factor), batch)


def test_what_the_rest_of_the_test_will_tell_is_known_beforehand(model, case):
    states = followed(model, case)
    early, last = states[4], states[-1]
    assert (early.deviation > 1.1 * last.deviation).any()
    np.testing.assert_allclose(early.at_end, last.deviation, rtol=0.5)
    np.testing.assert_allclose(last.at_end, last.deviation, rtol=0.2)


def test_frames_without_loads_and_before_the_first_output(model, case):
    run, wanted, measurement = case
    recursion = Recursion(model, run, wanted, measurement, LOAD_NOISE)
    recursion.add(2.0, measurement.points[0])
    assert not recursion.reached.any()
    recursion.add(5.0, measurement.points[0])
    assert np.isfinite(recursion.state(np.full(2, np.nan)).answer.parameters).all()
    with pytest.raises(SlipfieldError, match="not stretched beyond"):
        recursion.add(5.0, measurement.points[0])
