"""A search by real Snakemake, killed and continued, and by people who fill in tables."""

import shutil

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from slipfield.cli import app
from tests.workflow.test_workflow import kill_when, snakemake

pytestmark = pytest.mark.slow
CONTENT = {
    "name": "light",
    "kind": "search",
    "variables": [
        {"name": "length_mm", "units": "mm", "low": 200, "high": 500},
        {"name": "load_N", "units": "N", "low": 10, "high": 100},
    ],
    "objectives": [{"name": "deflection_mm", "units": "mm", "goal": "maximise"}],
    "search": {"initial": 4, "rounds": 2, "batch": 2},
    "execution": {"trials_per_job": 4},
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Folder of a finished search, with its study file."""
    folder = tmp_path_factory.mktemp("search")
    study = folder / "study.yaml"
    study.write_text(yaml.safe_dump({**CONTENT, "evaluator": {"kind": "beam"}}))
    done = snakemake(folder, config=study)
    assert done.returncode == 0, done.stdout
    return folder


def test_the_page_can_be_read_in_a_browser(searched, readable):
    readable(searched / "results/light/report.html")


@pytest.mark.parametrize("name", ["best.csv", "figures/progress.png", "figures/models.png"])
def test_a_file_beside_the_report_is_made_again(searched, name):
    """No later stage reads it, and the report is there; the page names its pictures."""
    path = searched / "results/light" / name
    made = path.read_bytes()
    path.unlink()
    again = snakemake(searched, config=searched / "study.yaml")
    assert again.returncode == 0, again.stdout
    assert path.read_bytes() == made


def test_a_search_that_lost_its_last_round_asks_for_the_same_again(searched):
    folder = searched / "results/light"
    page, told = (folder / "report.html").read_text(), folder / "rounds/0002/told.csv"
    assert "best deflection mm" in page and page.count("data:image/png") == 2
    first = told.read_text()
    assert len(pd.read_csv(told)) == 2
    shutil.rmtree(told.parent)
    again = snakemake(searched, config=searched / "study.yaml")
    assert again.returncode == 0, again.stdout
    assert told.read_text() == first


def test_raised_rounds_are_added_to_those_that_are_there(searched, tmp_path):
    shutil.copytree(searched / "results", tmp_path / "results")
    content = {**CONTENT, "evaluator": {"kind": "beam"}, "search": {**CONTENT["search"]}}
    content["search"]["rounds"] = 3
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    told = sorted((tmp_path / "results/light/rounds").glob("*/told.csv"))
    before = {path: path.stat().st_mtime_ns for path in told}
    done = snakemake(tmp_path, config=tmp_path / "study.yaml")
    assert done.returncode == 0, done.stdout
    assert {path: path.stat().st_mtime_ns for path in told} == before
    assert len(pd.read_csv(told[0].parents[1] / "0003/told.csv")) == 2


def test_a_search_killed_in_its_rounds_ends_as_one_that_was_not(searched, tmp_path):
    """First while a trial of round 1 is evaluated, then while round 2 is asked for."""
    shutil.copy(searched / "study.yaml", tmp_path)
    folder, whole = tmp_path / "results/light", searched / "results/light"
    told = sorted(path.relative_to(whole) for path in whole.glob("rounds/*/told.csv"))
    assert len(told) == 3
    evaluating, asking = (
        folder / "logs" / name
        for name in ("evaluate/rounds/0001/000004-000005.log", "ask/0002.log")
    )
    kill_when(tmp_path, evaluating.exists, config=tmp_path / "study.yaml")
    first = (folder / told[0]).stat().st_mtime_ns
    assert (folder / "rounds/0001/asked.csv").exists() and not (folder / told[1]).exists()
    kill_when(tmp_path, asking.exists, config=tmp_path / "study.yaml")
    assert (folder / told[1]).exists() and not (folder / "rounds/0002/asked.csv").exists()
    done = snakemake(tmp_path, config=tmp_path / "study.yaml")
    assert done.returncode == 0, done.stdout
    assert (folder / told[0]).stat().st_mtime_ns == first, "finished rounds are kept"
    for path in (*told, "best.csv"):
        assert (folder / path).read_bytes() == (whole / path).read_bytes(), path


def test_people_ask_fill_in_and_tell(tmp_path):
    study, asked, told = (tmp_path / name for name in ("study.yaml", "asked.csv", "told.csv"))
    study.write_text(yaml.safe_dump(CONTENT))

    def call(*arguments):
        result = CliRunner().invoke(app, ["search", *map(str, arguments)])
        assert result.exit_code == 0, result.output
        return result.output

    for count in (4, 6):
        call("ask", "--config", study, "--told", told, "--output", asked)
        table = pd.read_csv(asked)
        table["deflection_mm"] = table["load_N"] * table["length_mm"] ** 3 / 3.5e8
        table.to_csv(asked, index=False)
        said = call("tell", "--config", study, "--filled", asked, "--told", told)
        assert f"{count} trials told" in said and "best deflection_mm" in said
    call("report", "--config", study, "--told", told, "--output", tmp_path / "page/report.html")
    assert "fill in the asked table" in (tmp_path / "page/report.html").read_text()
