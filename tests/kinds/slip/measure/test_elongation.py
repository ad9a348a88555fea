"""Elongation where an edge of the sheet is masked in some frames."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.elongation import elongation_noise, with_elongation
from slipfield.kinds.slip.measure.specimen_file import part
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from tests.kinds.slip.measure import measurement as m

HEIGHT = 1.5
FRAMES = (0.01, 0.02, 0.03, 0.04, 0.05)
OPTIONS = StrainOptions(
    format="vic2d", scale=m.SCALE, interval=10.0, origin=(0.0, 0.0), sheet=(1.0, HEIGHT)
)


def imported(folder, lost, **changes):
    """Elongation (frames,) in mm, and the whole specimen, of a test that lost some points."""
    test = m.Test(elongation=FRAMES, lost=lost)
    data = import_strain(m.write_vic2d(test, folder), replace(OPTIONS, **changes))
    return data["displacement"].values, data


def band(frame, rows):
    """All points of some rows of a frame."""
    return [(frame, row, column) for row in rows for column in range(21)]


@pytest.mark.parametrize("rows", [range(24, 31), range(26, 31), range(0, 6)])
def test_a_masked_edge_is_taken_from_the_frames_beside(tmp_path, rows):
    """Top or bottom band lost in the third frame: no step of the elongation to half of itself."""
    found, data = imported(tmp_path, band(2, rows))
    np.testing.assert_allclose(found, HEIGHT * np.array(FRAMES), rtol=2e-3)
    assert data.attrs["displacement_source"].endswith("frame 2 from the frames beside")


@pytest.mark.parametrize("rows", [range(29, 31), range(30, 31)])
def test_a_thin_masked_edge_is_extrapolated_as_before(tmp_path, rows):
    found, data = imported(tmp_path, band(2, rows), sheet=(1.0, HEIGHT), origin=(0.0, 0.0))
    np.testing.assert_allclose(found[2], HEIGHT * FRAMES[2], rtol=5e-2)


def test_the_last_frame_without_an_edge_is_refused_by_its_number(tmp_path):
    with pytest.raises(SlipfieldError, match="top edge of the sheet is masked in frame 4"):
        imported(tmp_path, band(4, range(24, 31)))


def test_edges_masked_in_most_frames_are_refused(tmp_path):
    lost = [place for frame in range(3) for place in band(frame, range(6))]
    with pytest.raises(SlipfieldError, match="bottom edge .* in frame 0 and in 2 others"):
        imported(tmp_path, lost)


def test_without_displacements_points_at_an_edge_stand_for_half_a_step():
    """The mean stretch of a strain that is larger at the edges, on a grid that meets them."""
    x = np.linspace(0, 2, 21)
    stretch = np.broadcast_to(1.04 + 0.02 * (np.abs(x - 1) > 0.95), (1, 21, 21))
    strain = np.stack([0 * stretch, 0.5 * (stretch**2 - 1), 0 * stretch], axis=1)
    values = {"strain": strain, "x_mm": x, "y_mm": x, "time": [10.0]}
    facts = {
        "strain_measure": "green_lagrange",
        "sheet_width_mm": 2.0,
        "sheet_height_mm": 2.0,
    }
    data = with_elongation(xr.Dataset(part(values), attrs=facts))
    # Two columns of 21 differ; each stands for half a step of the twenty.
    np.testing.assert_allclose(data["displacement"], 2 * (0.04 + 0.02 / 20), rtol=1e-6)


def drawn(path, noise, strain_noise, seed=3):
    """A specimen of 41 x 21 points, 0.1 mm apart, whose elongation, mm, has white noise."""
    random = np.random.default_rng(seed)
    time, y, x = np.arange(1.0, len(path) + 1), 0.1 * np.arange(41), 0.1 * np.arange(21)
    strain = strain_noise * random.standard_normal((len(path), 3, len(y), len(x)))
    strain[:, 1] += (path / 4)[:, None, None]
    moved = path + noise * random.standard_normal(len(path))
    return xr.Dataset(
        {
            "strain": (("time", "component", "y", "x"), strain),
            "displacement": ("time", moved),
        },
        {"time": time, "y_mm": y, "x_mm": x},
    )


def test_noise_of_the_elongation_is_told_by_its_frames():
    data = [drawn(0.004 * np.arange(1, 41), 1e-4, 1e-3, seed) for seed in range(20)]
    assert np.mean([elongation_noise(one) for one in data]) == pytest.approx(1e-4, rel=0.15)


def test_many_turns_of_the_loading_are_no_noise():
    """Eight frames, three turns; no elongation is worse than a point's strain over two steps."""
    path = np.array([0.02, 0.04, 0.01, 0.03, 0.05, 0.02, 0.04, 0.06])
    assert elongation_noise(drawn(path, 1e-5, 1e-4)) < 0.2 * 1.2e-3


def test_few_frames_tell_no_noise():
    assert elongation_noise(drawn(np.array([0.01, 0.02]), 1e-4, 1e-3)) == 0
