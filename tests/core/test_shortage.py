"""Errors of libraries that mean a shortage, as the libraries raise them."""

import os
import resource
import subprocess

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


def test_pytorch_lacks_memory():
    """It raises a RuntimeError of several lines."""
    torch = pytest.importorskip("torch")
    line = shortage(raised(lambda: torch.empty(HUGE)))
    assert line.startswith("memory: there is not enough of it for this (") and "\n" not in line


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


@pytest.mark.parametrize("error", [ValueError("out of memory"), RuntimeError("x"), OSError(2, "x")])
def test_other_errors_are_none(error):
    assert shortage(error) == ""
