"""The projection inverter behind the interface that all inverters share."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import complete_file, write_text
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.learning.intervals import (
    INTERVALS,
    conformal_factors,
    write_intervals,
)
from slipfield.kinds.slip.learning.inverter import Monitor, silent
from slipfield.kinds.slip.models import MODELS
from slipfield.kinds.slip.projection.features import (
    MINIMUM_SHARE,
    Projection,
    Projector,
    noise_covariance,
)
from slipfield.kinds.slip.projection.intervals import (
    FOLDS,
    Selection,
    Training,
    cross_validate,
    interval,
    normalised_scores,
    select_degree,
)
from slipfield.kinds.slip.projection.learner import Emulator, Estimate
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.projection.table import WIDTH, feature_table
from slipfield.kinds.slip.study import Noise, Study

WEIGHTS, SELECTION = "model.safetensors", "selection.json"
LEVEL = 0.95
UNUSUAL = 0.99
"""Share of the training samples that lie below the limit of what is usual."""

ADAPTING = 20
"""Fewest samples, and half of it fewest microstructures, that a model can be adapted to."""


@dataclass(frozen=True)
class Inversion:
    """Parameters of measured specimens.

    Attributes
    ----------
    parameters, low, high : ndarray (n, 3)
        k1, k2, k3 and the ends of their intervals.
    covariance : ndarray (n, 3, 3)
        Of ln k, as the model sees it.
    unusual : dict
        For "strain" and "load" how far a channel is from the training data, (n,): its misfit over
        the value that 99 % of the training samples stay below; more than 1 deserves a warning.
    """

    parameters: np.ndarray
    low: np.ndarray
    high: np.ndarray
    covariance: np.ndarray
    unusual: dict[str, np.ndarray]


class ProjectionInverter:
    """Statistical model of the projections of a measurement on its specimen's sensitivities."""

    study: Study
    emulator: Emulator
    frames: int
    width: float
    scores: np.ndarray
    limits: dict[str, float]
    selection: Selection | None = None

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
        """Fit to training and validation rows; cross-validation inside them chooses the degree.

        Raises
        ------
        SlipfieldError
            If there are too few rows.
        """
        self.width = WIDTH
        rows = np.concatenate([train_indices, validation_indices])
        if len(rows) < (fewest := MODELS["projection"].fewest_samples):
            raise SlipfieldError(
                f"sampling.samples: {len(rows)} to train with; model 'projection' needs {fewest}"
            )
        training = self._training(dataset, rows)
        self.frames = len(dataset.time)
        self.selection = select_degree(training)
        self.emulator = training.fit(self.selection.degree)
        self._calibrate(training, self.selection.estimate)
        return self

    def adapted(self, dataset: Collection, indices: np.ndarray) -> Self:
        """Give a copy of a fitted model shifted to measurements of another kind, as a finer mesh's.

        Raises
        ------
        SlipfieldError
            If there are too few samples or microstructures.
        """
        training = self._training(dataset, indices)
        maps = len(np.unique(dataset.microstructures[indices]))
        if len(indices) < ADAPTING or 2 * maps < ADAPTING:
            raise SlipfieldError(
                f"shards: {len(indices)} samples of {maps} microstructures; adapting a model "
                f"takes at least {ADAPTING} samples of {ADAPTING // 2} microstructures"
            )

        def adapt(rows: np.ndarray | slice) -> Emulator:
            return self.emulator.adapted(training.clean[rows], training.log_parameters[rows])

        other = copy.copy(self)
        other.emulator = adapt(slice(None))
        other._calibrate(training, cross_validate(training, adapt))
        return other

    def _training(self, dataset: Collection, indices: np.ndarray) -> Training:
        """Features of the rows ``indices``, kept together by microstructure if there are enough."""
        rows = np.sort(indices)
        table = feature_table(dataset, self.width).rows(rows)
        maps, samples = dataset.microstructures[rows], dataset.samples[rows]
        return Training(
            table.clean,
            table.noisy,
            np.log(dataset.parameters[rows]),
            maps if len(np.unique(maps)) >= FOLDS else samples,
            table.noise(dataset.noise),
        )

    def _calibrate(self, training: Training, validated: Estimate) -> None:
        """Take the scores of the intervals and the limits of the misfits from cross-validation."""
        self.scores = normalised_scores(validated, training.log_parameters)
        misfits = self._misfits(training.noisy, validated.log_parameters, training.noise)
        self.limits = {name: float(np.quantile(m, UNUSUAL)) for name, m in misfits.items()}

    def _misfits(
        self, features: np.ndarray, log_parameters: np.ndarray, noise: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Misfit (n,) of the strain features alone and of the load features alone."""
        is_load = np.arange(features.shape[1]) >= features.shape[1] - self.frames
        return {
            name: self.emulator.misfit(np.where(own, features, np.nan), log_parameters, noise)
            for name, own in {"strain": ~is_load, "load": is_load}.items()
        }

    def predict(self, dataset: Collection, indices: np.ndarray) -> np.ndarray:
        """Predict k1, k2, k3 of the rows ``indices``, (n, 3)."""
        return np.exp(self.estimate(dataset, indices).log_parameters)

    def estimate(self, dataset: Collection, indices: np.ndarray) -> Estimate:
        """Estimate ln k of the rows ``indices``."""
        table = feature_table(dataset, self.width)
        self._check_frames(len(dataset.time))
        return self.emulator.estimate(table.noisy[indices], table.noise(dataset.noise))

    def _check_frames(self, frames: int) -> None:
        if frames != self.frames:
            raise SlipfieldError(
                f"measurement: {frames} frames, the model was trained on {self.frames}; "
                "bring them to its times, or train on such data"
            )

    @property
    def calibration_samples(self) -> int:
        """Number of errors that the intervals rest on."""
        return len(self.scores)

    def predict_interval(
        self, dataset: Collection, indices: np.ndarray, level: float = LEVEL
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give the ends, each (n, 3), of intervals that hold k1, k2, k3 with ``level``."""
        return interval(self.estimate(dataset, indices), conformal_factors(self.scores, level))

    def invert(
        self, reference: Reference, strain: np.ndarray, load: np.ndarray, noise: Noise | None = None
    ) -> Inversion:
        """Find the parameters of one measured specimen.

        Parameters
        ----------
        reference : Reference
            Run on the specimen's grain map, at the expansion point of the training references.
        strain : ndarray (time, component, y, x), 1
            At the reference's times; NaN where not measured.
        load : ndarray (time,), N
            NaN where not measured.
        noise : Noise
            Of this measurement; by default, that of the training.

        Raises
        ------
        SlipfieldError
            If the reference or the measurement does not fit the model, or nothing was measured.
        """
        expected = np.array(self.study.sampling.centre)
        if not np.allclose(reference.parameters, expected, rtol=1e-6):
            raise SlipfieldError(
                f"reference: expanded at k = {reference.parameters.tolist()}, the model needs "
                f"{expected.tolist()}; run `reference` with the model's study"
            )
        self._check_frames(len(reference.time))
        projector = Projector(reference, self.width)
        projection = projector.project(strain, load)
        features = projection.vector[None]
        if not (np.isfinite(features) & self.emulator.used).any():
            raise SlipfieldError("measurement: no frame has strain or load; give at least one")
        spread = self.feature_noise(
            noise or self.study.noise, projector, projection, strain.shape[-2:]
        )
        estimate = self.emulator.estimate(features, spread)
        low, high = interval(estimate, conformal_factors(self.scores, LEVEL))
        misfits = self._misfits(features, estimate.log_parameters, spread)
        return Inversion(
            np.exp(estimate.log_parameters),
            low,
            high,
            estimate.covariance,
            {name: misfit / self.limits[name] for name, misfit in misfits.items()},
        )

    def feature_noise(
        self, assumed: Noise, projector: Projector, projection: Projection, nodes: tuple[int, ...]
    ) -> np.ndarray:
        """Covariance (f, f) of one measurement's features: fewer nodes average less noise out."""
        share = np.maximum(projection.share, MINIMUM_SHARE)
        strain_std = assumed.strain_std * projector.thinning(nodes) / np.sqrt(share)
        load_std = np.full(self.frames, assumed.load_relative_std)
        return noise_covariance(projector.noise_shape, strain_std, load_std)

    def write_extras(self, dataset: Collection, indices: np.ndarray, folder: Path) -> list[str]:
        """Write selection.json (error by degree) and intervals.csv of the rows ``indices``."""
        if self.selection is not None:
            chosen = {"degree": self.selection.degree, "rmse_ln_k": self.selection.errors}
            write_text(folder / SELECTION, json.dumps(chosen, indent=1) + "\n")
        ends = self.predict_interval(dataset, indices)
        write_intervals(dataset, indices, self.predict(dataset, indices), *ends, folder)
        return [INTERVALS] if self.selection is None else [INTERVALS, SELECTION]

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``model.safetensors``; what is no array goes into the model card."""
        arrays = {"scores": self.scores, **vars(self.emulator)}
        arrays = {k: np.ascontiguousarray(v) for k, v in arrays.items() if k != "degree"}
        with complete_file(folder / WEIGHTS) as temporary:
            save_file(arrays, temporary)
        return {
            "weights": WEIGHTS,
            "degree": self.emulator.degree,
            "frames": self.frames,
            "window": self.width,
            "limits": self.limits,
            "calibration_samples": self.calibration_samples,
        }

    @classmethod
    def load(cls, folder: Path, study: Study, details: dict[str, Any]) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        SlipfieldError
            If the arrays are missing or damaged.
        """
        path = folder / details["weights"]
        inverter = cls(study)
        try:
            arrays = load_file(path)
            inverter.scores = arrays.pop("scores")
            inverter.emulator = Emulator(degree=int(details["degree"]), **arrays)
            problem = inverter.emulator.problem()
            if inverter.scores.ndim != 2 or inverter.scores.shape[1] != 3:
                problem = f"scores has the shape {inverter.scores.shape}, expected (n, 3)"
        except (OSError, KeyError, TypeError, SafetensorError) as error:
            reason = " ".join(str(error).split())
            raise SlipfieldError(f"{path}: unusable arrays: {reason}; train again") from error
        if problem:
            raise SlipfieldError(f"{path}: unusable arrays: {problem}; train again")
        inverter.frames = int(details["frames"])
        inverter.width = float(details["window"])
        inverter.limits = {name: float(details["limits"][name]) for name in ("strain", "load")}
        return inverter
