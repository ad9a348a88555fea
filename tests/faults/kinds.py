"""Studies of every kind, small enough to be killed again and again, and what their results hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.faults.stages import _READERS as READERS

PLAIN = {"variants": ["plain"], "images": 1}
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "beam": (
        {
            "sampling": {"samples": 24},
            "crossval": {"folds": 3, "repeats": 1, "models": ["quadratic"]},
            "execution": {"samples_per_job": 12},
        },
        {"beam": {"height_mm": 12.0}},
    ),
    "hardness": (
        {"validation": {"models": ["line", "ridge"], "choice": ["line", "ridge"], "draws": 100}},
        {"table": {"scatter_HV": 5.0}},
    ),
    "search": (
        {
            "variables": [
                {"name": "length_mm", "units": "mm", "low": 200, "high": 500},
                {"name": "load_N", "units": "N", "low": 10, "high": 100},
            ],
            "objectives": [{"name": "deflection_mm", "units": "mm", "goal": "maximise"}],
            "search": {"initial": 4, "rounds": 1, "batch": 1},
            "execution": {"trials_per_job": 4},
            "evaluator": {"kind": "beam"},
        },
        {"evaluator": {"kind": "beam", "study": {"beam": {"height_mm": 12.0}}}},
    ),
    "curves": (
        {
            "table": {"first": 6},
            "tension": {"alloys_per_job": 3},
            "grid": {"points": 20},
            "learning": {
                **{"learners": ["rule"], "settings": [4], "schemes": ["random"]},
                **{"random_splits": 2, "seed": 0},
            },
            "published": {"settings": [], "groups": []},
        },
        {"grid": {"points": 24}},
    ),
    "composite": (
        {
            "cell": {"degree": 2},
            "surrogate": {"solves": 8, "compared": [4, 8], "test_points": 4},
            "design": {"draws": 50},
            "baselines": {"runs": 1, "population": 8, "generations": 2},
        },
        {"design": {"draws": 60}},
    ),
    "slip": (
        {
            "specimen": {"cells_x": 8, "cells_y": 8, "grains": 12, "microstructures": 2},
            "sampling": {"samples": 24},
            "loading": {"outputs": 3},
            "execution": {"samples_per_job": 12},
            "learning": {"split": "random", "model": "projection"},
            "crossval": {"folds": 2, "repeats": 1, "models": ["projection"]},
        },
        {"noise": {"strain_std": 0.002}},
    ),
    "micrograph": (
        {
            "images": {"presets": ["mg-gd"], "number": 1, "side_px": 192},
            "boundaries": {**PLAIN, "steps": 1},
            "phases": {"variants": [], "images": 1, "steps": 1},
        },
        {"boundaries": {**PLAIN, "steps": 2}},
    ),
}
"""Kind -> a study of it, and the sections of another one."""

LEFT_OUT = {"logs", "benchmarks", "figures"}
NOT_COMPARED = {"data_hash", "bytes", "study"}
"""What depends on files that hold, among others, what a clock measured, as all digests do; and the
study of a result, which is an earlier one where the result does not depend on what was changed."""

DIGEST = re.compile("[0-9a-f]{64}")


def studies(kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Content of both study files of a kind."""
    first, change = KINDS[kind]
    one = {"name": "killed", "kind": kind, **first}
    return one, {**one, **change}


def content(folder: Path) -> dict[str, str]:
    """What the results in a study's folder are compared by, as text, by file.

    What a clock measured is left out, digests, and :data:`NOT_COMPARED`. Text, so that numbers that
    are none are the same as well.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if LEFT_OUT & set(inner.parts) or any(name.startswith(".") for name in inner.parts):
            continue
        if path.is_file() and path.suffix in READERS:
            found[str(inner)] = repr(_compared(READERS[path.suffix](path)))
    return found


def _compared(held: Any) -> Any:
    if isinstance(held, list):
        return [_compared(entry) for entry in held]
    if isinstance(held, str) and DIGEST.fullmatch(held):
        return "digest"
    if not isinstance(held, dict):
        return held
    return {name: _compared(held[name]) for name in sorted(held.keys() - NOT_COMPARED)}
