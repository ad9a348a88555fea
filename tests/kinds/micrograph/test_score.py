"""Scores against counts by hand, and the way from a rendered micrograph into a specimen file."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph.coverage import coverage
from slipfield.kinds.micrograph.files import read_labels, write_image
from slipfield.kinds.micrograph.render import Micrograph, render
from slipfield.kinds.micrograph.score import (
    boundary_scores,
    line_scores,
    phase_scores,
    share_matched,
    write_scores,
)
from slipfield.kinds.micrograph.segment import SegmentOptions, segment
from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_labelled_image


def halves(edge: int) -> np.ndarray:
    """Two grains (40, 60) left and right of a column."""
    return np.where(np.arange(60) < edge, 1, 2)[None].repeat(40, axis=0).astype(np.uint16)


def drawn_with(labels: np.ndarray, weak: np.ndarray) -> Micrograph:
    none = np.zeros(labels.shape, bool)
    return Micrograph(labels, labels, none, weak, none.astype(np.uint8), none, 1.0)


def test_lines_count_within_two_pixels():
    weak = np.zeros((40, 60), bool)
    weak[:10] = True
    drawn = drawn_with(halves(30), weak)
    near = boundary_scores(drawn, halves(32))
    assert near["f1"] == near["weak_recall"] == 1.0
    assert boundary_scores(drawn, halves(33))["f1"] == 0.0
    half = np.zeros((40, 60), bool)
    half[8:, 29] = True  # within 2 px of rows 6 and 7, too
    found = line_scores(drawn, half)
    assert found["precision"] == 1.0 and found["recall"] == pytest.approx(34 / 40)
    assert found["weak_recall"] == pytest.approx(4 / 10)


def test_boundaries_under_second_phase_do_not_count_as_seen():
    phases = np.zeros((40, 60), np.uint8)
    phases[:10] = 1
    drawn = replace(drawn_with(halves(30), phases > 0), phases=phases)
    found = np.zeros((40, 60), bool)
    found[12:, 29], found[:10, 10] = True, True  # a false line within the phase, none of the true
    scores = line_scores(drawn, found)
    assert scores["f1"] == pytest.approx(2 * 28 / 38 * 30 / 40 / (28 / 38 + 30 / 40))
    assert scores["f1_seen"] == 1.0
    assert scores["hidden"] == pytest.approx(12 / 40)  # rows 10 and 11 are within 2 px of it
    assert scores["hidden_recall"] == pytest.approx(2 / 12)  # these two


def test_grains_match_by_overlap():
    assert share_matched(halves(30), halves(30)) == 1.0
    assert share_matched(halves(30), np.ones((40, 60), int)) == 0.0, "a half of all is too little"
    assert share_matched(halves(30), halves(50)) == 0.5, "0.6 and 0.33"


def test_phase_scores_are_those_of_the_foreground():
    truth, found = np.zeros((10, 10), bool), np.zeros((10, 10), bool)
    truth[:2], found[1:3] = True, True
    scores = phase_scores(truth, found)
    assert scores["iou"] == pytest.approx(10 / 30) and scores["dice"] == pytest.approx(0.5)
    assert scores["accuracy"] == pytest.approx(0.8) and scores["fraction_error"] == 0.0
    assert scores["mean_iou"] == pytest.approx(0.5 * (10 / 30 + 70 / 90))
    assert scores["mean_iou"] <= 0.5 * (1 + scores["precision"])


def test_images_without_second_phase_do_not_count_in_its_means():
    nothing, found = np.zeros((10, 10), bool), np.zeros((10, 10), bool)
    found[0] = True
    scores = phase_scores(nothing, found)
    assert scores.pop("accuracy") == pytest.approx(0.9)
    assert np.isnan(list(scores.values())).all()


def test_scores_of_methods_are_a_table(tmp_path):
    path = tmp_path / "scores.csv"
    lines = write_scores("boundaries", ["etched-steel"], ["ridge", "network"], 1, 192, path)
    table = pd.read_csv(path).set_index("method")
    assert len(lines) == 3
    assert 0.7 < table["f1"]["ridge"] < table["f1"]["network"] <= 1 and table["f1"]["network"] > 0.9
    with pytest.raises(SlipfieldError, match="--method: given 'magic'; expected network, otsu"):
        write_scores("boundaries", None, ["magic"], 1, 192, path)
    with pytest.raises(SlipfieldError, match="--marked: scores second phase alone"):
        write_scores("boundaries", None, None, 1, 192, path, marked=(tmp_path, tmp_path))
    with pytest.raises(SlipfieldError, match="--model: given with --method otsu, of which none"):
        write_scores("boundaries", None, ["otsu"], 1, 192, path, model=tmp_path / "mine")
    with pytest.raises(SlipfieldError, match="--preset: given with --marked; leave out one"):
        write_scores("phases", ["tinted"], None, 1, 192, path, marked=(tmp_path, tmp_path))
    with pytest.raises(SlipfieldError, match="--task: given 'twins'"):
        write_scores("twins", None, None, 1, 192, path)


def test_marked_images_are_scored_by_their_own_truth(tmp_path):
    image = np.full((64, 64), 200, np.uint8)
    image[20:40, 10:50] = 40
    image += np.random.default_rng(0).integers(0, 20, image.shape, np.uint8)
    for folder, content in (("images", image), ("truths", (image < 100).astype(np.uint8))):
        write_image(tmp_path / folder / "a.png", content)
    marked = (tmp_path / "images", tmp_path / "truths")
    write_scores("phases", None, ["otsu"], 1, 192, tmp_path / "s.csv", marked=marked)
    (row,) = pd.read_csv(tmp_path / "s.csv").to_dict("records")
    assert row["image"] == "a.png" and row["iou"] > 0.9 and row["dice"] > 0.95


def test_a_micrograph_becomes_grains_with_orientations(tmp_path):
    """Rendered specimen, segment, import grains: grains, and angles at their places."""
    drawn = render("etched-steel", 5001, (300, 300))
    write_image(tmp_path / "image.png", drawn.image, drawn.pixel_um)
    segment(tmp_path / "image.png", tmp_path / "out", SegmentOptions())
    labels = read_labels(tmp_path / "out" / "grains.png")
    key, count = np.unique(labels << 32 | drawn.labels.astype(np.int64), return_counts=True)
    order = np.argsort(count)  # the last one of a label wins
    owner = dict(zip(key[order] >> 32, key[order] & 0xFFFFFFFF, strict=True))
    angle = np.random.default_rng(0).uniform(5, 85, (int(drawn.labels.max()) + 1, 3))
    rows = ["label,phi1,Phi,phi2"]
    for label, true in owner.items():
        rows.append(f"{label}," + ",".join(map(repr, angle[true].tolist())))
    (tmp_path / "euler.csv").write_text("\n".join(rows) + "\n")
    facts = json.loads((tmp_path / "out" / "micrograph.json").read_text())
    options = GrainOptions(euler_axes="x,y")
    data = add_labelled_image(
        xr.Dataset(),
        tmp_path / "out" / "grains.png",
        facts["pixel_um"] / 1000,
        tmp_path / "euler.csv",
        None,
        True,
        options,
    )
    upright = data["grain_id"].values[::-1]
    before = share_matched(drawn.labels, labels)
    assert before >= 0.85 and share_matched(drawn.labels, upright + 1) >= before - 0.01
    found = np.degrees(data["euler"].values)[upright]
    right = np.abs(found - angle[drawn.labels]).max(axis=-1) < 1e-3
    assert right.mean() > 0.9


@pytest.mark.slow
def test_intervals_of_many_specimens_hold_the_truth():
    found = coverage("mg-gd", 30, 320, 0)
    for name in ("intercept", "fraction"):
        assert found[name]["covered"] >= 0.8, "95 % less 3.8 deviations of 30 draws"
