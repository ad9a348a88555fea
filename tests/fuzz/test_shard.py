"""Shards and grain maps that are wrong in every way: `gather` and `validate` say so in one line."""

import shutil

import netCDF4
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.verbs import files, gather, hold_to_promises, mutations, run_verb

pytestmark = pytest.mark.slow

VICTIMS = ("shards/m00001_r000002-000002.nc", "microstructures/00001.nc", "references/00001.nc")
NUMBERS = st.sampled_from([np.nan, np.inf, -np.inf, -1.0, 0.0, 7.0, 1e30, 2.0**31, 2.0**63])
TEXTS = st.sampled_from(["", "0", "{}", "[]", "null", "shard", "é\n", '{"name": "a"}'])


class Sound(dict):
    """Content of files by name, too long to be printed."""

    def __repr__(self):
        return "Sound(...)"


@pytest.fixture(scope="module")
def sound(results):
    """Content of the files before they are changed."""
    return Sound({name: (results / name).read_bytes() for name in VICTIMS})


def judge(results, name):
    """Gather the study with its wrong file; `validate` must not pass what `gather` cannot use."""
    shutil.rmtree(results / "dataset", ignore_errors=True)
    before = files(results)
    result = gather(results, results / "samples.csv")
    hold_to_promises(result, before, results)
    if result.code == 2:
        assert str(results) in result.error
    verdict = run_verb("validate", results / name)
    assert verdict.code in (0, 1), verdict
    assert verdict.err == ""


@st.composite
def edits(draw):
    """Name of a file, number of a variable in it, and what to do there."""
    action = draw(st.sampled_from(["value", "rename", "attribute", "global", "drop global"]))
    value = draw(NUMBERS | TEXTS)
    return draw(st.sampled_from(VICTIMS)), draw(st.integers(0, 40)), action, value


def edit(path, number, action, value):
    """Change one value, name or attribute of a NetCDF file."""
    with netCDF4.Dataset(path, "a") as file:
        names = list(file.variables)
        variable = file.variables[names[number % len(names)]]
        attributes = file.ncattrs()
        chosen = attributes[number % len(attributes)]
        if action == "value" and variable.dtype is not str and not isinstance(value, str):
            flat = np.array(variable[:]).reshape(-1)
            with np.errstate(invalid="ignore"):
                flat[number % flat.size] = np.float64(value).astype(flat.dtype)
            variable[:] = flat.reshape(variable.shape)
        elif action == "value" and variable.dtype is str:
            variable[0] = str(value)
        elif action == "rename":
            file.renameVariable(variable.name, f"{variable.name}_old")
        elif action == "attribute":
            variable.setncattr("units", value)
        elif action == "global":
            file.setncattr(chosen, value)
        elif action == "drop global":
            file.delncattr(chosen)


@mutations(1.5)
@given(change=edits())
def test_values_of_any_kind(change, results, sound):
    name, number, action, value = change
    try:
        edit(results / name, number, action, value)
        judge(results, name)
    finally:
        (results / name).write_bytes(sound[name])


@mutations(1.5)
@given(
    name=st.sampled_from(VICTIMS),
    cut=st.none() | st.floats(0, 1),
    spots=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=3),
)
def test_bytes_of_any_kind(name, cut, spots, results, sound):
    content = bytearray(sound[name])
    for where, piece in spots:
        start = int(where * (len(content) - len(piece)))
        content[start : start + len(piece)] = piece
    try:
        (results / name).write_bytes(content if cut is None else content[: int(cut * len(content))])
        judge(results, name)
    finally:
        (results / name).write_bytes(sound[name])


@pytest.mark.parametrize("name", VICTIMS)
@pytest.mark.parametrize("other", [*VICTIMS, "samples.csv", "dataset"])
def test_one_kind_of_file_for_another(name, other, results, sound):
    path = results / name
    try:
        path.unlink()
        source = results / other
        if other == "dataset":
            path.mkdir()
        else:
            path.write_bytes(sound.get(other) or source.read_bytes())
        judge(results, name)
    finally:
        if path.is_dir():
            path.rmdir()
        path.write_bytes(sound[name])
