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
from slipfield.dataset.manifest import netcdf_files
from slipfield.errors import SlipfieldError
from slipfield.learning.model_io import load_model, save_model
from slipfield.projection.inverter import ProjectionInverter


def adapt_model(
    model_dir: Path, shards: Sequence[Path], dataset_dir: Path, output: Path
) -> dict[str, Any]:
    """Adapt the model in ``model_dir`` to ``shards`` and write it to ``output``.

    Parameters
    ----------
    model_dir : Path
        Folder of a projection model.
    shards : sequence of Path
        Files, or folders of them: samples of the dataset's specimens on a finer mesh.
    dataset_dir : Path
        Folder of the gathered dataset that the model was trained on; its references are used.
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
    dataset = finer_samples(Collection.of_dataset(dataset_dir), shards)
    inverter.adapt(dataset, np.arange(len(dataset)))
    facts = {
        "samples": len(dataset),
        "microstructures": len(np.unique(dataset.microstructures)),
        "nodes": list(dataset.image),
        "base_data_hash": card["data_hash"],
    }
    save_model(inverter, card["model"], inverter.study, dataset, output, {"adapted": facts})
    return facts


def finer_samples(dataset: Collection, shards: Sequence[Path]) -> Collection:
    """Open samples on a finer mesh, with the grain maps and references of ``dataset``."""
    owners = np.unique(dataset.microstructures).tolist()
    maps = [dataset.microstructure_path(owner) for owner in owners]
    references = [dataset.reference_path(owner) for owner in owners]
    return Collection.of_shards(netcdf_files(shards), maps, references)
