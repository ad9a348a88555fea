"""The bench of thick sheets, before it runs."""

from types import SimpleNamespace

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.bench import thickness
from slipfield.kinds.slip.bench.thickness import Plan, bench_thickness
from slipfield.kinds.slip.study import Study


def test_too_few_sheets_are_refused_before_one_is_simulated(tmp_path):
    with pytest.raises(SlipfieldError, match="sheets: given 2; expected 0 or 4 and more"):
        bench_thickness(tmp_path / "model", tmp_path / "out", Plan((0.6,), 1, sheets=2))
    assert not (tmp_path / "out").exists()


def test_a_sheet_of_too_many_layers_is_refused_before_one_is_simulated(tmp_path, monkeypatch):
    """32 cells of 0.0625 mm, d = 0.29 mm: t/d of 50 is 233 layers."""
    model = SimpleNamespace(load=lambda _: SimpleNamespace(study=Study(name="a")))
    monkeypatch.setattr(thickness, "Model", model)
    with pytest.raises(SlipfieldError, match=r"ratios: t/d of 50: 14.6 mm are 233 layers .* 200"):
        bench_thickness(tmp_path / "model", tmp_path / "out", Plan((0.6, 50.0), 1))
    assert not (tmp_path / "out").exists()
