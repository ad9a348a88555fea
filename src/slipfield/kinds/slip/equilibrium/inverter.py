"""The equilibrium network behind the interface that all inverters share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import complete_file
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.equilibrium.features import feature_table
from slipfield.kinds.slip.equilibrium.network import (
    Member,
    Prediction,
    predict_ensemble,
    train_member,
)
from slipfield.kinds.slip.learning.intervals import (
    INTERVALS,
    conformal_factors,
    write_intervals,
)
from slipfield.kinds.slip.learning.inverter import Monitor, silent
from slipfield.kinds.slip.learning.split import derived_seed
from slipfield.kinds.slip.models import MODELS
from slipfield.kinds.slip.study import Study

WEIGHTS = "model.safetensors"
FOLDS = 5
LEVEL = 0.95
FEWEST = MODELS["equilibrium"].fewest_samples
"""Training samples below which the regression has more terms than samples."""


class EquilibriumInverter:
    """Ensemble of small networks on the parameters that balance a specimen's sections.

    Intervals are split-conformal with cross-validation in the place of a split, as those of the
    projection inverter: each error comes from the member that saw no sample of the microstructure.
    """

    study: Study
    members: list[Member]
    scores: np.ndarray

    def __init__(self, study: Study) -> None:
        self.study = study

    def fit(
        self,
        dataset: Collection,
        train_indices: np.ndarray,
        validation_indices: np.ndarray,
        workdir: Path,
        monitor: Monitor = silent,
    ) -> Self:
        """Train the ensemble on training and validation rows, each member without one fold.

        Raises
        ------
        SlipfieldError
            If there are too few samples or the loading does not suit the method.
        """
        from sklearn.model_selection import GroupKFold

        rows = np.sort(np.concatenate([train_indices, validation_indices]))
        if len(rows) < FEWEST:
            raise SlipfieldError(
                f"sampling.samples: {len(rows)} to train with; model 'equilibrium' needs {FEWEST}"
            )
        self.members = []
        torch.set_num_threads(self.study.learning.threads)
        features = feature_table(dataset)[rows]
        log_parameters = np.log(dataset.parameters[rows])
        maps = dataset.microstructures[rows]
        groups = maps if len(np.unique(maps)) >= FOLDS else rows
        scores = np.empty_like(log_parameters)
        folds = GroupKFold(FOLDS).split(features, groups=groups)
        for number, (train, held) in enumerate(folds):
            seed = derived_seed(self.study.learning.seed, number)
            member = train_member(features[train], log_parameters[train], groups[train], seed)
            found = predict_ensemble([member], features[held])
            scores[held] = np.abs(found.mean - log_parameters[held]) / found.deviation
            self.members.append(member)
        self.scores = np.sort(scores, axis=0)
        return self

    def predict(self, dataset: Collection, indices: np.ndarray) -> np.ndarray:
        """Predict k1, k2, k3 of the rows ``indices``, (n, 3)."""
        return np.exp(self._estimate(dataset, indices).mean)

    @property
    def calibration_samples(self) -> int:
        """Number of errors that the intervals rest on."""
        return len(self.scores)

    def predict_interval(
        self, dataset: Collection, indices: np.ndarray, level: float = LEVEL
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give the ends, each (n, 3), of intervals that hold k1, k2, k3 with ``level``."""
        found = self._estimate(dataset, indices)
        half = conformal_factors(self.scores, level) * found.deviation
        return np.exp(found.mean - half), np.exp(found.mean + half)

    def _estimate(self, dataset: Collection, indices: np.ndarray) -> Prediction:
        return predict_ensemble(self.members, feature_table(dataset)[indices])

    def write_extras(self, dataset: Collection, indices: np.ndarray, folder: Path) -> list[str]:
        """Write intervals.csv of the rows ``indices``."""
        ends = self.predict_interval(dataset, indices)
        write_intervals(dataset, indices, self.predict(dataset, indices), *ends, folder)
        return [INTERVALS]

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``model.safetensors``; what is no array goes into the model card."""
        arrays = {
            f"{number}.{name}": value.contiguous()
            for number, member in enumerate(self.members)
            for name, value in member.state_dict().items()
        }
        arrays["scores"] = torch.tensor(self.scores)
        with complete_file(folder / WEIGHTS) as temporary:
            save_file(arrays, temporary)
        return {
            "weights": WEIGHTS,
            "members": len(self.members),
            "features": len(self.members[0].shift),
            "calibration_samples": self.calibration_samples,
        }

    @classmethod
    def load(cls, folder: Path, study: Study, details: dict[str, Any]) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        SlipfieldError
            If the weights are missing or damaged.
        """
        path = folder / details["weights"]
        inverter = cls(study)
        inverter.members = []
        try:
            arrays = load_file(path)
            inverter.scores = arrays.pop("scores").numpy()
            if inverter.scores.ndim != 2 or inverter.scores.shape[1] != 3:
                raise KeyError(f"scores of shape {inverter.scores.shape}, expected (n, 3)")
            for number in range(details["members"]):
                member = Member(details["features"])
                head = f"{number}."
                own = {k.removeprefix(head): v for k, v in arrays.items() if k.startswith(head)}
                member.load_state_dict(own)
                inverter.members.append(member.eval())
        except (OSError, KeyError, RuntimeError, SafetensorError) as error:
            reason = " ".join(str(error).split())
            raise SlipfieldError(f"{path}: unusable weights: {reason}; train again") from error
        return inverter
