"""Specimens at the limits of what a study file allows: a sound grain map, or one line."""

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.verbs import files, hold_to_promises, mutations, run_verb

pytestmark = pytest.mark.slow

SHARES = st.lists(st.floats(1e-3, 1), min_size=1, max_size=6)


@st.composite
def specimens(draw):
    """Small specimens: any outline, bands of any height with any share of the grains."""
    heights = draw(SHARES)
    grains = [draw(st.floats(1e-3, 1)) for _ in heights]
    bands = [
        {
            "name": draw(st.text(max_size=5)),
            "height_fraction": height / math.fsum(heights),
            "grain_fraction": share / math.fsum(grains),
            "kind": draw(st.sampled_from(["equiaxed", "columnar"])),
        }
        for height, share in zip(heights, grains, strict=True)
    ]
    width = draw(st.floats(1e-6, 1e6))
    return {
        "width_mm": width,
        "height_mm": draw(st.floats(1e-6, 1e6)),
        "neck_depth_mm": draw(st.floats(0, 0.25)) * width,
        "necks_per_side": draw(st.integers(0, 10)),
        "cells_x": draw(st.integers(4, 14)),
        "cells_y": draw(st.integers(4, 14)),
        "grains": draw(st.integers(5, 60)),
        "bands": bands,
        "size_sigma": draw(st.floats(0, 1.5)),
        "orientations": draw(st.sampled_from(["euler_uniform", "so3_uniform"])),
        "seed": draw(st.integers(0, 2**70)),
    }


@mutations()
@given(specimen=specimens())
def test_grain_maps_of_any_specimen(specimen, tmp_path):
    path, output = tmp_path / "study.yaml", tmp_path / "map.nc"
    output.unlink(missing_ok=True)
    path.write_text(yaml.safe_dump({"name": "any", "specimen": specimen}))
    before = files(tmp_path)
    result = run_verb("microstructure", "--config", path, "--index", 0, "--output", output)
    hold_to_promises(result, before, tmp_path)
    if result.code == 0:
        verdict = run_verb("validate", output)
        assert verdict.code == 0, verdict.out
