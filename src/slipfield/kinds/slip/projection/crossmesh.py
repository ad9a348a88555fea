"""The table that a method trained and tested on one mesh cannot see: specimens of finer meshes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.model_selection import GroupKFold

from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.learning.intervals import coverage
from slipfield.kinds.slip.projection.adapt import finer_samples
from slipfield.kinds.slip.projection.inverter import ProjectionInverter
from slipfield.kinds.slip.projection.protocol import Row, score_predictions, write_table
from slipfield.kinds.slip.study import Study

FOLDS = 5


def write_crossmesh(study: Study, dataset: Path, finer: Sequence[Path], output: Path) -> list[Row]:
    """Write the table of every training against every test mesh, on unseen microstructures.

    A model is trained on the mesh of the references and adapted to each finer mesh but the
    finest, which stands for the real specimen (if there is only one finer mesh, to that one).

    Parameters
    ----------
    study : Study
        Noise of training and test.
    dataset : Path
        Folder of the dataset on the mesh of the references.
    finer : sequence of Path
        Folders of shards, each on a finer mesh.
    output : Path
        The CSV file.
    """
    base = Collection.of_dataset(dataset, study)
    collections = [base, *(finer_samples(base, [folder]) for folder in finer)]
    collections.sort(key=lambda collection: collection.image)
    meshes = {_times_finer(collection, base): collection for collection in collections}
    names = list(meshes)
    trainings = names[:-1] if len(names) > 2 else names
    found = {(a, t): _Predictions() for a in trainings for t in names[names.index(a) :]}
    maps = np.unique(base.microstructures)
    for seen, _ in GroupKFold(FOLDS, shuffle=True, random_state=0).split(maps, groups=maps):
        rows = {n: np.isin(c.microstructures, maps[seen]) for n, c in meshes.items()}
        train = np.flatnonzero(rows[names[0]])
        inverter = ProjectionInverter(study).fit(base, train, train[:0], output.parent)
        for a in trainings:
            fitted = inverter
            if meshes[a] is not base:
                fitted = inverter.adapted(meshes[a], np.flatnonzero(rows[a]))
            for t in names[names.index(a) :]:
                found[a, t].add(fitted, meshes[t], np.flatnonzero(~rows[t]))
    table = []
    for (adapted, tested), predictions in found.items():
        is_base = meshes[adapted] is base
        head = {
            "adapted_to": "none" if is_base else adapted,
            "tested_on": tested,
            "training_samples": _trained(base),
            "adapting_samples": 0 if is_base else _trained(meshes[adapted]),
        }
        table += predictions.rows(head)
    write_table(table, output)
    return table


def _times_finer(collection: Collection, base: Collection) -> str:
    """Name of a mesh: how much finer it is than that of the references."""
    return f"{(collection.image[0] - 1) / (base.image[0] - 1):.3g}x"


def _trained(collection: Collection) -> int:
    """Mean number of samples that the folds train with."""
    return round(len(collection) * (1 - 1 / FOLDS))


class _Predictions:
    """Predictions and intervals of all folds for one pair of meshes."""

    def __init__(self) -> None:
        self.parts: list[tuple[np.ndarray, ...]] = []

    def add(self, inverter: ProjectionInverter, dataset: Collection, rows: np.ndarray) -> None:
        """Predict ``rows`` of a dataset."""
        if len(rows):
            ends = inverter.predict_interval(dataset, rows)
            self.parts.append((dataset.parameters[rows], inverter.predict(dataset, rows), *ends))

    def rows(self, head: Row) -> list[Row]:
        """Scores of all folds together, one row a parameter."""
        true, predicted, low, high = (
            np.concatenate(column) for column in zip(*self.parts, strict=True)
        )
        covered = 100 * coverage(low, high, true)
        return [
            {**head, "test_samples": len(true), **row, "coverage_percent": share}
            for row, share in zip(score_predictions(true, predicted), covered, strict=True)
        ]
