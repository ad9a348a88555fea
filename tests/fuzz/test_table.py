"""Sample tables that are wrong in every way: `gather` says so in one line and writes nothing."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.verbs import files, gather, hold_to_promises, mutations

pytestmark = pytest.mark.slow

CELLS = st.sampled_from(["", " ", "nan", "inf", "-1", "1e400", "0x10", "१", "1_0", '"', "'", "1;2"])
CELLS |= st.text(max_size=6) | st.integers(-(10**12), 10**12).map(str) | st.floats().map(str)


@st.composite
def changes(draw):
    """Row, column and new content of up to three cells, and lines to repeat, drop or add."""
    cells = st.tuples(st.integers(0, 6), st.integers(0, 4), CELLS)
    lines = st.tuples(st.sampled_from(["repeat", "drop", "add"]), st.integers(0, 6), CELLS)
    return draw(st.lists(cells, max_size=3)), draw(st.lists(lines, max_size=2))


def changed(text, cells, lines):
    rows = [line.split(",") for line in text.splitlines()]
    for row, column, value in cells:
        rows[row][column] = value
    for action, row, value in lines:
        row = min(row, len(rows) - 1)
        if action == "drop" and len(rows) > 1:
            del rows[row]
        else:
            rows.insert(row, rows[row] if action == "repeat" else [value])
    return "\n".join(",".join(row) for row in rows) + "\n"


@mutations()
@given(change=changes())
def test_tables_of_any_kind(change, results):
    table, dataset = results / "wrong.csv", results / "dataset"
    shutil.rmtree(dataset, ignore_errors=True)
    text = changed((results / "samples.csv").read_text(), *change)
    table.write_bytes(text.encode(errors="surrogatepass"))
    before = files(results)
    result = gather(results, table)
    hold_to_promises(result, before, results)
    if result.code == 2:
        assert str(results) in result.error


def test_the_table_as_it_was_is_gathered(results):
    assert gather(results, results / "samples.csv").code == 0
