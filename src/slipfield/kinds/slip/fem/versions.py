"""What computed a field: the versions of the solver's libraries and a hash of its own code."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import dolfinx
from petsc4py import PETSc

PACKAGE = Path(__file__).parents[1]
CODE = ("crystal", "fem")
"""Rooms whose code computes fields; their verbs only pass arguments."""


@cache
def solver_versions() -> dict[str, str]:
    """DOLFINx and PETSc by version, Slipfield's solver by a hash of its source code."""
    return {
        "dolfinx_version": dolfinx.__version__,
        "petsc_version": ".".join(map(str, PETSc.Sys.getVersion())),
        "solver_code": _code_hash(),
    }


def _code_hash() -> str:
    digest = hashlib.sha256()
    for room in CODE:
        for file in sorted((PACKAGE / room).iterdir()):
            if file.suffix in (".py", ".cpp", ".hpp") and file.name != "verbs.py":
                digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]
