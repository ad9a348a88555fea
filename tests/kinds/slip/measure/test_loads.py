"""Loads at the frames, and what a load table says about elongation."""

from dataclasses import replace

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.doubts import doubts
from slipfield.kinds.slip.measure.loads import add_load, around_frames, displacement_note
from slipfield.kinds.slip.measure.specimen_file import problems
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from slipfield.kinds.slip.study.plausible import thickness_doubts
from tests.kinds.slip.measure import measurement as m

FRAMES = np.arange(5.0, 101.0, 5.0)
OPTIONS = StrainOptions(scale=m.SCALE, interval=10.0, thickness=1.0)


def curve(time):
    """Load of a metal that yields at 10 s, N."""
    return 300 * np.tanh(time / 10) + 2 * time


def test_readings_around_a_frame_average_their_noise():
    """20 readings a frame: the noise falls to a third or less, without a bias."""
    time = np.arange(0, 101, 0.25)
    random = np.random.default_rng(3)
    errors = []
    for _ in range(40):
        load = curve(time) + 2.0 * random.standard_normal(len(time))
        errors.append(around_frames(FRAMES, time, load) - curve(FRAMES))
    errors = np.array(errors)[:, 3:]
    assert np.sqrt((errors**2).mean()) < 0.8
    assert np.abs(errors.mean(axis=0)).max() < 0.6


def test_where_the_curve_has_a_corner_the_reading_itself_counts():
    time = np.arange(0, 101, 0.25)
    load = np.where(time < 50, 6 * time, 300 - 40 * (time - 50) * (time < 53) - 120 * (time >= 53))
    load = load + 0.2 * np.random.default_rng(1).standard_normal(len(time))
    found = around_frames(FRAMES, time, load)
    assert found[FRAMES == 50] == pytest.approx(300, abs=1)


@pytest.mark.parametrize("count", [21, 41])
def test_few_readings_are_interpolated(count):
    time = np.linspace(0, 100, count)
    np.testing.assert_allclose(
        around_frames(FRAMES, time, curve(time)), np.interp(FRAMES, time, curve(time)), rtol=1e-12
    )


@pytest.fixture
def strain(tmp_path):
    return import_strain(m.write_vic2d(m.Test(), tmp_path), OPTIONS)


def with_column(folder, strain, factor, **options):
    """Specimen with a load table whose displacement column is ``factor`` times the truth."""
    time = np.linspace(0, 40, 81)
    elongation = factor * 1.5 * np.interp(time, [0, 10, 20, 30, 40], [0, 0.01, 0.02, 0.03, 0.04])
    table = np.column_stack([time, 200 * np.tanh(time / 10), elongation])
    path = folder / "load.csv"
    header = "time_s,load_N,displacement_mm"
    np.savetxt(path, table, delimiter=",", header=header, comments="", fmt="%.9g")
    return add_load(strain, path, None, 0.0, None, **options)


@pytest.mark.parametrize("factor", [1.0, 1.25, 0.5, 1.015, 63.0])
def test_a_crosshead_does_not_replace_what_the_maps_show(tmp_path, strain, factor):
    data = with_column(tmp_path, strain, factor)
    np.testing.assert_array_equal(data["displacement"], strain["displacement"])
    note = displacement_note(data)
    warned = [doubt for doubt in doubts(data) if "load table" in doubt]
    if abs(factor - 1) < 0.02:
        assert "they agree" in note and not warned
    else:
        expected = f"{100 * abs(1 / factor - 1):.0f} % {'less' if factor > 1 else 'more'}"
        assert (expected if factor < 2 else "another size altogether") in warned[0]
        assert ("compliance" if factor > 1 else "--scale") in warned[0]


def test_a_displacement_column_is_used_on_request(tmp_path, strain):
    data = with_column(tmp_path, strain, 1.1, use_displacement=True)
    np.testing.assert_allclose(data["displacement"], 1.1 * 1.5 * np.array([0.01, 0.02, 0.03, 0.04]))
    assert "used as the elongation" in displacement_note(data)
    assert not [doubt for doubt in doubts(data) if "load table" in doubt]
    path = m.write_load(tmp_path / "plain.csv", m.Test())
    with pytest.raises(SlipfieldError, match="use-displacement: .* no column"):
        add_load(strain, path, None, 0.0, None, use_displacement=True)


@pytest.mark.parametrize(
    ("elongation", "places"), [((0.01,) * 5, 4), ((0.01, 0.006, 0.009, 0.008, 0.0085), 2)]
)
def test_increments_are_told_from_sums_by_the_load(elongation, places, tmp_path):
    """Correlation with the frame before: the load rises on, the strain of each step does not."""
    test = m.Test(elongation=elongation, lost=[])
    data = import_strain(m.write_vic2d(test, tmp_path), OPTIONS)
    (tmp_path / "load.csv").write_text("time_s,load_N\n0,0\n50,200\n")
    data = add_load(data, tmp_path / "load.csv", None, 0.0, None)
    (problem,) = problems(data)
    assert f"in {places} places; strains and displacements must be those since" in problem


def test_frames_of_one_elongation_and_an_exchanged_pair_are_asked_about(tmp_path):
    test = m.Test(elongation=(0.01, 0.0101, 0.0099, 0.01), lost=[])
    data = import_strain(m.write_vic2d(test, tmp_path), OPTIONS)
    assert any("mm in all frames; if strains" in doubt for doubt in doubts(data))
    steps = (0.01, 0.02, 0.04, 0.03, 0.05, 0.06)
    data = import_strain(m.write_vic2d(m.Test(elongation=steps, lost=[]), tmp_path), OPTIONS)
    (tmp_path / "load.csv").write_text("time_s,load_N\n0,0\n60,200\n")
    data = add_load(data, tmp_path / "load.csv", None, 0.0, None)
    assert not list(problems(data))
    assert any("falls from frame 2 to the next" in doubt for doubt in doubts(data))


def test_a_sheet_that_is_thicker_than_wide_is_asked_about(tmp_path):
    files = m.write_vic2d(m.Test(lost=[]), tmp_path)
    usual = import_strain(files, OPTIONS)
    assert not [doubt for doubt in doubts(usual) if "thickness" in doubt]
    width = usual.attrs["sheet_width_mm"]
    thick = import_strain(files, replace(OPTIONS, thickness=1.01 * width))
    (found,) = [doubt for doubt in doubts(thick) if "thickness" in doubt]
    assert found == next(thickness_doubts("--thickness", 1.01 * width, width))


def test_a_frame_that_was_saved_twice_is_asked_about(tmp_path):
    files = m.write_vic2d(m.Test(elongation=(0.01, 0.02, 0.03, 0.04), lost=[]), tmp_path)
    assert not [doubt for doubt in doubts(import_strain(files, OPTIONS)) if "again" in doubt]
    files[2].write_bytes(files[1].read_bytes())
    found = [doubt for doubt in doubts(import_strain(files, OPTIONS)) if "again" in doubt]
    assert found == [
        "strain: frame 2 holds the values of frame 1 again; take out what was saved twice"
    ]
