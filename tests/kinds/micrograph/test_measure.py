"""Measures against exact tessellations: polygons, grids, spheres, and repeated specimens."""

import json

import numpy as np
import pytest
import shapely

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph import areas, bands, intercepts, statistics
from slipfield.kinds.micrograph.files import write_image
from slipfield.kinds.micrograph.measure import grain_size, measure, summary
from slipfield.kinds.micrograph.scene import _seeds, tessellate
from slipfield.kinds.slip.specimen.microstructure import grain_at, make_microstructure, polygons_of
from slipfield.kinds.slip.specimen.power import power_diagram
from slipfield.kinds.slip.study import Study
from slipfield.kinds.slip.study.physics import Specimen


def checks(side: int, count: int) -> np.ndarray:
    """Square grains (count, count) of ``side`` px."""
    return np.kron(1 + np.arange(count * count).reshape(count, count), np.ones((side, side), int))


def test_grain_size_numbers_are_those_of_the_standard():
    """E112-13 table 4: G 8 has intercepts of 20.0 um and 1,984 grains per mm^2; G 0, 320 um."""
    assert statistics.g_of_intercept(20.0) == pytest.approx(8.0, abs=0.01)
    assert statistics.g_of_intercept(320.0) == pytest.approx(0.0, abs=0.01)
    assert statistics.g_of_density(1984.0) == pytest.approx(8.0, abs=0.01)


def test_lines_over_square_grains_are_exact():
    lines = {round(each.angle_deg): each for each in intercepts.along(checks(20, 15))}
    inner = 14 / (300 - 1)  # boundaries over the length between the outermost centres
    for angle in (0, 90):
        assert lines[angle].intersections / lines[angle].length_px == pytest.approx(inner)
    diagonal = lines[45]
    assert diagonal.intersections / diagonal.length_px == pytest.approx(np.sqrt(2) * inner)
    assert areas.number_of_grains(checks(20, 15)) == 13 * 13 + 0.5 * 4 * 13 + 0.25 * 4


@pytest.mark.slow
def test_intercept_is_that_of_the_polygons():
    """Mean intercept pi A / (2 L) of the exact polygons; G agrees to 1e-3."""
    shape, size = (600, 600), 45.0
    found = []
    for seed in range(5):
        labels = tessellate(shape, size, 0.2, 0.0, 0.0, np.random.default_rng(seed)).labels
        seeds, weights = _seeds(shape, size, 0.2, 0.0, np.random.default_rng(seed))
        sheet = shapely.box(*(seeds.min(0) - 1), *(seeds.max(0) + 1))
        window = shapely.box(0, 0, shape[1] - 1, shape[0] - 1)
        cells = shapely.intersection(power_diagram(seeds, weights, sheet).cells, window)
        edge = (shapely.length(cells).sum() - window.length) / 2
        exact = np.pi * window.area / (2 * edge)
        pixels, _ = intercepts.mean_intercept(intercepts.along(labels))
        found.append(statistics.g_of_intercept(pixels) - statistics.g_of_intercept(exact))
    assert abs(np.mean(found)) < 1e-3, found


def test_circles_and_lines_agree():
    labels = tessellate((600, 600), 30.0, 0.2, 0.0, 0.05, np.random.default_rng(1)).labels
    found = grain_size(labels, 1.0)
    assert found["circles"]["mean_intercept_um"] == pytest.approx(
        found["mean_intercept_um"]["value"], rel=0.05
    )
    assert found["anisotropy"] == pytest.approx(1.0, abs=0.1)


def test_long_grains_are_anisotropic():
    labels = np.repeat(checks(20, 8), 3, axis=1)
    found = grain_size(labels, 0.5)
    assert found["anisotropy"] == pytest.approx(3.0, rel=0.05)
    assert found["directional_intercept_um"]["0"] == pytest.approx(30.0, rel=0.15)


def test_saltykov_finds_spheres_of_one_size():
    """Random sections of equal spheres: the unfolding puts them into the last class."""
    random = np.random.default_rng(0)
    height = random.random(200_000)
    sections = 10.0 * np.sqrt(1 - height**2)
    found = areas.saltykov(sections, np.ones(len(sections)), 1e6)
    assert found["mean_diameter_um"] == pytest.approx(10.0, rel=0.02)
    per_um3 = 200_000 / 1e6 / 10.0
    assert sum(found["per_mm3"]) == pytest.approx(per_um3 * 1e9, rel=0.05)


def test_large_grains_are_not_missed_because_the_edge_cuts_them():
    """Squares thrown anywhere: as many as there are per area, of which a third is cut."""
    random = np.random.default_rng(0)
    side, wide, thrown = 300, 60, 400
    whole, counted = [], []
    for row, column in random.integers(-wide, side, (thrown, 2)):
        labels = np.ones((side, side), int)
        labels[max(row, 0) : row + wide, max(column, 0) : column + wide] = 2
        grains = areas.grains_of(labels)
        mine = grains.label == 2
        whole.append(np.count_nonzero(~grains.cut[mine]))
        counted.append(areas.stand_for(labels, grains)[mine].sum())
    expected = thrown * (side / (side + wide)) ** 2
    assert sum(counted) == pytest.approx(expected, rel=0.1)
    assert sum(whole) < 0.75 * expected


def test_circles_that_leave_the_grains_do_not_count():
    labels = tessellate((600, 600), 30.0, 0.2, 0.0, 0.05, np.random.default_rng(1)).labels
    whole = intercepts.circles(labels)
    labels[:, 500:] = 0
    part = intercepts.circles(labels)
    assert part.length_px == pytest.approx(whole.length_px * 2 / 3)
    sizes = [each.length_px / each.intersections for each in (whole, part)]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.08)


def test_bands_are_found_and_fit_a_study_file():
    random = np.random.default_rng(2)
    fine = tessellate((200, 400), 14.0, 0.2, 0.0, 0.0, random).labels
    coarse = tessellate((300, 400), 40.0, 0.2, 0.0, 0.0, random).labels
    labels = np.vstack([coarse, fine + coarse.max()])
    grains = areas.grains_of(labels)
    found = bands.bands(labels, grains, 2.0, bands.profile(labels, 2.0)[1])
    assert len(found) == 2
    assert found[0].high_um == pytest.approx(400.0, abs=50.0)
    assert found[0].intercept_um < 0.6 * found[1].intercept_um
    yaml = pytest.importorskip("yaml")
    section = yaml.safe_load(bands.snippet(found, labels, grains, 2.0))["specimen"]
    specimen = Specimen.model_validate(section)
    assert specimen.height_mm == pytest.approx(1.0) and len(specimen.bands) == 2


@pytest.mark.slow
@pytest.mark.parametrize("stretch", [1.0, 4.0])
def test_a_study_of_the_snippet_has_grains_of_the_measured_size(stretch):
    """Columns of a study cross their band: four grains high, they came out a tenth as wide."""
    random, side, pixel_um = np.random.default_rng(1), 400, 0.1
    labels = tessellate((side, side), 25.0, 0.2, 0.0, 0.05, random, stretch).labels
    grains = areas.grains_of(labels)
    found = bands.bands(labels, grains, pixel_um, bands.profile(labels, pixel_um)[1])
    yaml = pytest.importorskip("yaml")
    section = yaml.safe_load(bands.snippet(found, labels, grains, pixel_um))["specimen"]
    assert section["neck_depth_mm"] == 0, "40 um are too narrow for the usual necks"
    sheet = make_microstructure(Study.model_validate({"name": "s", "specimen": section}), 0)
    x, y = np.meshgrid(*[section["width_mm"] / side * (np.arange(side) + 0.5)] * 2)
    drawn = grain_at(polygons_of(sheet), x, y)[::-1] + 1
    for angle in (0, 90):
        true, made = (
            next(each for each in intercepts.along(image) if abs(each.angle_deg - angle) < 1)
            for image in (labels, drawn)
        )
        ratio = (made.length_px / made.intersections) / (true.length_px / true.intersections)
        assert 0.8 < ratio < 1.6, (angle, ratio)


def test_one_size_is_one_band():
    labels = tessellate((500, 500), 25.0, 0.2, 0.0, 0.05, np.random.default_rng(4)).labels
    assert (
        len(bands.bands(labels, areas.grains_of(labels), 1.0, bands.profile(labels, 1.0)[1])) == 1
    )


@pytest.mark.slow
def test_measure_writes_what_it_found(tmp_path):
    labels = tessellate((300, 300), 30.0, 0.2, 0.0, 0.05, np.random.default_rng(1)).labels
    write_image(tmp_path / "grains.png", labels)
    write_image(tmp_path / "phases.png", np.zeros(labels.shape, np.uint8))
    (tmp_path / "micrograph.json").write_text('{"pixel_um": 0.5}')
    measure(tmp_path, with_saltykov=True, with_bands=True)
    found = json.loads((tmp_path / "grain_size.json").read_text())
    for name in ("mean_intercept_um", "G"):
        assert found[name]["low"] < found[name]["value"] < found[name]["high"]
    assert found["area_fraction"]["value"] == 0.0
    rows = (tmp_path / "grains.csv").read_text().splitlines()
    assert len(rows) == 1 + found["grains"]
    (tmp_path / "grain_size.png").unlink()
    (tmp_path / "grain_size.png").mkdir()
    with pytest.raises(SlipfieldError, match="grain_size.png: is a folder"):
        measure(tmp_path, False, False)
    assert not (tmp_path / "grain_size.json").exists(), "the old one, beside new tables"
    (tmp_path / "micrograph.json").write_text("{}")
    with pytest.raises(SlipfieldError, match="no pixel_um; run micrograph segment"):
        measure(tmp_path, False, False)


def test_particles_have_diameters_of_circles_of_their_areas(tmp_path):
    """Discs of one size, and one that the edge cuts, which is no whole particle."""
    rows, columns = np.indices((200, 200))
    phases = np.zeros((200, 200), np.uint8)
    for row, column in ((40, 40), (40, 150), (120, 90), (0, 100)):
        phases[(rows - row) ** 2 + (columns - column) ** 2 <= 10**2] = 1
    write_image(tmp_path / "grains.png", checks(20, 10).astype(np.uint16))
    write_image(tmp_path / "phases.png", phases)
    (tmp_path / "micrograph.json").write_text('{"pixel_um": 0.5}')
    found = measure(tmp_path, False, False)["second_phase_diameter_um"]
    assert found["particles"] == 3
    assert found["mean"] == pytest.approx(10.0, rel=0.02)


def test_an_interval_without_an_end_is_told(tmp_path):
    """All boundaries in one corner: fields scatter so much that the intercept has no upper end."""
    labels = np.ones((200, 200), np.uint16)
    labels[:75, :75] = 1 + checks(15, 5)
    write_image(tmp_path / "grains.png", labels)
    write_image(tmp_path / "phases.png", np.zeros(labels.shape, np.uint8))
    (tmp_path / "micrograph.json").write_text('{"pixel_um": 0.5}')
    found = measure(tmp_path, False, False)
    assert found["mean_intercept_um"]["high"] is None and found["G"]["low"] is None
    lines = summary(found)
    assert lines[0].endswith("or more)") and lines[1].endswith("or less)")


def test_one_grain_has_no_size():
    with pytest.raises(SlipfieldError, match="takes 2 or more"):
        grain_size(np.ones((50, 50), int), 1.0)
