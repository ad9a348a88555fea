"""Orientation map and load curve with the errors of instruments, through the import."""

from dataclasses import replace

import numpy as np
import pytest

from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_orientation_map
from slipfield.kinds.slip.measure.loads import add_load
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler
from slipfield.kinds.slip.virtual_lab.files import Errors, off_by, write_others
from tests.kinds.slip.measure.test_resample import specimen
from tests.shards import tiny_study

ERRORS = Errors(pixel=0.02, turn=3.0, orientation=0.3, mark=0.2)


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    """Study, grain map, and folder of the files."""
    folder = tmp_path_factory.mktemp("files")
    study = tiny_study()
    micro = make_microstructure(study, 0)
    time = np.linspace(5, 100, 20)
    write_others(micro, study, time, 200 * (1 - np.exp(-time / 20)), ERRORS, 4, folder)
    return study, micro, folder


def test_a_turned_map_comes_back_to_the_sheet_with_its_orientations(laboratory):
    study, micro, folder = laboratory
    data = specimen().drop_dims(["grain", "grain_x", "grain_y"])
    size = study.specimen.width_mm, study.specimen.height_mm
    data = data.assign_attrs(sheet_width_mm=size[0], sheet_height_mm=size[1])
    options = GrainOptions(control_points=folder / "marks.csv")
    found = add_orientation_map(data, folder / "grains.ctf", options)
    turn = found["affine"].values
    angle = np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))
    assert angle == pytest.approx(ERRORS.turn, abs=0.4)
    distance, turned = off_by(turn, study, ERRORS)
    assert distance < 5
    assert turned < 0.4
    grain_x, grain_y = np.meshgrid(found["grain_x_mm"], found["grain_y_mm"])
    place = np.stack([grain_x.ravel(), grain_y.ravel(), np.ones(grain_x.size)])
    x, y = found["affine"].values @ place
    own = found["grain_id"].values.ravel()
    heights, lines = micro["y_mm"].values[:, 0], micro["x_mm"].values[0]
    near = micro["grain_id"].values[
        np.abs(heights[:, None] - y).argmin(axis=0), np.abs(lines[:, None] - x).argmin(axis=0)
    ]
    for grain in range(found.sizes["grain"]):
        true = np.bincount(near[own == grain]).argmax()
        share = np.mean(near[own == grain] == true)
        if share > 0.8:
            one, other = (
                matrix_of_euler(e["euler"].values[number])
                for e, number in ((found, grain), (micro, true))
            )
            assert _misorientation(one, other) < 1.0


def test_without_control_points_a_map_is_off_by_its_shift_and_turn(tmp_path):
    study = tiny_study()
    errors = replace(ERRORS, turn=0.0, marks=0)
    write_others(make_microstructure(study, 0), study, np.ones(1), np.ones(1), errors, 4, tmp_path)
    assert not (tmp_path / "marks.csv").exists()
    upright = np.column_stack([np.eye(2), np.zeros(2)])
    assert off_by(upright, study, errors) == pytest.approx((1e3 * np.hypot(0.03, 0.02), 0))
    angle = np.radians(2.0)
    middle = 0.5 * np.array([study.specimen.width_mm, study.specimen.height_mm])
    shift = np.array(errors.shift)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    about = np.column_stack([turn, middle - turn @ (middle - shift)])
    assert off_by(about, study, errors) == pytest.approx((0, 2.0), abs=1e-9)


def _misorientation(one, other):
    """Smallest angle between two cubic crystals, degrees: over signed permutations."""
    best = 0.0
    for order in ((0, 1, 2), (1, 2, 0), (2, 0, 1), (0, 2, 1), (2, 1, 0), (1, 0, 2)):
        for signs in np.ndindex(2, 2, 2):
            symmetry = np.eye(3)[list(order)] * (1 - 2 * np.array(signs))[:, None]
            if np.linalg.det(symmetry) > 0:
                best = max(best, np.trace(symmetry @ one @ other.T))
    return np.degrees(np.arccos(min(1.0, (best - 1) / 2)))


def test_readings_scatter_about_the_load(laboratory):
    *_, folder = laboratory
    data = specimen(time=tuple(np.linspace(5, 100, 20)))
    found = add_load(data, folder / "load.csv", None, 0.0, 1.0)
    true = 200 * (1 - np.exp(-np.linspace(5, 100, 20) / 20))
    relative = found["load"].values / true - 1
    assert np.abs(relative).max() < 4 * ERRORS.load
    assert relative.std() > 0.1 * ERRORS.load
