"""What `check` says about values that are valid and hardly meant."""

from pathlib import Path

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import load_any_study
from slipfield.kinds.slip.study import check_study, load_study
from slipfield.kinds.slip.study.plausible import (
    TAYLOR,
    doubts,
    flow_stress,
    training_samples,
    young_modulus,
)

ROOT = Path(__file__).parents[4]
STUDIES = {path: load_any_study(path) for path in sorted((ROOT / "config").glob("*.yaml"))}
PRESETS = [path for path, (_, kind) in STUDIES.items() if kind.name == "slip"]

ALUMINIUM = {"c11_MPa": 108.2e3, "c12_MPa": 61.3e3, "c44_MPa": 28.5e3}
SHEET = {"width_mm": 2, "height_mm": 4, "thickness_mm": 0.1, "cells_x": 32, "cells_y": 64}


def study(**sections):
    return check_study({"name": "a", **sections}, "a.yaml")


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.stem)
def test_the_presets_leave_no_doubt(preset):
    assert list(doubts(load_study(preset))) == []


def test_an_aluminium_sheet_leaves_no_doubt():
    assert not list(doubts(study(material=ALUMINIUM, specimen=SHEET)))


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        (
            {"material": {n: v / 1e3 for n, v in ALUMINIUM.items()}},
            ("c11_MPa: 108.2 MPa is softer than any metal", "in GPa, write c11_MPa: 108200"),
        ),
        ({"material": {n: 1e3 * v for n, v in ALUMINIUM.items()}}, ("stiffer than diamond",)),
        ({"material": {**ALUMINIUM, "c44_MPa": 28.5}}, ("c44_MPa: 28.5 MPa beside 108200",)),
        (
            {"loading": {"path": [[0, 0], [100, 1.0]]}},
            ("1 mm on a sheet of 2 mm is an elongation of 50 %",),
        ),
        (
            {
                "specimen": SHEET,
                "material": ALUMINIUM,
                "loading": {"path": [[0, 0], [100, 0.12], [110, 0.08]]},
            },
            ("unloading to 0.08 mm at 110 s takes off 1 %", "buckles at 146 MPa"),
        ),
        ({"specimen": {**SHEET, "cells_y": 32}}, ("aspect of 2; with cells_y: 64",)),
        (
            {"specimen": {**SHEET, "thickness_mm": 100.0}},
            ("specimen.thickness_mm: 100 mm is more than the sheet is wide, 2 mm; if",),
        ),
        ({"sampling": {"k2_MPa": [10, 6000]}}, ("no metal is that strong",)),
        (
            {"material": {"hardening": "voce", "g_sat_MPa": 60.0}},
            ("g_sat_MPa: 60 MPa", "it would not harden"),
        ),
    ],
)
def test_values_that_are_hardly_meant_are_named(sections, words):
    found = list(doubts(study(**sections)))
    assert len(found) == 1
    for word in words:
        assert word in found[0]


def test_an_unloading_that_ends_at_zero_load_is_no_doubt():
    loading = {"path": [[0, 0], [100, 0.12], [110, 0.118], [150, 0.16]]}
    assert not list(doubts(study(specimen=SHEET, material=ALUMINIUM, loading=loading)))


def test_moduli_are_those_of_the_tables():
    """Polycrystalline aluminium has 70 GPa, copper 128 GPa."""
    assert young_modulus(study(material=ALUMINIUM)) == pytest.approx(70.4e3, rel=0.01)
    assert young_modulus(study()) == pytest.approx(128e3, rel=0.02)
    assert 150 < flow_stress(study(), 0.0) < 300


@pytest.mark.parametrize("exponent", [1, 2.25])
def test_flow_stress_of_voce_hardening_is_that_of_its_rate(exponent):
    voce = {"hardening": "voce", "g_sat_MPa": 90.0, "hardening_exponent": exponent}
    strains = np.linspace(0, 0.3, 3001)
    linear, found = (
        np.array([flow_stress(study(material=material), e) / TAYLOR for e in strains])
        for material in ({}, voce)
    )
    g = linear[0]
    for step in np.diff(linear):
        slope = (1 - g / 90) ** exponent
        g += step * (1 - (g + 0.5 * step * slope) / 90) ** exponent
    assert found[0] == linear[0]
    assert found[-1] == pytest.approx(g, rel=1e-5)
    assert found[-1] < 90


@pytest.mark.parametrize(
    ("model", "samples", "left", "fewest"),
    [("projection", 10, 8, 10), ("equilibrium", 32, 27, 30)],
)
def test_too_few_samples_are_refused_with_the_least_number(model, samples, left, fewest):
    few = study(
        sampling={"samples": samples},
        learning={"model": model},
        crossval={"folds": 2, "models": ["cnn_lstm"]},
    )
    assert training_samples(few, model) == left
    with pytest.raises(SlipfieldError, match=f"leave {left} to train with .* needs {fewest}"):
        list(doubts(few))


@pytest.mark.parametrize(("grouping", "left"), [("random", 16), ("microstructure", 12)])
def test_folds_by_grain_map_hold_out_whole_maps(grouping, left):
    """Of 4 maps in 3 folds, one fold holds 2, with 6 of the 24 samples each."""
    few = study(
        sampling={"samples": 24},
        specimen={"microstructures": 4},
        learning={"model": "cnn_lstm"},
        crossval={"folds": 3, "grouping": grouping, "models": ["projection"]},
    )
    assert training_samples(few, "projection") == left
