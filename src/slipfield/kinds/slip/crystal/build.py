"""Compile the C++ kernels once for each variant and keep the libraries in the user's cache."""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import platform
import shlex
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import cache_folder, complete_file
from slipfield.core.processor import instructions
from slipfield.kinds.slip.study import Material

CRYSTAL = Path(__file__).parent
POINTS = CRYSTAL / "points.cpp"
LIBRARIES = {"cholesky": ["-lcholmod"]}
FLAGS = "-O3 -march=native -ffast-math -fno-finite-math-only -std=c++17 -fPIC -shared"
"""The compiler may reorder sums: rewriting a kernel can change last digits, and its speed."""

Precision = Literal["single", "double"]
VARIANTS = {
    "fcc": "",
    "bcc": "-DSLIPFIELD_BCC",
    "linear": "",
    "voce": "-DSLIPFIELD_VOCE",
    "double": "",
    "single": "-DSLIPFIELD_SINGLE",
    "each": "",
    "alike": "-DSLIPFIELD_ONE_CRSS",
    "q": "-DSLIPFIELD_LATENT_RATES",
}
"""What a kernel can be compiled for, and the flags: slip families, hardening, precisions, whether
each system has a crss of its own or all harden alike, and whether rates to q are taken."""


def law_variants(material: Material) -> tuple[str, str]:
    """Those of :data:`VARIANTS` that a material asks for."""
    return material.slip_family, material.hardening


def sheet_variants(material: Material) -> tuple[str, str, str]:
    """Those of a sheet's kernels: with q = 1 the systems of a point have one crss among them."""
    return *law_variants(material), "alike" if material.latent_ratio == 1 else "each"


def _compiler(variants: tuple[str, ...]) -> list[str]:
    compiler = os.environ.get("CXX", "g++")
    flags = shlex.split(os.environ.get("SLIPFIELD_CXXFLAGS", FLAGS))
    chosen = [VARIANTS[variant] for variant in variants if VARIANTS[variant]]
    return [*shlex.split(compiler), *flags, *chosen]


def _inputs(source: Path) -> list[str]:
    """Source, folders and libraries; a conda environment has headers and libraries of its own."""
    found = [f"-I{CRYSTAL}", str(source)]
    if source.stem in LIBRARIES and sys.prefix != "/usr":
        found += [f"-I{sys.prefix}/include", f"-L{sys.prefix}/lib", f"-Wl,-rpath,{sys.prefix}/lib"]
    return [*found, *LIBRARIES.get(source.stem, []), "-lm"]


def _fingerprint(source: Path, command: list[str]) -> str:
    """Hash of what the compiled code depends on: sources, flags and the processor's features."""
    digest = hashlib.sha256(" ".join(command).encode() + platform.machine().encode())
    folders = dict.fromkeys((CRYSTAL, source.parent))
    for file in (source, *(header for each in folders for header in sorted(each.glob("*.hpp")))):
        digest.update(file.read_bytes())
    features = " ".join(sorted(instructions())) or platform.processor()
    digest.update(features.encode())
    return digest.hexdigest()[:16]


def kernel_library(source: Path, *variants: str) -> Path:
    """Library of a kernel for some of ``VARIANTS``; compiles its ``source`` where it is missing.

    Raises
    ------
    SlipfieldError
        If the compiler is missing or fails, or the cache cannot be written.
    """
    command, folder = _compiler(variants), cache_folder()
    name = "-".join([source.stem, *variants])
    library = folder / f"{name}-{_fingerprint(source, command)}.so"
    if library.exists():
        return library
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / f"{source.stem}.lock", "w")
    except OSError as error:
        raise SlipfieldError(
            f"{folder}: cannot be written: {error.strerror}; set SLIPFIELD_CACHE to another folder"
        ) from error
    with lock:
        with suppress(OSError):  # no locks on this file system: it may be compiled twice
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not library.exists():
            _compile([*command, *_inputs(source)], library)
    return library


def _compile(command: list[str], library: Path) -> None:
    try:
        with complete_file(library) as part:
            subprocess.run([*command, "-o", str(part)], check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise SlipfieldError(
            f"no C++ compiler {command[0]!r}: install g++ 11 or newer, or set CXX"
        ) from error
    except subprocess.CalledProcessError as error:
        first = next((x for x in error.stderr.splitlines() if "error" in x), error.stderr[:200])
        if "cholmod" in first:
            first += "; install SuiteSparse (Debian: libsuitesparse-dev, conda: libcholmod)"
        raise SlipfieldError(f"the kernel does not compile with {command[0]}: {first}") from error


@cache
def load_kernel(source: Path, *variants: str) -> ctypes.CDLL:
    """The kernel of ``source`` for some of ``VARIANTS`` as a ctypes library.

    One in the cache that cannot be loaded is compiled again.

    Raises
    ------
    SlipfieldError
        As :func:`kernel_library`, or if it cannot be loaded then either.
    """
    library = kernel_library(source, *variants)
    try:
        return ctypes.CDLL(str(library))
    except OSError:
        library.unlink(missing_ok=True)
    try:
        return ctypes.CDLL(str(kernel_library(source, *variants)))
    except OSError as error:
        raise SlipfieldError(f"the kernel does not load: {error}") from error
