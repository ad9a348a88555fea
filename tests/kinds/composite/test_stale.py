"""Results of another study are named with what differs; those of the same study are not."""

import json

import pytest

from slipfield.core.recorded import witnessed
from slipfield.kinds.composite.samples import read_samples, write_samples
from slipfield.kinds.composite.stale import stale
from slipfield.kinds.composite.study import check_study

BASE = {"name": "a", "kind": "composite"}


@pytest.fixture
def folder(tmp_path):
    study = check_study(BASE, "x")
    with witnessed(study, tmp_path / "samples.json"):
        write_samples(study, tmp_path / "samples.csv")
    (tmp_path / "boxes").mkdir()
    content = {"width": 1, "study": study.model_dump(mode="json")}
    (tmp_path / "boxes" / "design.json").write_text(json.dumps(content))
    return tmp_path


def test_same_study_is_not_stale(folder):
    assert stale(check_study(BASE, "x"), folder) == {}
    assert stale(check_study({**BASE, "name": "b", "baselines": {"runs": 2}}, "x"), folder) == {}


@pytest.mark.parametrize(
    ("change", "files", "differs"),
    [
        ({"targets": [{"constant": "E2", "low": 9, "high": 11}]}, {"design.json"}, "targets"),
        ({"bounds": {"em_GPa": [3, 8]}}, {"design.json", "samples.csv"}, "bounds"),
        ({"cell": {"array": "hexagonal"}}, {"design.json"}, "cell"),
        ({"cell": {"inclusions": "holes"}}, {"design.json", "samples.csv"}, "cell"),
    ],
)
def test_other_studies_are_named(folder, change, files, differs):
    found = stale(check_study({**BASE, **change}, "x"), folder)
    assert {path.name for path in found} == files
    assert all(differs in text for text in found.values())


def test_result_without_a_word_of_its_study_is_stale(folder):
    (folder / "samples.json").unlink()
    (folder / "boxes" / "design.json").write_text("{")
    assert {path.name for path in stale(check_study(BASE, "x"), folder)} == {
        "samples.csv",
        "design.json",
    }


def test_samples_are_the_design_and_the_test_points(folder):
    points, roles = read_samples(folder / "samples.csv")
    assert points.shape == (103, 5) and roles.count("fit") == 43 and roles.count("test") == 60
