"""A study of a matrix with holes through the real workflow: nothing published beside it."""

import csv
import json

import pytest

from tests.workflow.test_workflow import jobs, snakemake

pytestmark = pytest.mark.slow

STUDY = """
name: holes
kind: composite
cell: {inclusions: holes}
bounds: {em_GPa: [3, 4], num: [0.35, 0.35], fraction: [0.1, 0.3]}
targets:
  - {constant: E2, low: 1.5, high: 2.5}
  - {constant: nu23, low: 0.15, high: 0.45}
surrogate: {solves: 6, compared: [2], test_points: 4}
design: {draws: 200}
"""


def test_study_of_holes_goes_from_its_samples_to_its_report(tmp_path):
    config = tmp_path / "holes.yaml"
    config.write_text(STUDY)
    run = snakemake(tmp_path, config=config)
    assert run.returncode == 0, run.stdout
    assert "paper" not in jobs(run.stdout)
    results = tmp_path / "results" / "holes"
    with open(results / "samples.csv", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 9 + 4 and {row["ef"] for row in rows} == {"0"}
    found = json.loads((results / "boxes" / "design.json").read_text())
    assert set(found["box"]) == {"em", "num", "fraction"} and found["box"]["num"] == [0.35, 0.35]
    for box in (found, found["largest"], found["tolerances"]):
        assert 1.5 <= box["range"]["E2"][0] < box["range"]["E2"][1] <= 2.5
        assert box["draws"] == {"count": 200, "missed": 0}
    assert found["largest"]["volume"] >= found["volume"] > 0.01
    page = (results / "report.html").read_text()
    assert "square array of holes" in page
    assert page.count("published") == page.count("quadratic, as published")
    assert sorted(path.name for path in (results / "baselines").iterdir()) == [
        "fitted.csv",
        "study.json",
    ]
