"""One process in a folder, also where locks do not reach from one process to the other."""

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from slipfield.core import places
from slipfield.core.errors import SlipfieldError
from slipfield.core.places import claimed

HOLD = """
import sys, time
from slipfield.core.places import claimed
with claimed(sys.argv[1], "invert"):
    print("claimed", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def no_locks(monkeypatch):
    """A file system without locks."""

    def refused(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refused)


@contextmanager
def held(folder):
    """Let another process claim the folder; give it."""
    command = [sys.executable, "-c", HOLD, folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "claimed\n"
        try:
            yield process
        finally:
            process.kill()


def test_without_locks_a_living_process_keeps_its_folder_and_a_dead_one_does_not(
    tmp_path, no_locks
):
    with held(tmp_path) as process:
        with pytest.raises(SlipfieldError, match=f"at work in this folder, process {process.pid}"):
            with claimed(tmp_path, "invert"):
                raise AssertionError("two at work")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with claimed(tmp_path, "invert"):
            pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("age_s", [0, places.SILENT_S - 30, places.SILENT_S + 30])
def test_a_claim_of_another_machine_holds_while_it_gives_signs_of_life(tmp_path, age_s):
    claim = tmp_path / ".claimed.elsewhere.1"
    claim.touch()
    os.utime(claim, (time.time() - age_s,) * 2)
    if age_s < places.SILENT_S:
        with pytest.raises(SlipfieldError, match="process 1 on elsewhere; .*delete .claimed.else"):
            with claimed(tmp_path, "invert"):
                raise AssertionError("two at work")
        assert claim.exists()
        claim.unlink()
    with claimed(tmp_path, "invert"):
        pass
    assert not claim.exists()


def test_a_claim_gives_signs_of_life(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "BEAT_S", 0.01)
    with claimed(tmp_path, "invert"):
        (ours,) = tmp_path.glob(".claimed.*")
        os.utime(ours, (0, 0))
        limit = time.monotonic() + 10
        while ours.stat().st_mtime == 0:
            assert time.monotonic() < limit
            time.sleep(0.01)
    assert list(tmp_path.iterdir()) == []


def test_a_claim_ends_with_a_failure(tmp_path):
    with pytest.raises(ValueError, match="failed"), claimed(tmp_path, "invert"):
        raise ValueError("failed")
    assert not list(tmp_path.glob(".claimed.*"))


@pytest.mark.slow
def test_two_mounts_of_a_folder_that_share_no_locks(tmp_path):
    """As two machines on a network file system: bindfs keeps the locks of each mount to itself."""
    mounts = [tmp_path / "one", tmp_path / "two"]
    (tmp_path / "shared").mkdir()
    if not shutil.which("bindfs"):
        pytest.skip("needs bindfs")
    options = "attr_timeout=60,entry_timeout=60,negative_timeout=60"
    try:
        for mount in mounts:
            mount.mkdir()
            command = ["bindfs", "-o", options, tmp_path / "shared", mount]
            if subprocess.run(command, capture_output=True).returncode:
                pytest.skip("needs the right to mount with FUSE")
        with held(mounts[0] / "inversion"), pytest.raises(SlipfieldError, match="at work in this"):
            with claimed(mounts[1] / "inversion", "invert"):
                raise AssertionError("two at work")
    finally:
        for mount in mounts:
            subprocess.run(["umount", "--lazy", mount], capture_output=True)


def test_a_claim_leaves_nothing_where_the_work_fails(tmp_path):
    with pytest.raises(SlipfieldError, match="full"):
        with claimed(tmp_path, "invert"):
            raise SlipfieldError("full")
    assert list(tmp_path.iterdir()) == []
