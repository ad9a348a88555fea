"""Suit a trained projection model to measurements that its references do not resolve.

A specimen has no mesh. References and most training samples may come from a mesh that a
workstation can afford; a few samples of the same specimens on a finer mesh, averaged at the nodes
of the references as DIC does, show how far its fields are off and how much that varies from
specimen to specimen. Adapting shifts the model by the one and widens it by the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.dataset.collection import Collection
from slipfield.errors import SlipfieldError
from slipfield.learning.model_io import load_model, save_model
from slipfield.projection.inverter import ProjectionInverter


def adapt_model(
    model_dir: Path,
    shards: Sequence[Path],
    microstructures: Sequence[Path],
    references: Sequence[Path],
    output: Path,
) -> dict[str, Any]:
    """Adapt the model in ``model_dir`` to ``shards`` and write it to ``output``.

    Parameters
    ----------
    model_dir : Path
        Folder of a projection model.
    shards, microstructures : sequence of Path
        Samples on a finer mesh, with their grain maps.
    references : sequence of Path
        Runs on the mesh of the training references, one for each microstructure.
    output : Path
        Folder of the adapted model.

    Returns
    -------
    dict
        Samples, microstructures and nodes that the model was adapted to.

    Raises
    ------
    SlipfieldError
        If the model is no projection model or the files do not fit it.
    """
    inverter, card = load_model(model_dir)
    if not isinstance(inverter, ProjectionInverter):
        raise SlipfieldError(f"{model_dir}: a {card['model']} model; only projection is adapted")
    dataset = Collection.of_shards(shards, microstructures, references)
    inverter.adapt(dataset, np.arange(len(dataset)))
    facts = {
        "samples": len(dataset),
        "microstructures": len(np.unique(dataset.microstructures)),
        "nodes": list(dataset.image),
        "base_data_hash": card["data_hash"],
    }
    save_model(inverter, card["model"], inverter.study, dataset, output, {"adapted": facts})
    return facts
