"""The study of curves in miniature through the real workflow, from tension tests to its report."""

import csv

import pytest

from tests.workflow.test_workflow import REPOSITORY, jobs, snakemake

pytestmark = pytest.mark.slow

CONFIG = REPOSITORY / "config" / "curves-mini.yaml"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Folder of the finished study."""
    folder = tmp_path_factory.mktemp("curves")
    first = snakemake(folder, config=CONFIG)
    assert first.returncode == 0, first.stdout
    assert jobs(first.stdout)["tension"] == 1
    return folder / "results" / "curves-mini"


def test_the_report_can_be_read_in_a_browser(results, readable):
    readable(results / "report.html")


def test_study_of_curves_goes_from_its_table_to_its_report(results):
    with open(results / "tables" / "learners.csv", newline="") as handle:
        rows = {(row["learner"], row["scheme"]): row for row in csv.DictReader(handle)}
    assert rows.keys() == {(n, s) for n in ("rule", "forest") for s in ("random", "one_out")}
    with open(results / "scores" / "rule-4.csv", newline="") as handle:
        scores = [row for row in csv.DictReader(handle) if row["scheme"] == "one_out"]
    obeying = [float(row["similarity"]) for row in scores if row["obeys_rule"] == "True"]
    assert len(scores) == 10 and len(obeying) == 5
    assert min(obeying) > 0.9999  # the closed form gives back what was simulated
    assert all(float(row["monotone"]) == 1 for row in rows.values())
    page = (results / "report.html").read_text()
    assert "http" not in page.split("base64,")[0]
    assert list(results.rglob("*.part")) == []
