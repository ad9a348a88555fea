"""Searches beside designs that do not learn, on the cantilever's closed form."""

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from slipfield.cli import app
from slipfield.core.kind import check_any_study
from slipfield.kinds.search.bench import ask_batch

pytestmark = pytest.mark.slow
DEFLECTION = {"name": "deflection_mm", "units": "mm"}


def study(objective):
    return {
        "name": "bench",
        "kind": "search",
        "variables": [
            {"name": "length_mm", "units": "mm", "low": 200, "high": 400},
            {"name": "load_N", "units": "N", "low": 10, "high": 100},
        ],
        "objectives": [objective],
        "evaluator": {"kind": "beam", "study": {"beam": {"height_mm": 10.0}}},
        "search": {"initial": 4, "batch": 2},
    }


@pytest.fixture
def call(tmp_path):
    """Runs the verb on a study; gives status, what it says, and its table."""

    def run(content, *more):
        path, folder = tmp_path / "study.yaml", tmp_path / "out"
        path.write_text(yaml.safe_dump(content))
        given = ["search", "bench", "--config", path, "--output", folder, *more]
        done = CliRunner().invoke(app, list(map(str, given)))
        table = folder / "bench.csv"
        return done, pd.read_csv(table) if table.exists() else None

    return run


def test_a_search_reaches_the_best_random_trial_sooner_and_goes_on_after_a_cut(call, tmp_path):
    content = study({**DEFLECTION, "goal": "maximise"})
    options = ("--seeds", "1:2", "--trials", 8, "--against", 60)
    done, table = call(content, *options)
    assert done.exit_code == 0, done.output
    random = pd.read_csv(tmp_path / "out/random.csv")
    assert len(random) == 60
    assert table["best_of_random"][0] == pytest.approx(random["deflection_mm"].max(), rel=1e-4)
    assert table["trials_to_reach"][0] <= 8
    assert table["best_of_search"][0] >= table["best_of_random"][0]
    path = tmp_path / "out/search-1.csv"
    whole = path.read_text()
    check_cut_round(content, pd.read_csv(path, keep_default_na=False))
    path.write_text("".join(whole.splitlines(keepends=True)[:5]))
    assert len(pd.read_csv(path)) == 4, "cut after the first round"
    call(content, *options)
    assert path.read_text() == whole
    refused, _ = call({**content, "search": {"initial": 5, "batch": 2}}, *options)
    assert refused.exit_code and "another bench" in str(refused.exception)


def check_cut_round(content, told):
    """What is left of a round is asked for as if the whole of it were."""
    changed = {**content, "search": {**content["search"], "seed": 1}}
    asked = ask_batch(check_any_study(changed, "test")[0], told.iloc[:5])
    for name in ("trial", "length_mm", "load_N"):
        np.testing.assert_allclose(asked[name], told[name][5:6])
