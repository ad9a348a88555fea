"""The cache of compiled kernels: damaged, and on a file system without locks."""

import errno
import fcntl

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.crystal import build
from slipfield.kinds.slip.fem.kernels import CHOLESKY

pytestmark = pytest.mark.slow

KERNEL = (CHOLESKY, "double")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of its own, and a compiler that hurries."""
    monkeypatch.setenv("SLIPFIELD_CACHE", str(tmp_path))
    monkeypatch.setenv("SLIPFIELD_CXXFLAGS", "-O0 -std=c++17 -fPIC -shared")
    build.load_kernel.cache_clear()
    yield tmp_path
    build.load_kernel.cache_clear()


@pytest.fixture
def idle_compiler(tmp_path, monkeypatch):
    """A compiler that writes a word."""
    compiler = tmp_path / "compiler"
    compiler.write_text('#!/bin/sh\nfor word; do last=$word; done\necho word >"$last"\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))


def test_a_damaged_kernel_is_compiled_again():
    library = build.kernel_library(*KERNEL)
    library.write_bytes(b"\x7fELF")
    assert build.load_kernel(*KERNEL)._name == str(library)
    assert library.stat().st_size > 1000


@pytest.mark.usefixtures("idle_compiler")
def test_what_does_not_load_is_one_line():
    with pytest.raises(SlipfieldError, match="the kernel does not load: .*cholesky-double"):
        build.load_kernel(*KERNEL)


@pytest.mark.usefixtures("idle_compiler")
def test_without_locks_it_is_compiled_all_the_same(monkeypatch):
    def refused(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refused)
    assert build.kernel_library(*KERNEL).exists()
