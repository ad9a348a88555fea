"""The bench of thick sheets, before it runs."""

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.bench.thickness import Plan, bench_thickness


def test_too_few_sheets_are_refused_before_one_is_simulated(tmp_path):
    with pytest.raises(SlipfieldError, match="sheets: given 2; expected 0 or 4 and more"):
        bench_thickness(tmp_path / "model", tmp_path / "out", Plan((0.6,), 1, sheets=2))
    assert not (tmp_path / "out").exists()
