"""Features of a sample that need neither a network nor a forward run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipfield.core.cache import cached_arrays
from slipfield.core.files import open_netcdf
from slipfield.core.progress import progress
from slipfield.kinds.slip.dataset.collection import Collection

STRIDE, FRAMES, AXIAL = 4, 4, 1
"""Nodes and frames that are kept as an image."""


@dataclass(frozen=True)
class Summary:
    """Features of all samples of a collection, with measurement noise.

    Attributes
    ----------
    bands : ndarray (n, f)
        ln load by frame; mean and standard deviation of the axial strain over the nodes of each
        band of grains in four frames. (All components in all frames are worse: too many numbers.)
    image : ndarray (n, p) float32
        ln load by frame; every fourth node of four frames.
    """

    bands: np.ndarray
    image: np.ndarray


def summarise_samples(collection: Collection) -> Summary:
    """Compute the features of all samples; they are kept in the dataset's folder."""
    key = json.dumps([collection.data_hash, collection.noise.model_dump(), STRIDE, FRAMES, AXIAL])
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    path = collection.folder / f"summary-{digest}.npz" if collection.folder else None
    names = list(Summary.__dataclass_fields__)
    return Summary(**cached_arrays(path, names, lambda: vars(_computed(collection))))


def _computed(collection: Collection) -> Summary:
    frames = len(collection.time)
    kept = np.unique(np.round(np.arange(1, FRAMES + 1) * frames / FRAMES).astype(int) - 1)
    masks: dict[int, np.ndarray] = {}
    bands, images = [], []
    with progress("summarise samples", len(collection)) as advance:
        for row, owner in enumerate(collection.microstructures.tolist()):
            if owner not in masks:
                masks[owner] = band_weights(collection.microstructure_path(owner))
            strain, load = collection.measured(row)
            nodes = strain[kept, AXIAL].reshape(len(kept), -1)
            mean, square = (masks[owner] @ values.T for values in (nodes, nodes**2))
            spread = np.sqrt(np.maximum(square - mean**2, 0))
            logarithm = np.log(load)
            bands.append(np.concatenate([logarithm, mean.ravel(), spread.ravel()]))
            image = strain[kept][..., ::STRIDE, ::STRIDE]
            images.append(np.concatenate([logarithm, image.ravel()]).astype(np.float32))
            advance()
    return Summary(np.array(bands), np.array(images))


def band_weights(path: Path) -> np.ndarray:
    """Weights (band, node) that average over the nodes of each band of grains."""
    with open_netcdf(path) as data:
        band = data["band"].values[data["grain_id"].values].ravel()
    marks = (band == np.arange(band.max() + 1)[:, None]).astype(float)
    return marks / marks.sum(axis=1, keepdims=True)
