"""A specimen that no study has seen: a fresh microstructure and random parameters."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from slipfield.core.files import write_text
from slipfield.kinds.slip.design import one_sample, samples_text
from slipfield.kinds.slip.study import Study, check_study


def unseen_study(study: Study, extra: int, cells: int | None = None) -> Study:
    """Study with ``extra`` more microstructures, and perhaps another mesh; else the same.

    The microstructures that it had stay the same, since each follows from seed and index.
    """
    content = study.model_dump(mode="json")
    specimen = content["specimen"]
    specimen["microstructures"] += extra
    if cells is not None:
        specimen["cells_x"] = specimen["cells_y"] = cells
    samples = max(content["sampling"]["samples"], specimen["microstructures"])
    content["sampling"]["samples"] = samples
    return check_study(content, "unseen specimen")


def random_parameters(study: Study, count: int, seed: int) -> np.ndarray:
    """Draw k1, k2, k3 (count, 3) from the sampling box, uniform in their logarithms."""
    low, high = np.log(np.array(study.sampling.box)).T
    return np.exp(low + np.random.default_rng(seed).random((count, 3)) * (high - low))


def write_unseen(study: Study, seed: int, folder: Path) -> int:
    """Write ``study.yaml`` and ``samples.csv`` of one unseen specimen; return its index."""
    fresh = unseen_study(study, 1)
    index = study.specimen.microstructures
    sample = one_sample(index, random_parameters(study, 1, seed)[0])
    write_text(folder / "study.yaml", fresh.as_yaml())
    write_text(folder / "samples.csv", samples_text(sample))
    return index
