"""Errors of libraries that mean a shortage, as the libraries raise them."""

import os
import resource
import subprocess
import sys

import numpy as np
import pytest

from slipfield.core.shortage import shortage

HUGE = 2**50


def raised(call):
    with pytest.raises(Exception) as found:
        call()
    return found.value


def test_numpy_lacks_memory():
    line = shortage(raised(lambda: np.empty(HUGE)))
    assert line.startswith("memory: there is not enough of it for this (Unable to allocate")


def test_python_lacks_memory():
    assert shortage(MemoryError()) == "memory: there is not enough of it for this"


def test_pytorch_lacks_memory():
    """It raises a RuntimeError of several lines."""
    torch = pytest.importorskip("torch")
    line = shortage(raised(lambda: torch.empty(HUGE)))
    assert line.startswith("memory: there is not enough of it for this (") and "\n" not in line


IMPORT = """
import resource
from slipfield.core.shortage import shortage

pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + 4 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    import scipy.linalg
except ImportError as error:
    print(shortage(error))
"""


def test_there_is_no_memory_for_a_library():
    """The linker says so, in an ImportError, which was a traceback."""
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True)
    assert done.stdout.startswith("memory: there is not enough of it to load a library ("), done
    assert done.stdout.count("\n") == 1 and "failed to map segment" in done.stdout


def test_a_library_fails_without_a_reason_where_memory_is_limited(monkeypatch):
    """As one of SciPy's did in `search ask`; without a limit that is a defect, and shown as one."""
    error = SystemError("error return without exception set")
    monkeypatch.setattr(resource, "getrlimit", lambda which: (2**30, 2**30))
    assert "raise the limit of memory (ulimit -v)" in shortage(error)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY,) * 2)
    assert shortage(error) == ""


def test_a_process_with_too_many_open_files():
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
    try:
        error = raised(lambda: subprocess.run(["true"], capture_output=True))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert shortage(error) == (
        "this process: Too many open files; raise its limits (ulimit -u, -n, -v)"
    )


@pytest.mark.parametrize(
    "error", [ValueError("out of memory"), RuntimeError("x"), OSError(2, "x"), ImportError("x")]
)
def test_other_errors_are_none(error):
    assert shortage(error) == ""
