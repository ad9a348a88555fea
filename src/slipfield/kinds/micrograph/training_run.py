"""What `micrograph train` does: networks by name, rendered images, a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from torch import nn

from slipfield.core.digest import file_digest
from slipfield.kinds.micrograph.closing import closing_text
from slipfield.kinds.micrograph.closing_fit import FIT_IMAGES, fit
from slipfield.kinds.micrograph.pool import files_of, marked_pool, rendered_pool
from slipfield.kinds.micrograph.presets import preset_of
from slipfield.kinds.micrograph.tiles import probability
from slipfield.kinds.micrograph.training import train
from slipfield.kinds.micrograph.variants import settings_of
from slipfield.kinds.micrograph.weights import CLOSING, MARKED, NETWORKS, count_parameters


def train_named(
    task: str,
    size: str,
    presets: Sequence[str],
    images: int,
    steps: int,
    seed: int,
    output: Path,
    marked: tuple[Path, Path] | None = None,
) -> list[str]:
    """Train a network on rendered images, or on marked ones; a call with more steps continues.

    Parameters
    ----------
    marked : folders of images and of truths (:func:`~slipfield.kinds.micrograph.pool.marked_pool`).

    Returns
    -------
    list of str
        What was done, for the user.

    Raises
    ------
    SlipfieldError
        If task, size or a preset are unknown, or a number is out of range.
    """
    settings = settings_of(task, size)
    for preset in presets:
        preset_of(preset)
    torch.manual_seed(seed)
    network = NETWORKS[task][0](settings)
    if marked:
        pool = partial(marked_pool, *marked)
        facts = {"presets": _digest(marked), "images": str(len(list(files_of(marked[0]))))}
    else:
        pool = partial(rendered_pool, task, presets, images)
        facts = {"presets": json.dumps(list(presets)), "images": str(images)}
    entropy = 0.0 if (task, size) == ("boundaries", "published") else 1.0
    closes = task == "boundaries" and not marked
    finish = partial(_closing, presets, min(images, FIT_IMAGES)) if closes else None
    seconds = train(network, task, pool, steps, output, seed, entropy, facts, finish)
    return [
        f"{output}: {count_parameters(network):,} parameters, {steps} steps, {seconds:.0f} CPU s"
    ]


def _closing(presets: Sequence[str], images: int, network: nn.Module) -> dict[str, str]:
    """How lines of a network are closed; nothing if it finds too few of them."""
    found = fit(partial(probability, network), presets, images)
    return {} if found is None else {CLOSING: closing_text(found)}


def _digest(folders: tuple[Path, Path]) -> str:
    """Word for the files of marked images and truths: another one if any of them changes."""
    files = [path for folder in folders for path in files_of(folder)]
    text = "".join(f"{path.name} {file_digest(path)}" for path in files)
    return f"{MARKED}{hashlib.sha256(text.encode()).hexdigest()[:16]}"
