"""The validator passes what the writers make and names every violation planted in it."""

import numpy as np
import pytest
import xarray as xr

from slipfield.core.files import write_netcdf
from slipfield.kinds.slip.dataset.contract import (
    MICROSTRUCTURE,
    SHARD,
    attributes,
    variable,
    violations,
)
from tests.shards import make_microstructure, make_reference, make_shard, tiny_study

STUDY = tiny_study()
PARAMETERS = np.array([[100.0, 20.0, 10.0], [150.0, 30.0, 12.0], [80.0, 40.0, 20.0]])
FAILED = 4


def good(kind):
    grains = make_microstructure(STUDY, 1)
    if kind == "microstructure":
        return grains
    if kind == "reference":
        return make_reference(STUDY, grains)
    return make_shard(STUDY, grains, np.array([3, 4, 5]), PARAMETERS, failed=[FAILED])


def put(name, index, value):
    """Mutation that sets one entry of a variable."""

    def mutate(data):
        array = data[name].values.copy()
        array[index] = value
        data[name] = (data[name].dims, array, data[name].attrs)
        return data

    return mutate


def attribute(name, key, value):
    def mutate(data):
        data[name].attrs[key] = value
        return data

    return mutate


def later_failure(data):
    data = put("status", 2, 1)(data)
    return put("reason", 2, "no convergence")(data)


MUTATIONS = [
    ("shard", lambda d: d.drop_vars("load"), "'load' is missing"),
    ("shard", lambda d: d.assign(extra=("sample", [1, 2, 3])), "'extra' is not part"),
    ("shard", lambda d: d.transpose("time", ...), "strain: dims"),
    ("shard", lambda d: d.assign(strain=d.strain.astype("f8")), "strain: dtype float64"),
    ("shard", attribute("load", "units", "kN"), "load: units 'kN', expected 'N'"),
    ("shard", lambda d: d.isel(x=slice(1, None)), "dimension 'x' has 16 entries"),
    ("shard", lambda d: d.isel(time=slice(1, None)), "loading.outputs is 4"),
    ("shard", lambda d: d.assign_coords(component=["yy", "xx", "xy"]), "component: labels"),
    ("shard", put("strain", (0, 1, 2, 3, 4), np.nan), "strain: not finite in sample 3"),
    ("shard", put("load", (2, 1), np.inf), "load: not finite in sample 5"),
    ("shard", put("mean_lattice_rotation", (0, 1), np.nan), "rotation: not finite in sample 3"),
    ("shard", put("mean_lattice_rotation", (0, 1), -0.1), "sample 3 leaves [0, pi] rad"),
    ("shard", put("mean_lattice_rotation", (1, 1), 0.1), "sample 4 failed, so they must be NaN"),
    ("shard", attribute("mean_lattice_rotation", "units", "deg"), "units 'deg', expected 'rad'"),
    ("shard", put("reason", 1, ""), "sample 4 failed without a reason"),
    ("shard", put("reason", 0, "why not"), "sample 3 is ok but gives the reason"),
    ("shard", put("status", 0, 2), "status: 2 in sample 3"),
    ("shard", later_failure, "sample 5 failed, so they must be NaN"),
    ("shard", put("time", 1, 90.0), "time: must increase"),
    ("shard", put("displacement", 1, 0.09), "displacement: does not follow"),
    ("shard", put("sample", 1, 3), "sample: numbers are not unique"),
    ("shard", put("k2", 2, -1.0), "k2: not positive in sample 5"),
    ("shard", put("microstructure", 2, 0), "one shard holds one grain map"),
    ("shard", put("microstructure", slice(None), 3), "specimen.microstructures is 3"),
    ("shard", put("steps", 0, -1), "steps: negative"),
    ("shard", lambda d: d.assign_attrs(strain_measure="hencky"), "strain_measure is 'hencky'"),
    ("microstructure", put("grain_id", (0, 0), 10), "grain_id: grain ids in [0, 10]"),
    ("microstructure", put("element_grain", (0, 0), -1), "element_grain: grain ids in [-1"),
    ("microstructure", put("size", 3, 9.0), "size: D is not"),
    ("microstructure", put("ellipse", (0, 1), 5.0), "ellipse: expected d1 >= d2"),
    ("microstructure", put("euler", (0, 1), -0.1), "euler: angles must lie"),
    ("microstructure", put("band", 0, 5), "band: expected 0..4"),
    ("microstructure", lambda d: d.assign(y_mm=-d.y_mm.assign_attrs()), "y_mm: must grow"),
    ("microstructure", put("polygon_start", 1, 1), "at least 3 vertices"),
    (
        "microstructure",
        put("polygon_x", slice(4), [1.0, 0.0, 0.0, 1.0]),
        "grain 0 is not counter-clockwise",
    ),
    ("microstructure", lambda d: d.drop_attrs(deep=False), "'microstructure_index' is missing"),
    ("reference", put("dstrain_dlnk", (0, 0, 0, 0, 0), np.nan), "dstrain_dlnk: not finite"),
    ("reference", put("parameter", 2, "ln_h0"), "parameter: labels"),
    ("reference", lambda d: d.isel(parameter=[0, 1, 2, 2]), "parameter: labels"),
    ("reference", lambda d: d.isel(parameter=[0, 1]), "parameter: labels"),
    ("reference", lambda d: d.assign_attrs(k1=-1.0), "attribute k1: -1.0"),
    ("reference", lambda d: d.assign_attrs(k1="many"), "'k1' is 'many', expected a number"),
]


@pytest.mark.parametrize("kind", ["shard", "microstructure", "reference"])
def test_files_of_the_writers_are_valid(kind, tmp_path):
    write_netcdf(good(kind), tmp_path / "a.nc", STUDY)
    assert violations(tmp_path / "a.nc") == []


def test_a_shard_of_an_older_version_lacks_the_rotation_and_is_valid(tmp_path):
    write_netcdf(good("shard").drop_vars("mean_lattice_rotation"), tmp_path / "a.nc", STUDY)
    assert violations(tmp_path / "a.nc") == []


@pytest.mark.parametrize(("kind", "mutate", "message"), MUTATIONS, ids=[m[2] for m in MUTATIONS])
def test_names_the_violation(kind, mutate, message, tmp_path):
    path = tmp_path / "a.nc"
    with xr.set_options(keep_attrs=True):
        write_netcdf(mutate(good(kind)), path, STUDY)
    found = violations(path)
    assert any(message in line for line in found), found


def test_a_hash_of_another_study(tmp_path):
    path = tmp_path / "a.nc"
    write_netcdf(good("shard"), path, STUDY)
    with xr.open_dataset(path, decode_times=False) as data:
        data.load()
    data.assign_attrs(physics_hash="0123456789abcdef").to_netcdf(path)
    assert any("physics_hash '0123456789abcdef'" in line for line in violations(path))


def test_files_that_are_not_ours(tmp_path):
    foreign, text, truncated = (tmp_path / name for name in ("f.nc", "t.nc", "u.nc"))
    xr.Dataset({"temperature": ("x", [1.0])}).to_netcdf(foreign)
    assert "no variables of a file of ours" in violations(foreign)[0]
    text.write_text("hello")
    assert "not a readable NetCDF file" in violations(text)[0]
    assert violations(tmp_path / "missing.nc")
    write_netcdf(good("shard"), truncated, STUDY)
    content = truncated.read_bytes()
    truncated.write_bytes(content[: len(content) // 2])
    assert len(violations(truncated)) == 1


def test_damaged_data(tmp_path):
    path = tmp_path / "a.nc"
    write_netcdf(good("shard"), path, STUDY)
    content = bytearray(path.read_bytes())
    with xr.open_dataset(path, decode_times=False) as data:
        original = data.strain.encoding["original_shape"]
    assert original[0] == 3
    middle = slice(len(content) // 2, len(content) // 2 + 2000)
    content[middle] = bytes(2000)
    path.write_bytes(bytes(content))
    assert violations(path)


def test_a_writer_gets_dims_dtype_and_attributes():
    status = variable(SHARD, "status", [True, False])
    assert status.dtype == np.int8 and status.dims == ("sample",)
    assert status.attrs["flag_meanings"] == "ok failed"
    assert attributes(MICROSTRUCTURE, "euler")["units"] == "rad"
