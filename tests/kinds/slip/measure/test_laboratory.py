"""Measurement files of a simulated sample."""

import numpy as np
import pytest

from slipfield.kinds.slip.bench.measuring import read_measured
from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_orientation_map
from slipfield.kinds.slip.measure.laboratory import Instruments, write_laboratory
from slipfield.kinds.slip.measure.readers import ctf
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from tests.shards import make_microstructure, make_shard, tiny_study

SIZES = (2.0, 3.05)


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    """A sheet whose height is no multiple of the pixel."""
    folder = tmp_path_factory.mktemp("laboratory")
    study = tiny_study(specimen={"width_mm": SIZES[0], "height_mm": SIZES[1]})
    grains = make_microstructure(study, 0)
    sample = make_shard(study, grains, np.array([0]), np.array([[140.0, 22.0, 16.0]]))
    write_laboratory(sample.isel(sample=0), grains, study, Instruments(0.05, 0.1), folder)
    return folder


def test_a_sheet_keeps_its_height_whatever_the_pixel(laboratory):
    scan = ctf.read(laboratory / "grains.ctf")
    sizes = [len(at) * (at[-1] - at[0]) / (len(at) - 1) for at in (scan.x, scan.y)]
    np.testing.assert_allclose(sizes, SIZES, rtol=1e-4)
    options = StrainOptions(scale=0.005, interval=25.0, sheet=SIZES)
    data = import_strain(sorted((laboratory / "dic").glob("*.csv")), options)
    data = add_orientation_map(data, laboratory / "grains.ctf", GrainOptions())
    # Four joints between five rows of grains, at the heights of the study's bands.
    rows = np.flatnonzero(np.diff(data["grain_id"].values[:, 0]))
    joints = data["grain_y_mm"].values[rows] + 0.5 * sizes[1] / len(scan.y)
    np.testing.assert_allclose(joints, 3.05 * np.array([0.14, 0.32, 0.68, 0.86]), atol=0.06)


def test_frames_at_uneven_times_keep_them(tmp_path):
    """They were read as evenly spaced by the first: an unloading then took another course."""
    times = (10.0, 60.0, 96.0, 100.0)
    study = tiny_study(loading={"outputs": 4, "output_times_s": times})
    grains = make_microstructure(study, 0)
    sample = make_shard(study, grains, np.array([0]), np.array([[140.0, 22.0, 16.0]]))
    sample = sample.isel(sample=0).assign(time=("time", np.array(times)))
    write_laboratory(sample, grains, study, Instruments(0.05, 0.1), tmp_path)
    np.testing.assert_allclose(read_measured(tmp_path)["time"], times)


def test_the_phase_is_that_of_the_study(laboratory):
    head = (laboratory / "grains.ctf").read_text().split("\nPhase\t")[0]
    assert "tiny (fcc)" in head and "Copper" not in head
