"""Rendered micrographs: their truth against other ways to the same grains."""

import json

import numpy as np
import pytest
import shapely
from PIL import Image
from scipy import ndimage

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph.files import write_rendered
from slipfield.kinds.micrograph.presets import PRESETS
from slipfield.kinds.micrograph.render import render
from slipfield.kinds.micrograph.scene import (
    _seeds,
    boundaries_of,
    scene_of,
    smooth_noise,
    tessellate,
)
from slipfield.kinds.slip.specimen.power import power_diagram

SHAPE = (96, 128)


@pytest.mark.parametrize("preset", PRESETS)
def test_truth_belongs_together(preset):
    drawn = render(preset, 3, SHAPE)
    assert drawn.image.shape[:2] == SHAPE and drawn.image.dtype == np.uint8
    assert np.array_equal(np.unique(drawn.labels), np.arange(1, drawn.labels.max() + 1))
    assert not (drawn.weak & ~drawn.boundaries).any()
    low, high = PRESETS[preset].pixel_um
    assert low <= drawn.pixel_um <= high
    again = render(preset, 3, SHAPE)
    assert np.array_equal(again.image, drawn.image)
    assert not np.array_equal(render(preset, 4, SHAPE).image, drawn.image)


def test_straight_grains_are_those_of_a_power_diagram():
    """Without warp, labels and distances are those of polygons made by another algorithm."""
    scene = tessellate(SHAPE, 20.0, 0.3, 0.5, 0.0, np.random.default_rng(5))
    seeds, weights = _seeds(SHAPE, 20.0, 0.3, 0.5, np.random.default_rng(5))
    sheet = shapely.box(*(seeds.min(0) - 1), *(seeds.max(0) + 1))
    cells = power_diagram(seeds, weights, sheet).cells
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    points = shapely.points(columns.ravel(), rows.ravel())
    cell, point = shapely.STRtree(points).query(cells, predicate="contains")
    labels = scene.labels.ravel()[point]
    pairs = np.unique(np.column_stack((cell, labels)), axis=0)
    assert len(point) > 0.99 * labels.size
    assert len(pairs) == len(np.unique(cell)) == len(np.unique(labels))
    rings = shapely.boundary(cells)
    distance = shapely.distance(rings[cell], points[point])
    near = distance < 1.5
    beyond = scene.distance.ravel()[point][near] - distance[near]
    assert beyond.min() > -1e-4
    assert (beyond < 0.02).mean() > 0.9, "near corners, another edge than the next grain's is close"


@pytest.mark.parametrize("seed", range(6))
def test_second_phase_is_seen_in_every_grain(seed):
    """In an electron micrograph its grey values are apart from those of each grain."""
    drawn = render("sem-two-phase", seed, (160, 160))
    phase = drawn.phases > 0
    own = np.median(drawn.image[phase])
    grains = [(drawn.labels == grain) & ~phase for grain in np.unique(drawn.labels)]
    apart = [abs(own - np.median(drawn.image[grain])) for grain in grains if grain.sum() > 200]
    assert phase.any() and min(apart) > 20


def test_columnar_grains_are_as_much_longer_than_wide_and_their_distances_are_true():
    scene = tessellate((400, 400), 16.0, 0.2, 0.0, 0.0, np.random.default_rng(3), 4.0)
    along, across = (
        np.count_nonzero(np.diff(scene.labels.astype(int), axis=axis)) for axis in (0, 1)
    )
    assert across / along == pytest.approx(4.0, rel=0.15)
    assert len(np.unique(scene.labels)) == pytest.approx(400 * 400 / (4 * 16**2), rel=0.35)
    inside = scene.distance.max()
    assert 4 < inside < 24
    edge = boundaries_of(scene.labels)
    assert scene.distance[edge].max() < 1


def test_second_phase_has_no_specks_that_look_like_etch_pits():
    for seed in range(4):
        sizes = np.bincount(
            ndimage.label(render("mg-gd", seed, SHAPE).phases, np.ones((3, 3)))[0].ravel()
        )
        assert not len(sizes[1:]) or sizes[1:].min() >= 12


def test_boundaries_darken_the_image():
    drawn = render("etched-steel", 1, (256, 256))
    strong = drawn.boundaries & ~drawn.weak
    inside = ~drawn.boundaries
    weak, dark, bright = (np.median(drawn.image[m]) for m in (drawn.weak, strong, inside))
    assert dark < weak - 10 and dark < bright - 30


def test_smooth_noise_has_its_spread_and_scale():
    noise = smooth_noise((400, 400), 8.0, np.random.default_rng(0))
    assert abs(noise.mean()) < 0.1 and 0.8 < noise.std() < 1.2
    assert np.abs(np.diff(noise, axis=0)).std() < 0.25


def test_scene_of_labels_measures_to_the_nearest_edge():
    labels = np.repeat(np.array([[7, 7, 7, 7, 9, 9]]), 3, axis=0)
    scene = scene_of(labels)
    assert np.allclose(scene.distance[1], [3.5, 2.5, 1.5, 0.5, 0.5, 1.5])
    assert np.array_equal(scene.labels[0], [1, 1, 1, 1, 2, 2])
    assert np.array_equal(scene.neighbour[0], [2, 2, 2, 2, 1, 1])


def test_files_hold_the_truth(tmp_path):
    write_rendered(tmp_path, "tinted", 2, SHAPE, None)
    truth = json.loads((tmp_path / "truth.json").read_text())
    with Image.open(tmp_path / "image.png") as image:
        assert 25_400 / image.info["dpi"][0] == pytest.approx(truth["pixel_um"], rel=1e-4)
    labels = np.asarray(Image.open(tmp_path / "labels.png"))
    assert labels.dtype == np.uint16 and labels.max() == truth["grains"]
    write_rendered(tmp_path / "again", "mg-gd", 2, SHAPE, str(tmp_path / "labels.png"))
    redrawn = np.asarray(Image.open(tmp_path / "again" / "labels.png"))
    assert np.array_equal(redrawn, labels)


def test_bad_names_and_sizes_are_refused():
    with pytest.raises(SlipfieldError, match="preset: given 'steel'; expected one of etched"):
        render("steel", 0)
    with pytest.raises(SlipfieldError, match="seed: given -1"):
        render("mg-gd", -1)
    with pytest.raises(SlipfieldError, match="shape"):
        render("mg-gd", 0, (8, 8))


def test_more_grains_than_sixteen_bits_number_are_refused():
    with pytest.raises(SlipfieldError, match=r"grains in 320 x 320 px; 16-bit labels hold 65,535"):
        tessellate((320, 320), 0.8, 0.2, 0.0, 0.0, np.random.default_rng(0))
