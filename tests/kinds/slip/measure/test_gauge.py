"""The virtual strain gauge: its width against the arithmetic of correlation programs."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.doubts import doubts
from slipfield.kinds.slip.measure.gauge import Gauge, gauge_facts, gauge_of
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from slipfield.kinds.slip.measure.summary import summary_lines
from slipfield.kinds.slip.projection.reference import Reference
from tests.kinds.slip.measure import measurement
from tests.kinds.slip.measure.other_programs import write_pyaldic_mat
from tests.kinds.slip.measure.test_resample import measured, specimen

SUBSET, STEP, WINDOW = 33, 2, 80
FACTS = {"dic_subset_mm": 0.05, "dic_step_mm": 0.025, "dic_strain_window_mm": 0.1}


def gradient_of_wave(length, along):
    """Strain of sin(2 pi x / length) as a program finds it: linear subset, plane in a circle."""
    reach = np.arange(-SUBSET, SUBSET + 1)
    wave = np.sin(2 * np.pi * np.arange(-200, 201) / length)
    subset = np.abs(reach) <= SUBSET // 2
    moved = np.convolve(wave, subset / subset.sum(), "same")
    offset = np.arange(-WINDOW // 2, WINDOW // 2 + 1, STEP)
    across, down = np.meshgrid(offset, offset)
    inside = across**2 + down**2 <= (WINDOW / 2) ** 2
    place = across if along else down
    design = np.column_stack([np.ones(inside.sum()), across[inside], down[inside]])
    values = moved[200 + place[inside]]
    slopes = np.linalg.lstsq(design, values, rcond=None)[0]
    return slopes[1 if along else 2]


@pytest.mark.parametrize("along", [True, False])
def test_a_box_of_its_width_damps_long_waves_as_the_gauge_does(along):
    width = Gauge(SUBSET, STEP, WINDOW).width
    for length in (200.0, 300.0):
        box = np.sinc(width / length)
        found = gradient_of_wave(length, along) * length / (2 * np.pi)
        assert found == pytest.approx(box, abs=0.02)
        assert found < 0.97


def test_pixels_become_lengths():
    facts = gauge_facts((33, 8, 40), None, 0.016, 0.002)
    assert facts["dic_subset_mm"] == pytest.approx(0.066)
    assert facts["dic_strain_window_mm"] == pytest.approx(0.08)
    without_pixels = gauge_facts((33, 8, 40), None, 0.016, None)
    assert without_pixels == pytest.approx(facts)
    thinned = gauge_facts((33, 4, 40), None, 0.016, 0.002)
    assert thinned["dic_step_mm"] == pytest.approx(0.008)


def test_the_user_goes_before_the_file():
    facts = gauge_facts((21, None, None), (33, 8, 40), 0.016, 0.002)
    assert facts["dic_subset_mm"] == pytest.approx(0.042)
    assert facts["dic_step_mm"] == pytest.approx(0.016)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((33, 8, None), "strain-window"),
        ((None, 8, 40), "subset"),
        ((33, 5, 40), "step"),
        ((-1, 8, 40), "subset"),
        ((33, 8, float("nan")), "strain-window"),
    ],
)
def test_a_gauge_that_does_not_fit_is_refused(given, named):
    with pytest.raises(SlipfieldError, match=f"^{named}:"):
        gauge_facts(given, None, 0.016, 0.002)


def test_a_wide_gauge_is_doubted_and_described():
    data = specimen().assign_attrs(FACTS, displacement_source="maps", thickness_mm=1.0)
    data["size"][:] = 0.2
    assert not any("gauge" in doubt for doubt in doubts(data))
    data["size"][:] = 0.12
    assert any(doubt.startswith("gauge: averages over 86.6 um") for doubt in doubts(data))
    assert "subset 50 um" in dict(summary_lines(data))["strain gauge"]


def waves(mesh, length):
    """Run whose strain is a wave along x, and its derivatives others."""
    wave = np.cos(2 * np.pi * mesh.x / length)
    strain = np.broadcast_to(wave, (4, 3, *wave.shape)).astype(np.float32)
    times = np.array([25.0, 50.0, 75.0, 100.0])
    rates = np.stack([strain, 2 * strain, 0 * strain])
    zeros = np.zeros(4)
    return Reference(0, np.ones(3), times, zeros, strain, zeros, rates, np.zeros((3, 4)), "green")


def test_the_forward_field_is_averaged_over_what_the_nodes_leave_of_the_gauge():
    data = specimen().assign_attrs(FACTS)
    wide = data.assign_attrs(dic_subset_mm=0.5, dic_strain_window_mm=0.0)
    found, mesh = measured(wide)
    cell = np.sqrt(np.prod(np.ptp(mesh.positions, axis=0) / (12, 16)))
    run = waves(mesh, 2.0)
    seen = found.seen(run)
    middle = (slice(None), slice(None), slice(4, -4), slice(4, -4))
    damping = seen.strain[middle] / run.strain[middle]
    expected = np.sinc(np.sqrt(0.5**2 - (2 * cell) ** 2) / 2.0)
    clear = np.abs(run.strain[middle]) > 0.5
    assert damping[clear] == pytest.approx(expected, abs=0.03)
    assert seen.strain_rates[1] == pytest.approx(2 * seen.strain, abs=1e-5)
    assert gauge_of(wide).width == pytest.approx(0.5)


def test_a_gauge_that_the_nodes_outdo_changes_nothing():
    found, mesh = measured(specimen().assign_attrs(FACTS))
    run = waves(mesh, 2.0)
    assert found.seen(run) is run
    assert measured(specimen())[0].seen(run) is run


def test_the_gauge_of_a_file_is_read(tmp_path):
    files = write_pyaldic_mat(measurement.Test(), tmp_path)
    pixel = measurement.SCALE
    facts = import_strain(files, StrainOptions(scale=pixel, interval=5.0)).attrs
    assert facts["dic_subset_mm"] == pytest.approx(33 * pixel)
    assert facts["dic_strain_window_mm"] == pytest.approx(40 * pixel)
    options = StrainOptions(scale=pixel, interval=5.0, strain_window=60)
    assert import_strain(files, options).attrs["dic_strain_window_mm"] == pytest.approx(60 * pixel)
