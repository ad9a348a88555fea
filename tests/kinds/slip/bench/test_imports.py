"""The bench of imports: its files are right, and a checkout without sources is refused."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.bench import imports
from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_orientation_map
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain


def test_files_of_the_bench_are_those_of_a_tension_test(tmp_path, monkeypatch):
    for name, value in {"FRAMES": 4, "POINTS": 21, "PIXELS": 60, "GRAIN_PIXELS": 20}.items():
        monkeypatch.setattr(imports, name, value)
    options = StrainOptions(scale=imports.SCALE, interval=5.0, thickness=1.0)
    data = import_strain(imports._write_frames(tmp_path), options)
    share = data["displacement"].values / data.attrs["sheet_height_mm"]
    np.testing.assert_allclose(share, 0.02 * np.arange(1, 5) / 4, rtol=1e-6)
    data = add_orientation_map(data, imports._write_map(tmp_path / "m.ctf"), GrainOptions())
    assert data.sizes["grain"] == 9
    assert set(np.bincount(data["grain_id"].values.ravel())) == {400}


def test_another_checkout_needs_sources(tmp_path):
    with pytest.raises(SlipfieldError, match="no src/slipfield"):
        imports.bench_imports(tmp_path / "a.csv", 1, tmp_path)


def test_ratios_are_medians_of_runs_in_turn():
    row = imports._row("both", np.array([[1.0, 2.0], [3.0, 4.0], [2.0, 2.0]]))
    assert (row["cpu_s"], row["beside_cpu_s"], row["ratio"]) == (2.0, 2.0, 0.75)
