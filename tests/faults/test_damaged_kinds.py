"""Small files of studies of every kind, damaged one at a time: the verb that reads it names it."""

import contextlib
import json
from functools import cache

import pytest
import yaml

from slipfield.core.kind import load, load_any_study
from slipfield.kinds.curves.study import load_curves_study
from tests.faults.kinds import studies
from tests.faults.test_damaged import DAMAGE
from tests.fuzz.verbs import run_verb
from tests.kinds.curves.test_stages import shard

pytestmark = pytest.mark.slow

DAMAGE = {
    **DAMAGE,
    "an empty object": lambda content: b"{}\n",
    "without rows": lambda content: content.split(b"\n")[0] + b"\n",
    "without its last row": lambda content: content.rstrip().rpartition(b"\n")[0] + b"\n",
    "with words for numbers": lambda content: content.replace(b"0.", b"zero"),
    "of many brackets": lambda content: b"[" * 100_000,
}
TABLES = {"without rows", "without its last row", "with words for numbers"}
"""What is done to CSV files alone."""

VERBS = {
    "beam": {
        "design": "study design --config study.yaml --output samples.csv",
        "first": "study simulate --config study.yaml --samples samples.csv --rows 0:12 "
        "--output shards/0.nc",
        "second": "study simulate --config study.yaml --samples samples.csv --rows 12:24 "
        "--output shards/1.nc",
        "gather": "study gather shards/0.nc shards/1.nc --config study.yaml --output dataset.nc",
        "crossval": "study crossval --config study.yaml --dataset dataset.nc --model quadratic "
        "--output crossval/quadratic.json",
        "report": "study report --config study.yaml --folder . --output report.html",
    },
    "hardness": {
        "table": "hardness table --config study.yaml --output table.csv",
        "line": "hardness validate --config study.yaml --table table.csv --model line "
        "--output scores/line.json",
        "ridge": "hardness validate --config study.yaml --table table.csv --model ridge "
        "--output scores/ridge.json",
        "explain": "hardness explain --config study.yaml --table table.csv --scores scores "
        "--output explained.json",
        "report": "hardness report --config study.yaml --folder . --output report.html",
    },
    "search": {
        "ask": "search ask --config study.yaml --round 0 --output rounds/0000/asked.csv",
        "evaluate": "search evaluate --config study.yaml --asked rounds/0000/asked.csv "
        "--trials 0:4 --output rounds/0000/trials/0.csv",
        "join": "search join rounds/0000/trials/0.csv --config study.yaml "
        "--output rounds/0000/told.csv",
        "report": "search report --config study.yaml --told rounds/0000/told.csv "
        "--output report.html",
    },
    "curves": {
        "gather": "curve-gather --config study.yaml --shards shards/0.nc --output curves.nc",
        "learn": "curve-learn --config study.yaml --curves curves.nc --learner rule --setting 4 "
        "--output scores/rule-4.csv",
        "summary": "curve-summary --scores scores/rule-4.csv --output tables/learners.csv",
        "report": "curve-report --config study.yaml --folder . --output report.html",
    },
}
"""Verbs of a study in their order, in its folder."""

READ_BY = {
    "beam": {
        "samples.csv": "first report",
        "shards/1.nc": "gather report",
        "dataset.nc": "crossval report",
        "crossval/quadratic.json": "report",
        "crossval/quadratic.csv": "report",
    },
    "hardness": {
        "table.csv": "line explain report",
        "scores/line.json": "explain report",
        "explained.json": "report",
        "explained.csv": "report",
    },
    "search": {
        "rounds/0000/asked.csv": "evaluate",
        "rounds/0000/trials/0.csv": "join",
        "rounds/0000/told.csv": "report",
        "rounds/0000/study.json": "report",
    },
    "curves": {
        "shards/0.nc": "gather report",
        "curves.nc": "learn report",
        "scores/rule-4.csv": "summary report",
        "scores/rule-4.json": "report",
        "tables/learners.csv": "report",
        "tables/below.csv": "report",
    },
}
CASES = [(kind, name) for kind, files in READ_BY.items() for name in files]
TRUE_TABLES = {("search", "without its last row"), ("hardness", "without its last row")}
"""A table of fewer trials, or alloys, is a table, for the verbs that take people's own."""

NOT_READ = {
    ("beam", "samples.csv"),
    ("beam", "shards/1.nc"),
    ("hardness", "table.csv"),
    ("search", "rounds/0000/study.json"),
    ("curves", "shards/0.nc"),
    ("curves", "scores/rule-4.csv"),
}
"""What a report compares with its study where it is there, and does without."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Function from a kind to the folder of a finished study."""

    @cache
    def make(kind):
        folder = tmp_path_factory.mktemp(kind)
        (folder / "study.yaml").write_text(yaml.safe_dump(studies(kind)[0]))
        if kind == "curves":
            shard(load_curves_study(folder / "study.yaml"), (0, 6), folder / "shards/0.nc")
        with contextlib.chdir(folder):
            for verb in VERBS[kind].values():
                done = run_verb(*verb.split())
                assert done.code == 0, (verb, done.err)
        return folder

    return make


def words_of(kind, verb):
    """Words of a verb: a report is made anew, others write beside their result, which stays."""
    words = VERBS[kind][verb].split()
    return words if verb == "report" else [*words[:-1], "again.out"]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_damaged_file_is_named_by_the_verb_that_reads_it(finished, kind, name, monkeypatch):
    folder = finished(kind)
    monkeypatch.chdir(folder)
    path = folder / name
    whole, before = path.read_bytes(), set(folder.rglob("*"))
    for damage, spoil in DAMAGE.items():
        if damage in TABLES and path.suffix != ".csv" or spoil(whole) == whole:
            continue
        for verb in READ_BY[kind][name].split():
            if (kind, damage) in TRUE_TABLES and verb != "report":
                continue
            path.write_bytes(spoil(whole))
            result = run_verb(*words_of(kind, verb))
            path.write_bytes(whole)
            where = (damage, verb, result)
            assert result.code == 2 and result.error.startswith("slipfield: error: "), where
            assert path.stem in result.error and "Traceback" not in result.err, where
            assert set(folder.rglob("*")) == before, where


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_missing_file_is_not_called_a_damaged_one(finished, kind, name, monkeypatch):
    """Nobody is told to delete what is not there, or shown Python's own words."""
    folder = finished(kind)
    monkeypatch.chdir(folder)
    path = folder / name
    whole, before = path.read_bytes(), set(folder.rglob("*"))
    for verb in READ_BY[kind][name].split():
        path.unlink()
        result = run_verb(*words_of(kind, verb))
        path.write_bytes(whole)
        assert set(folder.rglob("*")) - before <= {folder / "again.out"}, (verb, result)
        (folder / "again.out").unlink(missing_ok=True)
        if verb == "report" and (kind, name) in NOT_READ:
            assert result.code == 0, (verb, result)
            continue
        assert result.code == 2 and result.error.startswith("slipfield: error: "), (verb, result)
        assert path.stem in result.error and "Traceback" not in result.err, (verb, result)
        assert "Errno" not in result.error and "delete" not in result.error, (verb, result)


@pytest.mark.parametrize("kind", VERBS)
def test_a_report_refuses_results_of_another_study(finished, kind, monkeypatch):
    """By hand, without the workflow: one line that names the file and what differs."""
    folder = finished(kind)
    monkeypatch.chdir(folder)
    study, its_kind = load_any_study(folder / "study.yaml")
    assert load(its_kind.stale)(study, folder) == {}
    path = folder / "study.yaml"
    whole = path.read_text()
    path.write_text(yaml.safe_dump(studies(kind)[1]))
    result = run_verb(*VERBS[kind]["report"].split())
    path.write_text(whole)
    assert result.code == 2 and "made with" in result.error, result
    assert "run the study again" in result.error


def test_scores_of_other_alloys_are_no_scores(finished, monkeypatch):
    folder = finished("hardness")
    monkeypatch.chdir(folder)
    path = folder / "scores/line.json"
    whole = path.read_text()
    content = json.loads(whole)
    content["predictions"]["alloy"].pop()
    path.write_text(json.dumps(content))
    result = run_verb(*VERBS["hardness"]["explain"].split()[:-1], "again.json")
    path.write_text(whole)
    assert result.code == 2 and "scores/line.json: not readable" in result.error
    assert "predictions of other alloys" in result.error
