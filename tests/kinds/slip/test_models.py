"""The table of inverters is the one place that a new one is added to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from slipfield.core.kind import load
from slipfield.kinds.slip.models import MODELS
from tests.shards import tiny_study, write_dataset

ROOT = Path(__file__).parents[3]
NEW = """
import sys
from slipfield.kinds.slip.models import MODELS, SlipModel
MODELS["mean"] = SlipModel(
    estimator="tests.kinds.slip.learning.mean_inverter:MeanInverter",
    title="mean of the training",
    colour="black",
    fewest_samples=2,
)
from slipfield.cli import app
for line in sys.stdin.read().splitlines():
    app(line.split(), standalone_mode=False)
from slipfield.kinds.slip.figures.catalogue import FIGURES
from slipfield.kinds.slip.inversion.methods import method_name
print(FIGURES["predictions-mean"].title, "|", method_name("mean"))
"""
VERBS = """check --config study.yaml
train --config study.yaml --dataset dataset --output models/mean
evaluate --model models/mean --shards shards
crossval --config study.yaml --dataset dataset --folds 0:2 --output folds.json
baselines --config study.yaml --dataset dataset --output baselines --method mean --samples 8
figure predictions-mean --config study.yaml --results . --output mean.png
schema --output schema.json
"""


@pytest.mark.slow
def test_an_entry_of_the_table_is_all_that_a_new_inverter_takes(tmp_path):
    study = tiny_study()
    write_dataset(study, tmp_path)
    content = study.model_dump(mode="json")
    content["learning"]["model"], content["crossval"]["models"] = "mean", ["mean"]
    (tmp_path / "study.yaml").write_text(json.dumps(content))
    sources = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", NEW],
        input=VERBS,
        cwd=tmp_path,
        env={**os.environ, **sources},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    title = done.stdout.splitlines()[-1]
    assert title == (
        "Mean of the training: predicted against true parameters | mean of the training"
    )
    metrics = json.loads((tmp_path / "models/mean/metrics.json").read_text())
    assert metrics["model"] == "mean" and abs(metrics["test"]["overall"]["r2"]) < 1
    assert (tmp_path / "mean.png").exists()
    assert "mean" in json.dumps(json.loads((tmp_path / "schema.json").read_text()))
    assert "mean" in (tmp_path / "baselines/learning_curves.csv").read_text()


@pytest.mark.parametrize("name", MODELS)
def test_readers_can_tell_the_inverters_apart(name):
    others = [model for other, model in MODELS.items() if other != name]
    assert MODELS[name].title not in {other.title for other in others} | set(MODELS)
    assert MODELS[name].colour not in {other.colour for other in others}
    assert MODELS[name].marker not in {other.marker for other in others}
    made = load(MODELS[name].estimator)(tiny_study())
    assert made.study == tiny_study() and np.isfinite(MODELS[name].fewest_samples)
