"""The model in results/reference: it loads, is small, and inverts specimens it has not seen.

``unseen_specimens.json`` holds projected measurements, with noise, of specimens that took no part
in training or adaptation: real simulations on 256 x 256 and 128 x 128 elements.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from slipfield.kinds.slip.learning.intervals import conformal_factors
from slipfield.kinds.slip.learning.model_io import load_model
from slipfield.kinds.slip.projection.intervals import interval
from slipfield.kinds.slip.study import PARAMETERS

pytestmark = pytest.mark.slow

MODEL = Path(__file__).parents[4] / "results/reference/model"
CASES = json.loads((Path(__file__).parent / "unseen_specimens.json").read_text())


@pytest.fixture(scope="module")
def model():
    return load_model(MODEL)


def test_the_shipped_model_inverts_unseen_specimens_of_finer_meshes(model):
    inverter, _ = model
    features = np.array([case["features"] for case in CASES])
    true = np.array([case["parameters"] for case in CASES])
    estimate = inverter.emulator.estimate(features)
    error = np.abs(np.exp(estimate.log_parameters) / true - 1)
    assert np.median(error) < 0.02 and error.max() < 0.08
    low, high = interval(estimate, conformal_factors(inverter.scores, 0.95))
    assert ((low <= true) & (true <= high)).mean() > 0.9
    assert (high / low < 1.3).all()


def test_the_card_says_what_it_was_made_from_and_where_it_holds(model):
    inverter, card = model
    assert card["model"] == "projection" and card["adapted"]["microstructures"] > 50
    assert set(card["scope"]) == {"trained_on", "holds_for", "does_not_hold_for"}
    box = dict(zip(PARAMETERS, inverter.study.sampling.box, strict=True))
    assert f"k1 {box['k1'][0]:g} to {box['k1'][1]:g}" in " ".join(card["scope"]["holds_for"])
    assert inverter.study.specimen.grains == 300
    assert sum(path.stat().st_size for path in MODEL.iterdir()) < 5e6
