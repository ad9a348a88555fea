"""Numbers in sentences: short, never with an exponent where people expect none."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipfield.core.numbers import percent, short, within

SOURCES = Path(__file__).parents[2] / "src" / "slipfield"


@given(st.floats(min_value=1e-4, max_value=1e9), st.integers(1, 4))
def test_numbers_keep_their_digits_without_an_exponent(value, digits):
    text = short(value, digits)
    assert "e" not in text
    assert float(text) == pytest.approx(value, rel=0.5 * 10.0 ** (1 - digits) + 1e-12)


def test_a_whole_is_a_hundred_per_cent():
    assert [percent(0.999), percent(-1.0), percent(12.34), percent(0.0512, 1)] == [
        "100 %",
        "-100 %",
        "1200 %",
        "5 %",
    ]


def test_what_is_not_known_has_no_digits():
    assert [within(0.05), within(1.0), within(70.0)] == ["to 5.1 %", "to 170 %", "not at all"]


def test_no_sentence_writes_per_cent_in_a_way_that_gives_exponents():
    """``{value:.2g} %`` is 1e+02 % for a whole."""
    pattern = re.compile(r":\.[0-9]g\} ?%")
    found = [path.name for path in SOURCES.rglob("*.py") if pattern.search(path.read_text())]
    assert found == []
