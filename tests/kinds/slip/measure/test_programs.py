"""Readers of programs whose files do not hold what a specimen file wants."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers import dice
from slipfield.kinds.slip.measure.readers.strain_formats import recognised
from slipfield.kinds.slip.measure.specimen_file import provenance
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from slipfield.kinds.slip.measure.strain_measures import convert
from tests.kinds.slip.measure import measurement as m
from tests.kinds.slip.measure import other_programs as p

TEST = m.Test()


def test_mudic_strains_become_hencky_strain_at_undeformed_places(tmp_path):
    files = p.write_mudic(TEST, tmp_path)
    assert recognised(files[0]).NAME == "mudic"
    data = import_strain(files, StrainOptions(scale=m.SCALE, interval=1.0))
    assert data.attrs["strain_measure"] == "hencky"
    np.testing.assert_allclose(data["x_mm"], TEST.x, atol=1e-6)
    green = convert(data["strain"].values.astype(float), "hencky", "green_lagrange", axis=1)
    np.testing.assert_allclose(green, TEST.measured, atol=1e-7)
    np.testing.assert_allclose(data["v"], TEST.v, atol=1e-6)


@pytest.mark.parametrize(
    ("write", "scale"),
    [(p.write_davis, m.SCALE), (p.write_davis_10, None), (p.write_davis_csv, None)],
)
def test_davis_vectors_are_differentiated(write, scale, tmp_path):
    """Planes through symmetric windows have the exact slopes of a quadratic displacement."""
    files = write(TEST, tmp_path)
    assert recognised(files[0]).NAME == "davis"
    data = import_strain(files, StrainOptions(scale=scale, interval=1.0))
    assert data.attrs["strain_measure"] == "green_lagrange"
    np.testing.assert_allclose(data["v"], np.where(TEST.mask, np.nan, TEST.v), atol=1e-6)
    found, expected = data["strain"].values, TEST.measured
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    whole = np.s_[[0, 2], :, 2:-2, 2:-2]
    np.testing.assert_allclose(found[whole], expected[whole], atol=1e-7)
    # At the edges and beside a gap half of the window is missing.
    slope = 0.08 * max(TEST.elongation) * m.STEP_MM
    assert np.nanmax(np.abs(found - expected)) < 2 * slope
    (entry,) = provenance(data)
    assert "no strains" in entry["notes"][0]


def test_velocities_of_davis_are_refused(tmp_path):
    with pytest.raises(SlipfieldError, match="unit 'm/s' of column 'Vx'"):
        import_strain(p.write_davis_10(TEST, tmp_path, "m/s"), StrainOptions(interval=1.0))


def test_a_table_of_no_known_program_is_told_how_to_name_its_columns(tmp_path):
    (tmp_path / "f1.csv").write_text("Xpos,Ypos,strain_xx\n0,0,0.1\n1,1,0.1\n")
    with pytest.raises(SlipfieldError, match="among 'Xpos', 'Ypos', 'strain_xx'.*howto-dic"):
        recognised(tmp_path / "f1.csv")


@pytest.mark.parametrize(("axes", "load_axis"), [((1, 1), "y"), ((1, -1), "y"), ((-1, -1), "-y")])
def test_stereo_results_of_dice_lie_as_their_pixels_do(axes, load_axis, tmp_path):
    """Model coordinates with y up, with y down, and turned by half a turn with y up."""
    files = p.write_dice_stereo(TEST, tmp_path, axes)
    data = import_strain(files, StrainOptions(interval=m.INTERVAL, load_axis=load_axis))
    np.testing.assert_allclose(data["strain"], TEST.measured, atol=1e-7)
    np.testing.assert_allclose(data["v"], np.where(TEST.mask, np.nan, TEST.v), atol=1e-6)
    assert [entry["notes"] for entry in provenance(data)] == [[dice.TURNED] if axes[0] < 0 else []]


def test_stereo_results_of_dice_need_their_pixels(tmp_path):
    files = p.write_dice_stereo(TEST, tmp_path)
    for path in files:
        path.write_text(path.read_text().replace("COORDINATE_Y", "OTHER_Y", 1))
    with pytest.raises(SlipfieldError, match="write COORDINATE_X and COORDINATE_Y"):
        import_strain(files, StrainOptions(interval=1.0))


@pytest.mark.parametrize("turn", [0.0, 0.02])
def test_vic3d_points_on_no_grid_are_interpolated(turn, tmp_path):
    """Strain and displacement are polynomials of the position; edges lose at most one row."""
    files = p.write_vic3d(TEST, tmp_path, turn)
    assert recognised(files[0]).NAME == "vic3d"
    data = import_strain(files, StrainOptions(interval=1.0))
    strain = data["strain"].values
    for part in range(3):
        expected = TEST.strain[-1, part]
        found = strain[-1, part][np.isfinite(strain[-1, part])]
        spread = np.ptp(expected)
        assert found.mean() == pytest.approx(expected.mean(), abs=0.05 * spread)
        assert np.ptp(found) == pytest.approx(spread, rel=0.15)
    assert abs(data["x_mm"].values[-1] - TEST.x[-1]) < 3 * m.STEP_MM
    share = data["displacement"].values / data.attrs["sheet_height_mm"]
    np.testing.assert_allclose(share, TEST.elongation, rtol=0.01)


def test_measure_of_vic3d_header(tmp_path):
    files = p.write_vic3d(TEST, tmp_path, measure="Hencky")
    assert import_strain(files, StrainOptions(interval=1.0)).attrs["strain_measure"] == "hencky"


def test_pyaldic_tells_its_measure_in_matlab_files_alone(tmp_path):
    files = p.write_pyaldic(TEST, tmp_path)
    with pytest.raises(SlipfieldError, match="--strain-measure"):
        import_strain(files, StrainOptions(scale=m.SCALE, interval=1.0))


def test_nonlocal_strains_of_dice_are_read(tmp_path):
    files = m.write_dice(TEST, tmp_path)
    for path in files:
        path.write_text(path.read_text().replace("VSG_STRAIN", "NLVC_STRAIN"))
    data = import_strain(files, StrainOptions(scale=m.SCALE, interval=1.0))
    np.testing.assert_allclose(data["strain"], TEST.measured, atol=1e-7)


def test_ncorr_without_a_size_of_its_pixels_is_refused(tmp_path, monkeypatch):
    content = m.ncorr_content(TEST)
    content["dispinfo"]["pixtounits"] = 0.0
    monkeypatch.setattr(m, "ncorr_content", lambda test: content)
    with pytest.raises(SlipfieldError, match="0 units a pixel"):
        import_strain(m.write_ncorr(TEST, tmp_path), StrainOptions(interval=1.0))


def test_opencorr_without_strains_is_differentiated(tmp_path):
    files = p.write_opencorr(TEST, tmp_path)
    for path in files:
        rows = [line.split(",")[:10] for line in path.read_text().splitlines()]
        path.write_text("\n".join(",".join(row) for row in rows) + "\n")
    data = import_strain(files, StrainOptions(scale=m.SCALE, interval=1.0))
    np.testing.assert_array_equal(np.isnan(data["strain"]), np.isnan(TEST.measured))
    inner = np.s_[[0, 2], :, 2:-2, 2:-2]
    np.testing.assert_allclose(data["strain"].values[inner], TEST.measured[inner], atol=1e-7)
