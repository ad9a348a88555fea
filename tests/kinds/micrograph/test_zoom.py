"""The scale at which grains are found: images of finer pixels, and of finer grains."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors import safe_open
from scipy import ndimage
from skimage.measure import label as measure_label
from typer.testing import CliRunner

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph import finding
from slipfield.kinds.micrograph.defaults import shipped
from slipfield.kinds.micrograph.files import write_image
from slipfield.kinds.micrograph.finding import find_grains, phases_at
from slipfield.kinds.micrograph.finer import put_in
from slipfield.kinds.micrograph.intercepts import along, mean_intercept
from slipfield.kinds.micrograph.measure import measure
from slipfield.kinds.micrograph.methods import boundary_method
from slipfield.kinds.micrograph.pieces import in_one_piece
from slipfield.kinds.micrograph.render import render
from slipfield.kinds.micrograph.scene import tessellate
from slipfield.kinds.micrograph.segment import UNSURE, SegmentOptions, of_scale, segment
from slipfield.kinds.micrograph.verbs import app
from slipfield.kinds.micrograph.weights import MARKED, load_network, save_network
from slipfield.kinds.micrograph.zoom import (
    at_full_size,
    choose,
    doubt,
    labels_at_full_size,
    zoomed,
)


def enlarged(image: np.ndarray, times: int) -> np.ndarray:
    """What a camera with so many times the pixels a side shows, without any more detail."""
    factors = (times, times, 1)[: image.ndim]
    value = ndimage.zoom(image.astype(float), factors, order=3, mode="mirror", grid_mode=True)
    return np.clip(value + 0.5, 0, 255).astype(np.uint8)


def test_doubt_is_0_for_lines_and_1_for_halves():
    assert doubt(np.eye(8)) == 0.0
    assert doubt(np.full((8, 8), 0.5)) == pytest.approx(1.0)
    assert doubt(np.array([[0.2, 0.9]])) == pytest.approx((0.2 + 0.1) / 1.1)
    assert doubt(np.zeros((4, 4))) == 0.0


def test_smaller_images_are_means_and_larger_ones_go_back():
    image = np.random.default_rng(0).integers(0, 255, (9, 12), np.uint8)
    small = zoomed(image, 1 / 3)
    assert small[1, 2] == pytest.approx(image[3:6, 6:9].mean() / 255)
    assert zoomed(image[:8], 1 / 3).shape == (3, 4)  # the last row is repeated
    smooth = ndimage.gaussian_filter(np.random.default_rng(1).random((40, 50, 3)), (3, 3, 0))
    again = zoomed(zoomed(smooth, 2.0), 0.5)
    assert again == pytest.approx(smooth, abs=3e-3)
    assert zoomed(image, 1.0) is image


def test_lines_of_a_smaller_image_have_no_steps():
    """Slanted grains found at a third of the size: intercepts are three times as long."""
    scene = tessellate((120, 150), 24.0, 0.2, 0.0, 0.05, np.random.default_rng(3))
    lines = np.exp(-0.5 * (scene.distance / 1.2) ** 2)
    full = labels_at_full_size(scene.labels, lines, 1 / 3, (358, 449))
    assert full.shape == (358, 449) and full.dtype == scene.labels.dtype
    assert np.array_equal(np.unique(full), np.unique(scene.labels))
    small = mean_intercept(along(scene.labels))[0]
    assert mean_intercept(along(full))[0] / 3 == pytest.approx(small, rel=0.03)
    stepped = np.repeat(np.repeat(scene.labels, 3, 0), 3, 1)
    assert mean_intercept(along(stepped))[0] / 3 < 0.93 * small
    assert (full == stepped[:358, :449]).mean() > 0.95


def test_a_tiny_grain_stays_at_full_size():
    labels = np.ones((40, 40), np.uint16)
    labels[20, 20:22] = 2
    full = labels_at_full_size(labels, np.zeros((40, 40), np.float32), 0.5, (80, 80))
    assert (full == 2).any()


@pytest.mark.parametrize("zoom", [1.0, 2.0, 0.5])
def test_a_probability_comes_back_in_the_size_of_the_image(zoom):
    field = ndimage.gaussian_filter(np.random.default_rng(0).random((61, 47)), 4)
    assert at_full_size(zoomed(field, zoom), zoom, (61, 47)) == pytest.approx(field, abs=0.01)


@pytest.mark.parametrize("look", ["etched-steel", "mg-gd", "tinted"])
def test_an_image_of_finer_pixels_is_taken_smaller(look):
    drawn = render(look, 5_000, (320, 320))
    find = boundary_method("network").find
    assert choose(find, drawn.image) == 1.0
    assert choose(find, enlarged(drawn.image, 2)) == 0.5
    assert choose(find, enlarged(drawn.image, 4)) in (1 / 3, 0.25)


def fine_steel():
    """Grains of 11 px on 256 x 256 px."""
    scene = tessellate((256, 256), 11.0, 0.3, 0.0, 0.05, np.random.default_rng(2))
    return render("etched-steel", 3, scene=scene)


def test_fine_grains_are_taken_larger_and_a_zoom_that_is_asked_for_is_taken():
    drawn = fine_steel()
    method = boundary_method("network")
    by_itself, as_it_is = find_grains(drawn.image, method), find_grains(drawn.image, method, zoom=1)
    assert by_itself.zoom == 2.0 and by_itself.labels.shape == (256, 256)
    truth = mean_intercept(along(drawn.labels))[0]
    errors = [mean_intercept(along(each.labels))[0] / truth - 1 for each in (by_itself, as_it_is)]
    assert abs(errors[0]) < 0.15 and abs(errors[0]) < 0.6 * abs(errors[1])


def test_a_user_hears_of_the_scale_and_measures_what_is_there(tmp_path):
    """Three times the pixels, so a third of the size: the same mean intercept in um."""
    drawn = render("twinned", 5_001, (320, 320))
    write_image(tmp_path / "image.png", enlarged(drawn.image, 3), 0.1)
    command = ["segment", str(tmp_path / "image.png"), "--output", str(tmp_path / "out")]
    said = CliRunner().invoke(app, command).stdout
    assert "the image is finer than its detail: grains were found at 1/" in said
    facts = json.loads((tmp_path / "out" / "micrograph.json").read_text())
    assert facts["zoom"] in (1 / 3, 1 / 4) and 0 < facts["doubt"] < UNSURE
    found = measure(tmp_path / "out", False, True)["mean_intercept_um"]["value"]
    truth = 0.3 * mean_intercept(along(drawn.labels))[0]
    assert found == pytest.approx(truth, rel=0.12)
    segment(tmp_path / "image.png", tmp_path / "as-it-is", SegmentOptions(zoom=1.0))
    wrong = measure(tmp_path / "as-it-is", False, True)["mean_intercept_um"]["value"]
    assert abs(wrong / truth - 1) > 2 * abs(found / truth - 1)
    with pytest.raises(SlipfieldError, match=r"zoom: given 0.4; expected a whole number, or 1 ov"):
        segment(tmp_path / "image.png", tmp_path / "out", SegmentOptions(zoom=0.4))


def test_second_phase_is_found_at_the_same_scale():
    drawn = render("sem-two-phase", 5_003, (256, 256))
    find = lambda image: (image > image.mean()).astype(np.float32)  # noqa: E731
    big = phases_at(enlarged(drawn.image, 2), find, 0.5) >= 0.5
    assert (big[::2, ::2] == (find(drawn.image) > 0.5)).mean() > 0.95


def test_second_phase_of_fine_grains_is_found_at_the_size_of_the_image(tmp_path):
    """At twice the size, the network took three times as much for second phase as there is."""
    scene = tessellate((384, 384), 12.0, 0.3, 0.0, 0.05, np.random.default_rng([5_000, 120]))
    drawn = render("etched-steel", 5_000, scene=scene)
    write_image(tmp_path / "image.png", drawn.image, 1.0)
    facts = segment(tmp_path / "image.png", tmp_path / "out", SegmentOptions())
    assert facts["zoom"] == 2.0 and facts["phase_zoom"] == 1.0
    fraction = float((drawn.phases > 0).mean())
    assert facts["area_fraction"] < 2.5 * fraction


@pytest.mark.parametrize("task", ["phases", "boundaries"])
def test_a_network_of_marked_images_works_at_their_scale(tmp_path, task):
    """One of second phase was asked at a third of the size, and found 0.22 where 0.55 is."""
    drawn = render("twinned", 5_001, (320, 320))
    write_image(tmp_path / "image.png", enlarged(drawn.image, 3), 0.1)
    with safe_open(shipped(task), "pt") as file:
        facts = {**file.metadata(), "presets": f"{MARKED}0123"}
    save_network(load_network(task), task, facts, tmp_path / "mine.safetensors")
    name = {"phases": "phase_model", "boundaries": "model"}[task]
    options = SegmentOptions(**{name: tmp_path / "mine.safetensors"})
    found = segment(tmp_path / "image.png", tmp_path / "out", options)
    assert (found["phase_zoom"] if task == "phases" else found["zoom"]) == 1.0
    asked = segment(tmp_path / "image.png", tmp_path / "out", replace(options, zoom=0.5))
    assert asked["zoom"] == 0.5 and asked["phase_zoom"] == (1.0 if task == "phases" else 0.5)


def test_an_image_that_is_turned_has_grains_of_the_same_size():
    """Turned, it was enlarged for no less doubt, and 33 % off where it is 15 % off as it is."""
    drawn = render("twinned", 11, (384, 500))
    method = boundary_method("network")
    found = [find_grains(each, method) for each in (drawn.image, np.rot90(drawn.image))]
    sizes = [mean_intercept(along(each.labels))[0] for each in found]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.05)


def test_a_user_hears_of_doubts():
    facts = {"zoom": 2.0, "method": "network", "doubt": UNSURE + 0.05}
    facts |= {"finer_share": 0.0, "too_fine_share": 0.0}
    fine, doubtful = of_scale(facts)
    assert fine.startswith("grains or lines are fine: they were found at 2 times the image's size")
    assert "in doubt about much of this image (0.75)" in doubtful
    sure = {"zoom": 1.0, "method": "network", "doubt": UNSURE - 0.05}
    sure |= {"finer_share": 0.0, "too_fine_share": 0.0}
    assert of_scale(sure) == [] == of_scale({**sure, "method": "ridge", "doubt": 0.9})
    (places,) = of_scale({**sure, "finer_share": 0.24})
    assert places.startswith("in 24 % of the image grains are finer") and "at 2 times" in places


@pytest.mark.parametrize("zoom", [3.0, 2.0, 1.0, 0.5])
def test_every_grain_is_one_piece_whatever_the_scale(zoom):
    """The import takes each piece for a grain; of grains of a pixel or two, pieces were left."""
    noise = ndimage.gaussian_filter(np.random.default_rng(0).random((300, 300)), 2)
    image = (255 * (noise > 0.5)).astype(np.uint8)
    labels = find_grains(image, boundary_method("ridge"), zoom=zoom).labels
    assert measure_label(labels, connectivity=1).max() == labels.max() == len(np.unique(labels))


def test_the_largest_piece_of_a_grain_stays():
    labels = np.array([[1, 1, 2, 5], [1, 1, 2, 5], [2, 5, 5, 5], [0, 0, 0, 0], [2, 2, 5, 5]])
    found = in_one_piece(labels)
    assert found[:3].tolist() == [[1, 1, 2, 3], [1, 1, 2, 3], [found[2, 0], 3, 3, 3]]
    assert found[2, 0] in (1, 3) and (found[3] == 0).all() and found.dtype == np.uint16


def test_a_zoom_that_leaves_nothing_is_named():
    with pytest.raises(SlipfieldError, match=r"zoom: 1/3 of 80 x 90 px; expected 32 px or more"):
        find_grains(np.zeros((90, 80), np.uint8), boundary_method("ridge"), zoom=1 / 3)


@pytest.mark.parametrize(("grain_px", "gradient", "zoom"), [(18.0, 1.5, 1.0), (30.0, 2.0, 0.5)])
def test_fine_edges_of_a_coarse_sheet_are_found_at_a_scale_of_their_own(grain_px, gradient, zoom):
    """The scale of the middle made the grains of the edges 16 to 19 % too large."""
    random = np.random.default_rng([7, round(grain_px * 10)])
    scene = tessellate((768, 768), grain_px, 0.3, gradient, 0.05, random)
    drawn, method = render("etched-steel", 7_100, scene=scene), boundary_method("network")
    found = find_grains(drawn.image, method)
    assert found.zoom == zoom and 0.1 < found.finer < 0.7
    for rows in (slice(0, 154), slice(307, 461), slice(614, 768)):
        truth = mean_intercept(along(drawn.labels[rows]))[0]
        assert mean_intercept(along(found.labels[rows]))[0] == pytest.approx(truth, rel=0.08)
    assert measure_label(found.labels, connectivity=1).max() == found.labels.max()
    whole = find_grains(drawn.image, method, zoom=zoom).labels[:154]
    truth = mean_intercept(along(drawn.labels[:154]))[0]
    assert mean_intercept(along(whole))[0] > 1.12 * truth


def test_finer_grains_that_are_put_in_leave_no_slivers():
    """Two maps of the same grains whose lines lie a pixel apart, and a line that one has alone."""
    labels = np.repeat([1, 2, 3], 40)[None].repeat(60, 0).astype(np.uint16)
    finer = np.repeat([1, 2, 3], [41, 20, 59])[None].repeat(60, 0).astype(np.uint16)
    place = np.zeros(labels.shape, bool)
    place[:, :62] = True
    found = put_in(labels, (slice(None), slice(None)), finer, place, 1.0)
    assert [len(np.unique(row)) for row in found[[0, 30, 59]]] == [4, 4, 4]
    assert np.flatnonzero(np.diff(found[30].astype(int))).tolist() == [40, 60, 79]


def test_what_is_too_large_to_be_enlarged_is_told(monkeypatch):
    """As images of more than 4 million pixels are."""
    drawn = fine_steel()
    monkeypatch.setattr(finding, "MOST_PX", 3 * drawn.labels.size)
    method = boundary_method("network")
    found = find_grains(drawn.image, method)
    assert found.zoom == 1 and found.finer == 0 and found.too_large > 0.9
    facts = {"zoom": 1.0, "method": "network", "doubt": 0.5}
    (said,) = of_scale({**facts, "finer_share": 0.0, "too_fine_share": found.too_large})
    assert "too fine for its scale" in said and "--window" in said
    with pytest.raises(SlipfieldError, match=r"zoom: 2 times 256 x 256 px; expected 196,608 px at"):
        find_grains(drawn.image, method, zoom=2)
