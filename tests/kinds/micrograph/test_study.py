"""The study of micrographs: its networks by name, its stages, and results of another study."""

import json

import pandas as pd
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import check_any_study
from slipfield.core.recorded import witnessed
from slipfield.kinds.micrograph import defaults, report
from slipfield.kinds.micrograph.closing import CLASSICAL
from slipfield.kinds.micrograph.stages import compare, train_variant
from slipfield.kinds.micrograph.stale import TASKS, network_digests, stale
from slipfield.kinds.micrograph.study import BoundarySettings, PhaseSettings
from slipfield.kinds.micrograph.variants import TITLES, VARIANTS


def study_of(**sections):
    content = {
        "name": "mini",
        "kind": "micrograph",
        "images": {"presets": ["mg-gd"], "number": 1, "side_px": 192},
        "boundaries": {"variants": ["plain"], "images": 2, "steps": 1},
        "phases": {"variants": ["default"], "images": 2, "steps": 1},
    }
    return check_any_study({**content, **sections}, "study.yaml")[0]


def test_a_study_names_every_network_and_looks_that_there_are():
    assert set(BoundarySettings.NAMES) == set(VARIANTS["boundaries"])
    assert set(PhaseSettings.NAMES) == set(VARIANTS["phases"])
    assert set(TITLES) == {name for names in VARIANTS.values() for name in names}
    with pytest.raises(SlipfieldError, match=r"boundaries\.variants.*given magic"):
        study_of(boundaries={"variants": ["magic"]})
    with pytest.raises(SlipfieldError, match=r"images\.presets.*given steel"):
        study_of(images={"presets": ["steel"]})


def test_a_look_without_second_phase_has_no_scores_of_it():
    columns = [name for name, _ in report.COLUMNS["phases"]]
    nothing = {"preset": "mg-gd", "method": "otsu", **dict.fromkeys(columns, float("nan"))}
    table = pd.DataFrame([nothing, {**nothing, "preset": "tinted", "iou": 0.5, "accuracy": 0.9}])
    first, second = report.score_rows("phases", table)
    assert first == ("mg-gd", "otsu", *"------")
    assert second == ("tinted", "otsu", "0.500", "-", "-", "0.900", "-", "-")
    assert report.best_of("phases", table).value == "0.500"
    assert report.best_of("phases", table[:1]).value == "-"


@pytest.mark.slow
def test_networks_are_trained_and_scored_beside_all_methods(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "SHOWN_PX", 96)
    study = study_of()
    names = {"boundaries": "plain", "phases": "default"}
    for task in TASKS:
        weights = tmp_path / "weights" / task
        train_variant(study, task, names[task], weights / f"{names[task]}.safetensors")
        compare(study, task, weights, tmp_path / "scores" / f"{task}.json")
    table = pd.read_csv(tmp_path / "tables" / "table1.csv")
    assert list(table["method"])[-1] == "trained plain" and len(table) == 6
    rows = json.loads((tmp_path / "scores" / "phases.json").read_text())["rows"]
    assert {row["method"] for row in rows} >= {"otsu", "trained default"}
    report.write_report(study, tmp_path, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "recall of weak ones" in page and f"trained: {TITLES['plain']}" in page
    assert stale(study, tmp_path) == {}
    (tmp_path / "come along").mkdir()
    (tmp_path / "come along" / "boundaries.safetensors").write_bytes(b"of another version")
    with monkeypatch.context() as patch:
        patch.setattr(defaults, "SHIPPED", tmp_path / "come along")
        (word,) = stale(study, tmp_path).values()
    assert word.startswith("other weights of network")
    other = study_of(boundaries={"variants": ["plain"], "images": 2, "steps": 2})
    found = stale(other, tmp_path)
    assert sorted(path.name for path in found) == ["boundaries.json", "plain.safetensors"]
    with pytest.raises(SlipfieldError, match="run the study again"):
        report.write_report(other, tmp_path, tmp_path / "report.html")
    with pytest.raises(SlipfieldError, match="--variant: given 'default'; expected plain"):
        train_variant(study, "boundaries", "default", tmp_path / "x.safetensors")


def test_scores_of_other_weights_of_the_classical_methods_are_stale(tmp_path, monkeypatch):
    study = study_of()
    path = tmp_path / "scores" / "boundaries.json"
    with witnessed(study, path) as written:
        written["networks"] = network_digests("boundaries", (), tmp_path / "weights")
    monkeypatch.setattr(
        "slipfield.kinds.micrograph.stale.network_digests",
        lambda task, variants, weights: network_digests(task, (), weights),
    )
    assert stale(study, tmp_path) == {}
    changed = tmp_path / "closing.json"
    changed.write_text(CLASSICAL.read_text() + "\n")
    monkeypatch.setattr("slipfield.kinds.micrograph.stale.CLASSICAL", changed)
    assert "other weights of classical methods than" in stale(study, tmp_path)[path]
