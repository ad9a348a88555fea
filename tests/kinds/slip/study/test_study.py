"""The study model: presets, schema, and one line for every kind of mistake."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import load_any_study, schema
from slipfield.kinds.slip.study import Study, check_study, load_study

CONFIG = Path(__file__).parents[4] / "config"

WRONG = {
    "no name": ({"name": None}, ["name", "None"]),
    "name is a path": ({"name": "../elsewhere"}, ["name", "'../elsewhere'"]),
    "misspelt section": ({"specimens": {}}, ["specimens", "unknown field", "specimen"]),
    "misspelt field": (
        {"specimen": {"cell_x": 20}},
        ["specimen.cell_x", "unknown field", "cells_x"],
    ),
    "several fields": (
        {"specimen": {"cells_x": 1, "grains": 10.5}, "sampling": {"samples": "x"}},
        ["specimen.cells_x", "also wrong: specimen.grains, sampling.samples"],
    ),
    "section is a number": ({"specimen": 3}, ["specimen", "3"]),
    "too few elements": ({"specimen": {"cells_x": 1}}, ["specimen.cells_x", "1", "4"]),
    "text for a number": ({"specimen": {"cells_y": "many"}}, ["specimen.cells_y", "'many'"]),
    "fraction for a count": ({"specimen": {"grains": 10.5}}, ["specimen.grains", "10.5"]),
    "count as text": ({"specimen": {"grains": "12"}}, ["specimen.grains", "'12'", "integer"]),
    "count with a point": ({"sampling": {"samples": 20.0}}, ["sampling.samples", "20.0"]),
    "yes for a count": ({"sampling": {"samples": True}}, ["sampling.samples", "not true"]),
    "yes for a length": ({"specimen": {"width_mm": True}}, ["specimen.width_mm", "not true"]),
    "no in a path": (
        {"loading": {"path": [[0, 0], [False, 0.1]]}},
        ["loading.path", "not true or false"],
    ),
    "smallest step above the first": (
        {"solver": {"min_step_s": 1.0}},
        ["solver", "min_step_s <= first_step_s", "1, 0.5, 5"],
    ),
    "infinite": ({"material": {"h0_MPa": float("inf")}}, ["material.h0_MPa", "inf"]),
    "deep neck": ({"specimen": {"neck_depth_mm": 0.9}}, ["specimen", "neck_depth_mm", "quarter"]),
    "bands do not fill": (
        {
            "specimen": {
                "bands": [
                    {
                        "name": "half",
                        "height_fraction": 0.5,
                        "grain_fraction": 1.0,
                        "kind": "equiaxed",
                    }
                ]
            }
        },
        ["specimen", "height_fraction", "0.5"],
    ),
    "field of a band": (
        {"specimen": {"bands": [{"heigth_fraction": 1.0}]}},
        ["specimen.bands.0", "also wrong: specimen.bands.0"],
    ),
    "unknown choice": (
        {"specimen": {"orientations": "random"}},
        ["specimen.orientations", "'random'", "so3_uniform"],
    ),
    "unstable crystal": ({"material": {"c11_MPa": 1e5}}, ["material", "c11_MPa", "c12_MPa"]),
    "unknown slip systems": (
        {"material": {"slip_family": "hcp"}},
        ["material.slip_family", "'hcp'", "'fcc' or 'bcc'"],
    ),
    "hardening that softens": (
        {"material": {"hardening": "voce", "hardening_exponent": 0.5}},
        ["material.hardening_exponent", "0.5"],
    ),
    "saturation for a model of linear hardening": (
        {"material": {"hardening": "voce"}, "learning": {"model": "equilibrium"}},
        ["'equilibrium' rests on linear hardening", "'voce'", "'projection'"],
    ),
    "empty box": ({"sampling": {"k2_MPa": [60, 10]}}, ["sampling", "k2_MPa", "low < high"]),
    "box of three": ({"sampling": {"k2_MPa": [1, 2, 3]}}, ["sampling.k2_MPa"]),
    "time goes back": (
        {"loading": {"path": [[0, 0], [10, 0.1], [5, 0]]}},
        ["loading", "times of path must increase"],
    ),
    "path starts late": ({"loading": {"path": [[1, 0], [2, 1]]}}, ["loading", "[0, 0]"]),
    "more maps than samples": (
        {"sampling": {"samples": 3}, "specimen": {"microstructures": 4}},
        ["sampling.samples", "specimen.microstructures"],
    ),
    "rate of a sweep": ({"sweep": {"learning_rate": [1e-3, -1]}}, ["sweep.learning_rate.1", "-1"]),
    "batch of a sweep": ({"sweep": {"batch_size": [0]}}, ["sweep.batch_size.0", "given 0"]),
    "depth of a sweep": ({"sweep": {"convolution_blocks": [9]}}, ["convolution_blocks.0", "9"]),
    "setting twice": ({"sweep": {"batch_size": [8, 8]}}, ["sweep.batch_size", "once"]),
    "decay before the start": ({"learning": {"decay_epochs": [0]}}, ["decay_epochs.0", "given 0"]),
    "seed beyond the generator": ({"learning": {"seed": 2**63}}, ["learning.seed", str(2**63)]),
    "threads without end": ({"learning": {"threads": 100_000}}, ["learning.threads", "1024"]),
    "maps for both kinds of folds": (
        {"crossval": {"grouping": "both", "folds": 3}, "specimen": {"microstructures": 2}},
        ["crossval.grouping: 'both' needs", "got 2 for 3"],
    ),
    "folds that leave too few maps": (
        {"crossval": {"grouping": "both", "folds": 2}, "specimen": {"microstructures": 3}},
        ["crossval.folds: 2 folds of 3", "leave fewer than two"],
    ),
    "more ranks than elements": (
        {"specimen": {"cells_x": 4, "cells_y": 4}, "execution": {"ranks_per_sample": 17}},
        ["execution.ranks_per_sample: given 17", "16 elements"],
    ),
    "more folds than samples": (
        {"sampling": {"samples": 3}, "crossval": {"folds": 4}},
        ["crossval.folds", "sampling.samples"],
    ),
}


@pytest.mark.parametrize(("change", "expected"), WRONG.values(), ids=WRONG)
def test_wrong_study_is_one_line_that_names_field_and_value(change, expected):
    with pytest.raises(SlipfieldError) as caught:
        check_study({"name": "wrong", **change}, "wrong.yaml")
    message = str(caught.value)
    assert message.startswith("wrong.yaml: ")
    assert "\n" not in message
    assert len(message) < 300
    for part in expected:
        assert part in message


def test_wrong_files_are_one_line(tmp_path):
    missing, broken, listing, binary = (tmp_path / f"{n}.yaml" for n in ("m", "b", "l", "x"))
    broken.write_text("name: [unclosed\n")
    listing.write_text("- name: list\n")
    binary.write_bytes(b"\xff\xfe\x00name")
    for path in (missing, broken, listing, binary):
        with pytest.raises(SlipfieldError, match=path.name) as caught:
            load_study(path)
        assert "\n" not in str(caught.value)


DOUBLED = list(pairwise("abcdefghijklmnop"))
WRONG_YAML = {
    "key twice": ("name: a\nspecimen:\n  grains: 9\n  cells_x: 8\n  grains: 10\n", "'grains'.*5"),
    "key twice on a line": ("name: a\nsolver: {min_step_s: 1, min_step_s: 2}\n", "'min_step_s'"),
    "section twice": ("noise: {}\nname: a\nnoise: {}\n", "'noise' is given on line 1 and again"),
    "nested without end": ("name: " + "[" * 1000, "nested too deeply"),
    "impossible date": ("name: 2025-13-45\n", "not valid YAML"),
    "tag without its value": ("name: !!int ''\n", "not valid YAML"),
    "doubling aliases": (
        "a: &a [1, 1]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in DOUBLED) + "name: *p\n",
        r"name: given \[\[\[",
    ),
}


@pytest.mark.parametrize(("text", "expected"), WRONG_YAML.values(), ids=WRONG_YAML)
def test_wrong_yaml_is_one_line(tmp_path, text, expected):
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    with pytest.raises(SlipfieldError, match=expected) as caught:
        load_study(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_problem_of_a_whole_section_does_not_print_it():
    with pytest.raises(SlipfieldError) as caught:
        check_study({"name": "a", "sampling": {"samples": 3}, "crossval": {"folds": 4}}, "a.yaml")
    assert str(caught.value) == "a.yaml: crossval.folds must be at most sampling.samples"


def test_numbers_with_an_exponent_are_read_although_yaml_takes_them_for_text(tmp_path):
    path = tmp_path / "exponent.yaml"
    path.write_text("name: a\nlearning: {learning_rate: 1e-3}\n")
    assert load_study(path).learning.learning_rate == 1e-3


def test_yaml_objects_are_refused(tmp_path):
    path = tmp_path / "object.yaml"
    path.write_text("name: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(SlipfieldError, match="not valid YAML"):
        load_study(path)


def test_presets_are_valid_and_named_after_their_files():
    presets = sorted(CONFIG.glob("*.yaml"))
    assert {"demo", "paper", "workstation"} <= {path.stem for path in presets}
    for path in presets:
        assert load_any_study(path)[0].name == path.stem


def test_paper_preset_keeps_the_published_numbers():
    study = load_study(CONFIG / "paper.yaml")
    assert (study.sampling.samples, study.sampling.seed, study.specimen.grains) == (
        22000,
        2025,
        300,
    )
    assert (study.specimen.cells_x + 1, study.specimen.cells_y + 1) == (201, 201)
    assert (study.loading.outputs, study.loading.path[-1][1]) == (20, 0.1)
    assert (study.learning.learning_rate, study.learning.batch_size) == (1e-4, 8)
    assert (study.crossval.repeats, study.crossval.folds) == (20, 10)
    assert (study.material.h0_MPa, study.material.rate_exponent) == (100, 10)
    assert study.material.latent_ratio == 1


def test_schema_file_is_the_generated_one():
    stored = json.loads((CONFIG / "schema.json").read_text())
    assert stored == schema(), "run: envs/run schema --output config/schema.json"


def test_every_field_is_described():
    sections = [schema(), *schema()["$defs"].values()]
    for section in sections:
        for name, field in section.get("properties", {}).items():
            assert field.get("description") or "$ref" in field or "allOf" in field, name


def test_dump_and_reload_give_the_same_study():
    study = load_study(CONFIG / "demo.yaml")
    again = check_study(yaml.safe_load(yaml.safe_dump(study.model_dump(mode="json"))), "again")
    assert again == study


def test_physics_hash_follows_physics_only():
    study = load_study(CONFIG / "demo.yaml")
    content = study.model_dump(mode="json")
    trained_longer = Study.model_validate(content | {"learning": {"epochs": 3}})
    stiffer = Study.model_validate(content | {"material": {"h0_MPa": 120}})
    assert trained_longer.physics_hash() == study.physics_hash()
    assert stiffer.physics_hash() != study.physics_hash()


def test_physics_hash_of_files_that_are_older_than_a_field_holds():
    """Hashes that were written before studies had a slip family."""
    assert Study(name="a").physics_hash() == "839fa5f6d7ac6ebf"
    assert Study(name="a", material={"h0_MPa": 120}).physics_hash() == "9b40a8c521472361"
    linear = {"hardening": "linear", "g_sat_MPa": 99.0, "hardening_exponent": 3.0}  # not its own
    assert Study(name="a", material=linear).physics_hash() == "839fa5f6d7ac6ebf"
    hashes = {
        Study(name="a", material={"hardening": "voce"} | other).physics_hash()
        for other in ({}, {"g_sat_MPa": 99.0}, {"hardening_exponent": 3.0})
    }
    assert len(hashes | {"839fa5f6d7ac6ebf"}) == 4
    bcc = Study(name="a", material={"slip_family": "bcc"})
    assert bcc.physics_hash() != Study(name="a").physics_hash()
