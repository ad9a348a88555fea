"""Measured points to nodes."""

import numpy as np
import pytest
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.inversion.sheet import loading_path, measured_study, sheet_nodes
from slipfield.kinds.slip.measure.resample import Measurement, resample
from slipfield.kinds.slip.measure.specimen_file import part
from slipfield.kinds.slip.projection.resample import OWN_SQUARE
from slipfield.kinds.slip.projection.resample import resample as average
from slipfield.kinds.slip.specimen.mesh import Mesh, bilinear_weights
from slipfield.kinds.slip.study import check_study

MODEL = check_study(
    {
        "name": "model",
        "specimen": {"cells_x": 12, "cells_y": 16, "grains": 10},
        "loading": {"outputs": 4},
    },
    "test",
)


def specimen(step=0.05, time=(25.0, 50.0, 75.0, 100.0), function=None, grains=7):
    """Measured specimen of 2 x 3 mm with a curved left edge and a given strain field."""
    x, y = np.arange(0, 2 + step / 2, step), np.arange(0, 3 + step / 2, step)
    function = function or (lambda x, y: 1 + x + 2 * y + x * y)
    field = 0.001 * function(*np.meshgrid(x, y))
    growth = np.array(time) / 100
    strain = growth[:, None, None, None] * np.stack([-0.4 * field, field, 0.1 * field])
    values = {
        "strain": strain,
        "x_mm": x,
        "y_mm": y,
        "time": np.array(time),
        "displacement": 0.06 * growth,
        "load": 200 * growth,
        "grain_id": np.zeros((4, 4), int),
        "grain_x_mm": np.arange(4.0),
        "grain_y_mm": np.arange(4.0),
        "affine": np.eye(2, 3),
        "size": np.full(grains, np.sqrt(2)),
        "ellipse": np.ones((grains, 2)),
    }
    heights = np.linspace(0, 3, 31)
    edge = 0.05 * np.sin(np.pi * heights / 3)
    values |= {"outline_y": heights, "outline_left": edge, "outline_right": 2 + 0 * edge}
    facts = {"sheet_width_mm": 2.0, "sheet_height_mm": 3.0, "strain_measure": "green_lagrange"}
    return xr.Dataset(part(values), attrs=facts)


def measured(data):
    study = measured_study(data, MODEL)
    mesh = Mesh(*sheet_nodes(data, study))
    return resample(data, study, mesh), mesh


def test_bilinear_weights_reproduce_a_linear_field_on_a_mapped_mesh():
    data = specimen()
    _, mesh = measured(data)
    random = np.random.default_rng(0)
    x, y = 2 * random.random(200), 3 * random.random(200)
    inside, weights = bilinear_weights(mesh, x, y)
    np.testing.assert_allclose(weights @ mesh.positions, np.column_stack([x, y])[inside])
    np.testing.assert_allclose(np.asarray(weights.sum(axis=1)).ravel(), 1)
    left = np.interp(y, mesh.y[:, 0], mesh.x[:, 0])
    np.testing.assert_array_equal(inside, x >= left)


@pytest.mark.parametrize("step", [0.02, 0.05, 0.25])
def test_a_linear_field_comes_back_at_the_nodes_from_finer_and_coarser_points(step):
    found, mesh = measured(specimen(step, function=lambda x, y: 1 + x + 2 * y))
    expected = 0.001 * (1 + mesh.x + 2 * mesh.y)
    np.testing.assert_allclose(found.nodal[-1, 1], expected, rtol=2e-4)
    np.testing.assert_allclose(found.nodal[0, 0], -0.1 * expected, rtol=2e-4)


def test_dense_points_average_noise():
    data = specimen(0.02)
    random = np.random.default_rng(0)
    noise = 1e-4 * random.standard_normal(data["strain"].shape)
    clean, _ = measured(data)
    noisy, _ = measured(data.assign(strain=data["strain"] + noise))
    rms = np.sqrt(np.mean((noisy.nodal - clean.nodal) ** 2))
    points_per_node = (2 / 12 / 0.02) * (3 / 16 / 0.02)
    assert rms < 1.7 * 1e-4 / np.sqrt(points_per_node * 4 / 9)


def test_masked_points_leave_unknown_nodes_and_nothing_else():
    data = specimen()
    hole = (data["x_mm"] > 0.6) & (data["x_mm"] < 1.4) & (data["y_mm"] > 1) & (data["y_mm"] < 2)
    whole, mesh = measured(data)
    found, _ = measured(data.assign(strain=data["strain"].where(~hole)))
    unknown = np.isnan(found.nodal[0, 0])
    middle = np.hypot((mesh.x - 1) / 0.4, (mesh.y - 1.5) / 0.5)
    assert unknown[middle < 0.4].all()
    assert not unknown[middle > 1.6].any()
    known = ~unknown & (middle > 1.6)
    np.testing.assert_allclose(found.nodal[:, :, known], whole.nodal[:, :, known], rtol=2e-2)


def test_frames_stay_at_their_times():
    found, _ = measured(specimen(time=(8.0, 40.0, 100.0)))
    np.testing.assert_array_equal(found.time, [8, 40, 100])
    assert np.isfinite(found.nodal).all()
    np.testing.assert_allclose(found.load, [16, 80, 200])
    study = measured_study(specimen(time=(8.0, 40.0, 100.0)), MODEL)
    assert study.loading.output_times == [8, 25, 40, 50, 75, 100]


def test_no_strain_on_the_sheet_is_one_line():
    data = specimen()
    masked = data.assign(strain=data["strain"].where(data["x_mm"] < 0))
    with pytest.raises(SlipfieldError, match="no frame has a measured point"):
        measured(masked)


def test_study_follows_the_measured_sheet_and_path():
    data = specimen(time=(100.0, 200.0, 300.0, 400.0))
    study = measured_study(data, MODEL)
    assert (study.specimen.width_mm, study.specimen.height_mm) == (2, 3)
    assert study.specimen.grains == 7
    assert study.loading.path == ((0, 0), (400, 0.24))
    assert study.solver.max_step_s == pytest.approx(4 * MODEL.solver.max_step_s)
    assert study.material == MODEL.material


def test_loading_path_keeps_its_corners():
    data = specimen(time=(10.0, 20.0, 30.0, 40.0))
    displacement = ("time", [0.03, 0.06, 0.045, 0.03])
    path = loading_path(data.assign(displacement=displacement))
    assert path == [(0, 0), pytest.approx((20, 0.06)), pytest.approx((40, 0.03))]


def test_loading_path_follows_a_small_unloading_but_no_noise():
    """A metal springs back by a thousandth: 3 um of the 3 mm, a twentieth of the elongation."""
    time = np.arange(5.0, 101.0, 5.0)
    displacement = np.where(time <= 85, 0.06 * time / 85, 0.06 - 0.003 * (time - 85) / 15)
    displacement[-2] += 1e-4
    data = specimen(time=tuple(time))
    path = loading_path(data.assign(displacement=("time", displacement)))
    assert [t for t, _ in path] == [0, 85, 95, 100]
    noise = 5e-5 * np.random.default_rng(1).standard_normal(len(time))
    path = loading_path(data.assign(displacement=("time", 6e-4 * time + noise)))
    assert len(path) == 2


def test_few_grains_are_one_line():
    with pytest.raises(SlipfieldError, match="specimen.grains: given 1"):
        measured_study(specimen(grains=1), MODEL)


def test_averages_over_windows_agree_with_those_of_finer_meshes():
    """Points at the nodes of a mesh twice as fine: two ways to the same integral."""
    nodes = [np.linspace(0, 2, n) for n in (17, 33)]
    meshes = [Mesh(*np.meshgrid(each, each)) for each in nodes]
    fine = np.random.default_rng(1).standard_normal((2, 3, 33, 33))
    fine[0, :, 4:13, 6:20] = np.nan
    inside, sampling = bilinear_weights(meshes[0], meshes[1].x.ravel(), meshes[1].y.ravel())
    assert inside.all()
    points = fine.reshape(2, 3, -1)
    measurement = Measurement(np.arange(2), points, np.ones(2), sampling, meshes[0], (1 / 16,) * 2)
    width = np.sqrt(1.0 + OWN_SQUARE / 4)
    found, expected = measurement.averaged(width), average(fine, (17, 17), (1.0, 1.0))
    both = np.isfinite(found) & np.isfinite(expected)
    np.testing.assert_allclose(found[both], expected[both], atol=1e-5)
    assert np.isnan(found[0, 0, 4:6, 5:9]).all()
    assert np.isfinite(found[1]).all()


def test_points_further_apart_than_nodes_are_not_averaged():
    measurement, _ = measured(specimen(step=0.25))
    np.testing.assert_array_equal(measurement.averaged(1.0), measurement.nodal)
