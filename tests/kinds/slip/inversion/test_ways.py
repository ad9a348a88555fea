"""Forward runs of the ways to lay a grain map, on a solver that ends."""

import sys

import pytest

from slipfield.core.errors import EXIT_STATUS, NoEquilibrium, SlipfieldError
from slipfield.kinds.slip.inversion.forward import COMMAND
from slipfield.kinds.slip.inversion.ways import _correlation, better_way
from slipfield.kinds.slip.measure.specimen_file import read_specimen


def ends(monkeypatch, tmp_path, kind, reason):
    script = tmp_path / "solver.py"
    script.write_text(
        f"import sys\nprint({reason!r}, file=sys.stderr)\nsys.exit({EXIT_STATUS[kind]})"
    )
    monkeypatch.setenv(COMMAND, f"{sys.executable} {script}")


def test_a_run_without_equilibrium_does_not_correlate(specimen, study, tmp_path, monkeypatch):
    ends(monkeypatch, tmp_path, NoEquilibrium, "minimum step reached")
    assert _correlation(read_specimen(specimen), study, 1, [20, 20], tmp_path) == 0


def test_a_full_disk_is_no_way_that_does_not_fit(specimen, study, tmp_path, monkeypatch):
    ends(monkeypatch, tmp_path, SlipfieldError, "run.nc: no space left on device")
    with pytest.raises(SlipfieldError, match="no space left on device"):
        better_way(read_specimen(specimen), study, tmp_path)
