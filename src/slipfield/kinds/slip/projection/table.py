"""Features of all samples of a collection, computed once and kept with the dataset."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from slipfield.core.cache import cached_arrays
from slipfield.core.errors import SlipfieldError
from slipfield.core.progress import progress
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.dataset.noise import add_noise
from slipfield.kinds.slip.projection.features import RIDGE, SUPPORT, Projector, white_noise
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study import Noise

WIDTH = 1.75
"""Width of the averaging, in cells of the reference, that samples of other meshes are given."""

Measure = Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]
"""Turns the strain, load and number of a simulated sample into a measurement."""


@dataclass(frozen=True)
class FeatureTable:
    """Projected samples.

    Attributes
    ----------
    clean, noisy : ndarray (n, f)
        Feature vectors without and with measurement noise.
    residual : ndarray (n, time), 1
        Root mean square strain left in the noisy samples.
    noise_shape : ndarray (q, q)
        Mean over the specimens of :attr:`Projector.noise_shape`, for noise at the samples' nodes.
    """

    clean: np.ndarray
    noisy: np.ndarray
    residual: np.ndarray
    noise_shape: np.ndarray

    def noise(self, noise: Noise) -> np.ndarray:
        """Covariance of the features under measurement noise, (f, f)."""
        return white_noise(self.noise_shape, self.residual.shape[1], noise)

    def rows(self, index: np.ndarray) -> FeatureTable:
        """Select samples."""
        parts = {name: getattr(self, name)[index] for name in ("clean", "noisy", "residual")}
        return replace(self, **parts)


def feature_table(collection: Collection, width: float = WIDTH) -> FeatureTable:
    """Project every sample of a collection on the reference run of its microstructure.

    The table is kept with the collection and, for a gathered dataset, in its folder.

    Raises
    ------
    SlipfieldError
        If a reference is missing or does not fit the samples.
    """
    key = ("projection", collection.noise, width)
    if key not in collection.decoded:
        arrays = cached_arrays(
            _cache_path(collection, width),
            list(FeatureTable.__dataclass_fields__),
            lambda: vars(_clean_and_noisy(collection, width)),
        )
        collection.decoded[key] = FeatureTable(**arrays)
    return collection.decoded[key]


def _cache_path(collection: Collection, width: float) -> Path | None:
    """File that belongs to these shards, references and settings; None for loose shards."""
    if collection.folder is None:
        return None
    owners = np.unique(collection.microstructures).tolist()
    states = [collection.reference_path(owner).stat() for owner in owners]
    runs = [(state.st_size, state.st_mtime_ns) for state in states]
    noise = collection.noise.model_dump()
    key = json.dumps([collection.data_hash, runs, noise, width, SUPPORT, RIDGE])
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    return collection.folder / f"projection-{digest}.npz"


def _clean_and_noisy(collection: Collection, width: float) -> FeatureTable:
    measures = {
        "clean": lambda strain, load, sample: (strain, load),
        "noisy": lambda strain, load, sample: add_noise(strain, load, collection.noise, sample),
    }
    features, residual, shape = project_samples(collection, measures, width)
    return FeatureTable(features["clean"], features["noisy"], residual["noisy"], shape)


def project_samples(
    collection: Collection, measures: Mapping[str, Measure], width: float = WIDTH
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]:
    """Project every sample, measured in several ways; each field is read once.

    Returns
    -------
    features, residual : dict of ndarray (n, f) and (n, time)
        For each way of measuring.
    noise_shape : ndarray (q, q)
        Mean over the specimens of :attr:`Projector.noise_shape`, for noise at the samples' nodes.
    """
    found: dict[str, list] = {name: [None] * len(collection) for name in measures}
    shapes = []
    with progress("project samples", len(collection)) as advance:
        for owner in np.unique(collection.microstructures).tolist():
            projector = _projector(collection, owner, width)
            shapes.append(projector.noise_shape * projector.thinning(collection.image) ** 2)
            for row in np.flatnonzero(collection.microstructures == owner).tolist():
                sample = collection.strain(row), collection.load(row), int(collection.samples[row])
                for name, measure in measures.items():
                    projection = projector.project(*measure(*sample))
                    found[name][row] = projection.vector, projection.residual
                advance()
    features, residual = (
        {name: np.array([row[part] for row in rows]) for name, rows in found.items()}
        for part in (0, 1)
    )
    return features, residual, np.mean(shapes, axis=0)


def _projector(collection: Collection, owner: int, width: float) -> Projector:
    """Projector of one microstructure, its reference checked against the samples."""
    path = collection.reference_path(owner)
    reference = Reference.read(path)
    measure = collection.study.solver.strain_measure
    if reference.microstructure != owner or reference.measure != measure:
        raise SlipfieldError(
            f"{path}: reference of microstructure {reference.microstructure} in "
            f"{reference.measure} strain; the samples need {owner} and {measure}"
        )
    if not np.allclose(reference.time, collection.time):
        raise SlipfieldError(f"{path}: its times are not those of the samples; make it again")
    return Projector(reference, width)
