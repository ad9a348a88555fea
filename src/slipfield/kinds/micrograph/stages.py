"""Stages of a study of micrographs: networks trained, and methods scored beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.recorded import witnessed
from slipfield.core.tables import csv_text
from slipfield.kinds.micrograph.methods import Method, named_method
from slipfield.kinds.micrograph.score import means, methods_of, scored
from slipfield.kinds.micrograph.stale import network_digests
from slipfield.kinds.micrograph.study import MicrographStudy

TABLES = {"boundaries": "table1", "phases": "table2"}
"""Table of the published study that shows the scores of a task."""


def train_variant(study: MicrographStudy, task: str, name: str, output: Path) -> list[str]:
    """Train one network of a study; what was done, for the user.

    Raises
    ------
    SlipfieldError
        If the study has no such network.
    """
    from slipfield.kinds.micrograph.training_run import train_named

    settings = study.networks(task)
    if name not in settings.variants:
        expected = ", ".join(settings.variants)
        raise SlipfieldError(f"--variant: given {name!r}; expected {expected} ({task}.variants)")
    return train_named(
        task, name, settings.presets, settings.images, settings.steps, settings.seed, output
    )


def study_methods(task: str, variants: Sequence[str], weights: Path) -> dict[str, Method]:
    """Methods that come with Slipfield by name, and the networks ``variants`` of a study.

    Parameters
    ----------
    weights : folder of the networks of :func:`train_variant`, one NAME.safetensors each.
    """
    found = methods_of(task, ())
    for name in variants:
        found[f"trained {name}"] = named_method(task, "network", weights / f"{name}.safetensors")
    return found


def compare(study: MicrographStudy, task: str, weights: Path, output: Path) -> pd.DataFrame:
    """Score all methods of a task and the trained networks, and write JSON and a table (CSV).

    Parameters
    ----------
    weights : folder of the networks, as :func:`study_methods` takes it.
    output : JSON file with ``study``, ``rows``, one image and method each, and ``networks``, the
        SHA-256 of each network that was scored.

    Returns
    -------
    Means by look and method, which are the table.
    """
    methods = study_methods(task, study.networks(task).variants, weights)
    settings = study.images
    rows = list(
        scored(task, settings.presets, methods, settings.number, settings.side_px, settings.keep)
    )
    table = means(pd.DataFrame(rows))
    text = csv_text(table, digits=5)
    with witnessed(study, output) as written:
        write_text(output.parent.parent / "tables" / f"{TABLES[task]}.csv", text)
        written["networks"] = network_digests(task, study.networks(task).variants, weights)
        written["rows"] = rows
    return table
