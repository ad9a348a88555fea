"""Frames at any times give the answer that frames at the model's outputs give."""

import numpy as np
import pytest
import xarray as xr

from slipfield.core.files import open_netcdf, write_netcdf
from slipfield.kinds.slip.inversion.answers import Model, by_projection
from slipfield.kinds.slip.inversion.outputs import at_outputs
from slipfield.kinds.slip.inversion.unusual import channels
from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.measure.times import solver_times
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.mesh import Mesh, bilinear_weights
from slipfield.kinds.slip.study import check_study
from tests.shards import fields, make_microstructure, reference

pytestmark = pytest.mark.slow

TRUTH = np.array([140.0, 22.0, 16.0])
FRAMES = {
    "at the outputs": [25.0, 50.0, 75.0, 100.0],
    "every 8 s": list(np.arange(8.0, 97.0, 8.0)),
    "every 10 s": list(np.arange(10.0, 101.0, 10.0)),
    "irregular": [3.0, 9.0, 22.0, 27.0, 49.0, 58.0, 66.0, 71.0, 96.0, 100.0],
}


def measured(study, times, folder):
    """Forward run at the centre, noisy measurement at the frames, grain map and its study."""
    outputs, _ = solver_times(np.array(times), times[-1], study.loading.outputs)
    content = study.model_dump(mode="json")
    end = times[-1]
    content["loading"] = {
        "path": [[0, 0], [end, 0.1]],
        "outputs": len(outputs),
        "output_times_s": outputs.tolist(),
    }
    own = check_study(content, "frames")
    grains = make_microstructure(own, 6)
    centre = np.array(study.sampling.centre)
    write_netcdf(reference(own, grains, centre), folder / "run.nc", own)
    run = Reference.read(folder / "run.nc")
    chosen = np.isin(outputs, times)
    strain, load = fields(own, grains, TRUTH)
    random = np.random.default_rng(1)
    points = strain[chosen].reshape(len(times), 3, -1)
    points = points + 2e-4 * random.standard_normal(points.shape)
    load = load[chosen] * (1 + 2e-3 * random.standard_normal(len(times)))
    mesh = Mesh(grains["x_mm"].values, grains["y_mm"].values)
    _, sampling = bilinear_weights(mesh, mesh.x.ravel(), mesh.y.ravel())
    step = float(mesh.x[0, 1] - mesh.x[0, 0])
    return (
        run,
        Measurement(np.array(times), points, load, sampling, mesh, (step, step)),
        grains,
        own,
    )


@pytest.fixture(scope="module")
def model(projection):
    return Model.load(projection)


@pytest.mark.parametrize("name", FRAMES)
def test_the_answer_does_not_depend_on_when_frames_were_taken(model, name, tmp_path):
    run, measurement, grains, own = measured(model.study, FRAMES[name], tmp_path)
    found = by_projection(model, run, measurement, 2e-3)
    assert np.all((found.low < TRUTH) & (TRUTH < found.high))
    assert np.abs(found.parameters / TRUTH - 1).max() < 0.2
    masked = next(
        channel
        for channel in channels(xr.Dataset(), grains, own, model.study, measurement, [found])
        if channel.name == "masked nodes"
    )
    assert masked.given == "0.0 %"


@pytest.mark.parametrize("name", ["every 8 s", "irregular"])
def test_outputs_between_frames_follow_the_run(model, name, tmp_path):
    """Strain and load at the outputs are those of the truth, not of the run at the centre."""
    run, measurement, grains, own = measured(model.study, FRAMES[name], tmp_path)
    given = at_outputs(measurement, measurement.nodal, model.study.loading.outputs, run)
    assert given.time[-1] == FRAMES[name][-1]
    assert given.repetition == 1
    assert np.isfinite(given.strain).all() and np.isfinite(given.load).all()
    strain, load = fields(own, grains, TRUTH)
    at = [int(np.flatnonzero(np.isclose(run.time, t))[0]) for t in given.time]
    np.testing.assert_allclose(given.load, load[at], rtol=8e-3)
    assert np.abs(run.load[at] / load[at] - 1).min() > 0.02
    assert np.sqrt(np.mean((given.strain - strain[at]) ** 2)) < 2.5e-4


def test_a_file_holds_the_outputs_of_its_study(model, tmp_path):
    measured(model.study, FRAMES["irregular"], tmp_path)
    with open_netcdf(tmp_path / "run.nc") as data:
        assert set(FRAMES["irregular"]) <= set(data["time"].values.tolist())
