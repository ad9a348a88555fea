"""Instructions as x86 and ARM list them."""

import pytest

from slipfield.core.processor import instructions


@pytest.mark.parametrize("key", ["flags\t\t", "Features\t"])
def test_instructions_are_those_of_the_first_core(tmp_path, key):
    cores = [f"processor\t: {n}\nmodel name\t: X avx9\n{key}: sse avx2\n" for n in range(2)]
    (tmp_path / "cpuinfo").write_text("\n".join([*cores, "vmx flags\t: ept\n"]))
    assert instructions(tmp_path / "cpuinfo") == {"sse", "avx2"}


def test_no_list_names_none(tmp_path):
    assert instructions(tmp_path / "missing") == frozenset()
