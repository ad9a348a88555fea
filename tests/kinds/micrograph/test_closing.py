"""Evidence of lines between cells, against lines counted by hand and joins done from scratch."""

import json

import numpy as np
import pytest
from scipy import ndimage

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph import closing_fit
from slipfield.kinds.micrograph.boundary_network import BoundaryNetwork
from slipfield.kinds.micrograph.cells import Cells, along_lines
from slipfield.kinds.micrograph.classical import METHODS, ridge
from slipfield.kinds.micrograph.closing import (
    LEAST,
    NAMES,
    Closing,
    Lines,
    classical_closing,
    closing_text,
    features,
    read_closing,
)
from slipfield.kinds.micrograph.closing_fit import fit
from slipfield.kinds.micrograph.grains import from_probability
from slipfield.kinds.micrograph.methods import boundary_method
from slipfield.kinds.micrograph.render import render
from slipfield.kinds.micrograph.scene import covered_most
from slipfield.kinds.micrograph.weights import CLOSING, closing_of, save_network


def test_features_are_what_they_are_called():
    """Two cells of 4 x 3 and 4 x 7 px; the line between them has 4 edges."""
    lines = Lines(*(np.array([each]) for each in (4.0, 2.0, -6.0, 1.0)))
    found = features(lines, np.array([[28.0, 12.0]]), np.array([[3.0, 2.0]]))
    by_name = dict(zip(NAMES, found[0], strict=True))
    assert by_name["probability"] == 0.5 and by_name["log_probability"] == -1.5
    assert by_name["neck"] == 0.5 and by_name["log_length"] == pytest.approx(np.log(4))
    assert np.exp([by_name["log_smaller"], by_name["log_larger"]]) == pytest.approx([12, 28])
    assert by_name["enclosed"] == pytest.approx(4 / np.sqrt(12))
    assert by_name["log_width"] == pytest.approx(np.log(3))


def test_lines_are_summed_over_their_edges():
    labels = np.array([[1, 1, 2], [1, 2, 2]])
    value = np.array([[0.0, 0.1, 0.5], [0.3, 0.2, 0.0]])
    pairs, number, total = along_lines(labels, value)
    assert pairs.tolist() == [[1, 2]] and number.tolist() == [3]
    assert total == pytest.approx([0.5 + 0.3 + 0.2])  # right of 0.1, between 0.3 and 0.2, below 0.1
    assert along_lines(labels, value, largest=True)[2] == pytest.approx([0.5])


def from_scratch(probability: np.ndarray, rule: Closing, least: float) -> np.ndarray:
    """Joins over the line of least evidence, one by one, with all sums taken anew after each."""
    smooth = ndimage.gaussian_filter(np.asarray(probability, np.float32), 0.7)
    inside = ndimage.distance_transform_edt(smooth < rule.border).astype(np.float32)
    labels = Cells.of(probability, rule.border).labels.copy()
    while True:
        pairs, pixels, total = along_lines(labels, smooth)
        if len(pairs) == 0:
            return labels
        logarithm = along_lines(labels, np.log(smooth + LEAST))[2]
        passage = along_lines(labels, inside, largest=True)[2]
        numbers = np.arange(labels.max() + 1)
        area = np.bincount(labels.ravel()).astype(float)
        width = ndimage.maximum(inside, labels, numbers)
        evidence = rule.evidence(
            Lines(pixels.astype(float), total, logarithm, passage), area[pairs], width[pairs]
        )
        faintest = int(evidence.argmin())
        if evidence[faintest] >= least:
            return labels
        labels[labels == pairs[faintest, 1]] = pairs[faintest, 0]


@pytest.mark.parametrize("keep", [0.05, 0.3, 0.5])
def test_joining_is_that_from_scratch(keep):
    drawn = render("mg-gd", 4, (128, 144))
    method = boundary_method("ridge")
    probability = method.find(drawn.image)
    found = from_probability(probability, method.closing, keep, 1)
    expected = from_scratch(probability, method.closing, float(np.log(keep / (1 - keep))))
    pairs = np.unique(np.stack((found.ravel(), expected.ravel())), axis=1)
    assert found.max() > 4 and pairs.shape[1] == found.max() == len(np.unique(expected))


def test_a_higher_least_probability_joins_more_and_small_grains_go():
    drawn = render("mg-gd", 4, (160, 160))
    method = boundary_method("network")
    probability = method.find(drawn.image)
    numbers = [from_probability(probability, method.closing, keep).max() for keep in (0, 0.5, 1)]
    assert numbers[0] > numbers[1] > numbers[2] == 1
    labels = from_probability(probability, method.closing, 0.0, 400)
    assert np.bincount(labels.ravel())[1:].min() >= 400


def test_weights_that_are_fitted_tell_boundaries_of_other_images(monkeypatch):
    """More grains are right with the fitted weights than with every line that was found."""
    monkeypatch.setattr(closing_fit, "FIT_PX", 192)
    rule = fit(ridge, ["etched-steel", "mg-gd"], 12)
    drawn = render("mg-gd", 31, (256, 256))
    number = int(drawn.labels.max())
    found = int(from_probability(ridge(drawn.image), rule).max())
    every = int(from_probability(ridge(drawn.image), rule, 0.0).max())
    assert abs(found - number) < 0.5 * abs(every - number)
    assert fit(lambda image: np.zeros(image.shape[:2]), ["etched-steel"], 2) is None


def test_weights_go_through_their_file():
    rule = Closing(tuple(np.linspace(-1, 1, len(NAMES))), 0.25, 0.4)
    assert read_closing(json.loads(closing_text(rule))) == rule
    with pytest.raises(SlipfieldError, match="closing: no number 'neck'; expected one of each"):
        read_closing({"probability": 1, "log_probability": 2})
    assert all(len(classical_closing(name).weights) == len(NAMES) for name in METHODS)


def test_a_damaged_record_of_a_network_is_named(tmp_path):
    path = tmp_path / "mine.safetensors"
    save_network(BoundaryNetwork(), "boundaries", {CLOSING: '{"neck": 1}'}, path)
    with pytest.raises(SlipfieldError, match="mine.safetensors: closing: no number 'probability'"):
        closing_of(path)
    save_network(BoundaryNetwork(), "boundaries", {CLOSING: "{"}, path)
    with pytest.raises(SlipfieldError, match="mine.safetensors: .*; train it again"):
        closing_of(path)
    save_network(BoundaryNetwork(), "boundaries", {}, path)
    assert closing_of(path) == closing_of(), "an older file"


def test_a_label_belongs_to_the_grain_that_it_covers_most():
    labels, grains = np.array([[1, 1, 1, 4]]), np.array([[2, 3, 3, 1]])
    assert covered_most(labels, grains).tolist() == [0, 3, 0, 0, 1]
