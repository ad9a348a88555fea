"""Files are complete or not there; what a killed writer left behind is removed."""

import os
import socket
import stat
import subprocess
import sys

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import ABANDONED_S, complete_file, open_netcdf, write_netcdf, write_text
from slipfield.kinds.slip.study.recorded import check_specimen
from tests.shards import make_microstructure, tiny_study

HOST = socket.gethostname()


def left_by(path, host, process, age_s=0.0):
    """Temporary file of ``path`` as a process of a host leaves it."""
    part = path.with_name(f".{path.name}.{host}.{process}.part")
    part.write_text("half a li")
    os.utime(part, (part.stat().st_mtime - age_s,) * 2)
    return part


def ended_process():
    """Number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_grain_map_of_other_bands_is_refused(tmp_path):
    study = tiny_study()
    bands = [*study.specimen.bands]
    bands[0] = bands[0].model_copy(update={"kind": "columnar"})
    specimen = study.specimen.model_copy(update={"bands": tuple(bands)})
    other = study.model_copy(update={"specimen": specimen})
    write_netcdf(make_microstructure(study, 0), tmp_path / "map.nc", study)
    with open_netcdf(tmp_path / "map.nc") as data:
        check_specimen(data, "map.nc", study)
        with pytest.raises(SlipfieldError, match=r"map.nc: made with specimen.bands = "):
            check_specimen(data, "map.nc", other)


def test_a_failed_write_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "table.csv"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), complete_file(path) as temporary:
        temporary.write_text("new")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_writer_left_is_removed(tmp_path):
    path = tmp_path / "table.csv"
    left_by(path, HOST, ended_process())
    left_by(path, "another-host", 1, age_s=2 * ABANDONED_S)
    left_by(path, HOST, os.getppid(), age_s=2 * ABANDONED_S)  # a number that was given again
    write_text(path, "new")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc")
def test_a_dead_writer_that_nobody_has_waited_for_is_no_writer(tmp_path):
    path = tmp_path / "table.csv"
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        left_by(path, HOST, process.pid)
        write_text(path, "new")
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_living_writer_has_is_kept(tmp_path):
    path = tmp_path / "table.csv"
    kept = {
        left_by(path, HOST, os.getppid()),
        left_by(path, "another-host", ended_process(), age_s=0.5 * ABANDONED_S),
        left_by(tmp_path / "other.csv", HOST, ended_process()),
    }
    write_text(path, "new")
    assert set(tmp_path.iterdir()) == kept | {path}


def test_a_file_is_as_readable_as_any_other(tmp_path):
    """Some libraries replace the file that they are given by a private one."""
    path, plain = tmp_path / "weights", tmp_path / "plain"
    plain.touch()
    with complete_file(path) as temporary:
        temporary.unlink()
        os.close(os.open(temporary, os.O_CREAT | os.O_WRONLY, 0o600))
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_other_errors_pass_unchanged(tmp_path):
    with pytest.raises(ValueError, match="shape"), complete_file(tmp_path / "a.nc"):
        raise ValueError("shape")
    assert list(tmp_path.iterdir()) == []


def test_folders_and_impossible_places_are_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SlipfieldError, match="is a folder"):
        write_text(tmp_path, "text")
    with pytest.raises(SlipfieldError, match="file/a.txt: cannot be written"):
        write_text(tmp_path / "file" / "a.txt", "text")
