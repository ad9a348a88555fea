"""What the network sees of a measurement: the parameters that balance its sections, and loads."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from slipfield.core.cache import cached_arrays
from slipfield.core.progress import progress
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.equilibrium.displacement import DAMPING, GRIP_WEIGHT
from slipfield.kinds.slip.equilibrium.forces import (
    DEGREE,
    INSTANTS,
    Crystals,
    SectionForces,
    check_loading,
    section_forces,
)
from slipfield.kinds.slip.study import Study

SMALLEST = 0.2
"""Balancing parameters are kept above this share of the sampling box's lower ends."""

FEATURES = 3 + len(INSTANTS)
"""Numbers that the network sees of a measurement."""

REVISION = 2
"""Counts changes of the features: tables of another one are not read."""


def feature_vector(study: Study, forces: SectionForces) -> np.ndarray:
    """:data:`FEATURES` of a measurement: ln k that balances all sections, ln load (N)."""
    lowest = SMALLEST * np.array([low for low, _ in study.sampling.box])
    balancing = np.maximum(forces.parameters(study.material.h0_MPa), lowest)
    return np.concatenate([np.log(balancing), np.log(forces.load)])


def feature_table(collection: Collection) -> np.ndarray:
    """Features (n, f) of all samples of a collection, with its measurement noise.

    The table is kept with the collection and, for a gathered dataset, in its folder.

    Raises
    ------
    SlipfieldError
        If the loading does not suit the method.
    """
    key = ("equilibrium", collection.noise)
    if key not in collection.decoded:
        collection.decoded[key] = _kept(collection)
    return collection.decoded[key]


def _kept(collection: Collection) -> np.ndarray:
    """Read the table from the dataset's folder, or make it and keep it there."""
    if collection.folder is None:
        return _computed(collection)
    settings = [REVISION, INSTANTS, DEGREE, SMALLEST, DAMPING, GRIP_WEIGHT]
    key = json.dumps([collection.data_hash, collection.noise.model_dump(), settings])
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    path = collection.folder / f"equilibrium-{digest}.npz"
    made = cached_arrays(path, ["features"], lambda: {"features": _computed(collection)})
    return made["features"]


def _computed(collection: Collection) -> np.ndarray:
    study = collection.study
    check_loading(study, len(collection.time))
    rows: list[np.ndarray | None] = [None] * len(collection)
    with progress("balance sections", len(collection)) as advance:
        for owner in np.unique(collection.microstructures).tolist():
            crystals = Crystals.read(collection.microstructure_path(owner))
            for row in np.flatnonzero(collection.microstructures == owner).tolist():
                strain, load = collection.measured(row)
                forces = section_forces(study, crystals, strain, load, collection.time)
                rows[row] = feature_vector(study, forces)
                advance()
    return np.array(rows)
