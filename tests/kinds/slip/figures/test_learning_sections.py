"""What the report says of cross-validation: the folds that were run, of networks and of others."""

import json

import pytest

from slipfield.kinds.slip.figures.learning_sections import crossval_section
from slipfield.kinds.slip.figures.sources import Results
from tests.shards import tiny_study

LINE = {
    "grouping": "random",
    "parameter": "k1",
    "metric": "r2",
    "unit": "1",
    "folds": 20,
    "mean": 0.9,
    "std": 0.02,
    "t_low": 0.89,
    "t_high": 0.91,
    "corrected_low": 0.88,
    "corrected_high": 0.92,
    "cv_percent": 2.2,
    "mean_predictor": -0.01,
}


@pytest.mark.parametrize(
    ("models", "own", "said"),
    [
        (["projection"], 2, "3 × 10 folds. "),
        (["cnn_lstm"], None, "3 × 10 folds, 7 epochs each for the network. "),
        (
            ["projection", "cnn_lstm"],
            2,
            "3 × 10 folds, 2 × 10 folds of 7 epochs each for the network. ",
        ),
    ],
)
def test_cross_validation_tells_the_folds_of_networks(tmp_path, models, own, said):
    (tmp_path / "tables").mkdir()
    lines = [{"model": model, **LINE} for model in models]
    (tmp_path / "tables" / "table6.json").write_text(json.dumps(lines))
    study = tiny_study(
        crossval={"folds": 10, "repeats": 3, "network_repeats": own, "epochs": 7, "models": models}
    )
    section = crossval_section(Results(study, tmp_path))
    assert section.texts[0].startswith(said)
