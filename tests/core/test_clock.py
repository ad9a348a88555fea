"""Files of the future are dated back in their order; the others keep their dates."""

import os
import subprocess
import sys
import time

import pytest

from slipfield.core.clock import date_back
from tests.faults.ordinary import ORDINARY, need_ordinary_user

HOUR_NS = 3_600_000_000_000


def test_files_of_the_future_are_dated_now_in_their_order(tmp_path):
    now = time.time_ns()
    hours = {"map": -1, "samples": 5, "shards/a": 7, "shards/b": 30, "shards/c": 7.5}
    (tmp_path / "shards").mkdir()
    for name, hour in hours.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, ns=(now + int(hour * HOUR_NS),) * 2)
    assert date_back(tmp_path) == 4
    dates = {name: (tmp_path / name).stat().st_mtime_ns for name in hours}
    assert sorted(dates, key=dates.get) == sorted(hours, key=hours.get)
    assert dates["map"] == now - HOUR_NS
    assert max(dates.values()) <= time.time_ns()
    assert min(date for name, date in dates.items() if name != "map") > now - HOUR_NS / 60
    assert date_back(tmp_path) == 0


def test_files_that_vanish_meanwhile_are_passed_over(tmp_path, monkeypatch):
    """Jobs on other machines rename their temporary files while a new run looks at the folder."""
    tomorrow = time.time_ns() + 24 * HOUR_NS
    for name in (".gone.part", "kept", "later"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, ns=(tomorrow, tomorrow))
    real = os.stat

    def vanishing(path, **options):
        """Stat a file that vanishes just before, or just after."""
        if str(path).endswith(".part"):
            os.unlink(path)
        found = real(path, **options)
        if str(path).endswith("later"):
            os.unlink(path)
        return found

    monkeypatch.setattr(os, "stat", vanishing)
    date_back(tmp_path)
    assert real(tmp_path / "kept").st_mtime_ns <= time.time_ns()


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="only root makes files of somebody else")
def test_files_of_the_future_that_belong_to_somebody_else_are_named(tmp_path):
    """As in a folder of a group; Snakemake would fail every job that reads them."""
    need_ordinary_user(tmp_path)
    theirs = tmp_path / "map.nc"
    theirs.touch(0o666)
    os.utime(theirs, ns=(time.time_ns() + HOUR_NS,) * 2)
    os.chown(theirs, 12345, -1)
    program = f"from slipfield.core.clock import date_back; date_back({str(tmp_path)!r})"
    done = subprocess.run(
        [*ORDINARY, sys.executable, "-c", program], capture_output=True, text=True
    )
    assert f"{theirs}: dated in the future, and not yours to date back" in done.stderr
