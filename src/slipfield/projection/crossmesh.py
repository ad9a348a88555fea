"""The table that a method trained and tested on one mesh cannot see: specimens of finer meshes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from sklearn.model_selection import GroupKFold

from slipfield.dataset.collection import Collection
from slipfield.projection.intervals import coverage
from slipfield.projection.inverter import ProjectionInverter
from slipfield.projection.protocol import Row, score_predictions, write_table
from slipfield.study import Study

FOLDS = 5
SAME = "references' mesh"


def write_crossmesh(
    study: Study, dataset: Path, finer: Mapping[str, Collection], output: Path
) -> list[Row]:
    """Write crossmesh.csv: every training against every test mesh, on unseen microstructures.

    Parameters
    ----------
    study : Study
        Noise of training and test.
    dataset : Path
        Folder of the dataset on the mesh of the references.
    finer : mapping
        By name, samples on finer meshes, with the references of ``dataset``; coarsest first.
    output : Path
        The CSV file.
    """
    base = Collection.of_dataset(dataset)
    meshes = {SAME: base, **finer}
    names = list(meshes)
    found = {(a, t): _Predictions() for a in names for t in names[names.index(a) :]}
    maps = np.unique(base.microstructures)
    nothing = np.array([], int)
    for train, _ in GroupKFold(FOLDS, shuffle=True, random_state=0).split(maps, groups=maps):
        rows = {n: np.isin(c.microstructures, maps[train]) for n, c in meshes.items()}
        inverter = ProjectionInverter()
        inverter.fit(study, base, np.flatnonzero(rows[SAME]), nothing, output.parent, _ignore)
        for a in names:
            fitted = copy.copy(inverter)
            if a != SAME:
                fitted.adapt(meshes[a], np.flatnonzero(rows[a]))
            for t in names[names.index(a) :]:
                found[a, t].add(fitted, meshes[t], np.flatnonzero(~rows[t]))
    table = []
    for (adapted, tested), predictions in found.items():
        table += predictions.rows(
            {
                "adapted_to": "none" if adapted == SAME else adapted,
                "tested_on": tested,
                "training_samples": round(len(base) * (1 - 1 / FOLDS)),
                "adapting_samples": 0
                if adapted == SAME
                else round(len(meshes[adapted]) * (1 - 1 / FOLDS)),
            }
        )
    write_table(table, output)
    return table


def _ignore(row: dict[str, float]) -> None:
    """Take no notice of the progress of a fit."""


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
