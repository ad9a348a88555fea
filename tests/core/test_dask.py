"""Commands do without Dask until orix wants it."""

import subprocess
import sys

import pytest
import xarray as xr

pytestmark = pytest.mark.slow

COMMAND = """
import sys
from slipfield.core import dask

with dask.hidden():
    import numpy as np
    from slipfield.core.files import open_netcdf
    from slipfield.kinds.slip.figures.specimen import ipf_colours

    with open_netcdf(sys.argv[1]) as data:
        print(data["value"].astype(float).sum().item(), *data["component"].values)
    print("dask" in sys.modules and sys.modules["dask"] is not None)
    print(ipf_colours(np.zeros((1, 3))).shape)
import dask.array
"""


def test_files_are_read_without_dask_and_orix_finds_it(tmp_path):
    values = {"value": ("component", [1, 2]), "component": ["xx", "yy"]}
    xr.Dataset(values).to_netcdf(tmp_path / "a.nc")
    command = [sys.executable, "-c", COMMAND, str(tmp_path / "a.nc")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["3.0 xx yy", "False", "(1, 3)"], done.stderr
    assert done.returncode == 0
