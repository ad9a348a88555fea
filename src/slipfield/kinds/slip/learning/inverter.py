"""What every inverter can do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import load
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.models import MODELS
from slipfield.kinds.slip.study import Study

Monitor = Callable[[dict[str, float]], None]
"""Gets each epoch's row of the history, at least epoch, validation_loss and validation_r2."""


def silent(row: dict[str, float]) -> None:
    """Take no notice of the epochs of a training."""


class Inverter(Protocol):
    """Learns (k1, k2, k3) from the strain fields and loads of simulated specimens.

    In scikit-learn's habit: the constructor takes the settings, :meth:`fit` sets what is learnt,
    and nothing after it changes the inverter. Samples are measured with the noise of their
    dataset (:attr:`Collection.noise`).

    Attributes
    ----------
    study : settings; its ``learning`` counts, and of a model that was read, what it was trained on.
    """

    study: Study

    def __init__(self, study: Study) -> None: ...

    def fit(
        self,
        dataset: Collection,
        train_indices: np.ndarray,
        validation_indices: np.ndarray,
        workdir: Path,
        monitor: Monitor = silent,
    ) -> Self:
        """Learn from the training rows; validation rows may choose among candidates.

        What lies in ``workdir`` from a run that was cut short with the same settings is continued.
        """

    def predict(self, dataset: Collection, indices: np.ndarray) -> np.ndarray:
        """Predict k1, k2, k3 of the rows ``indices``, (n, 3)."""

    def write_extras(self, dataset: Collection, indices: np.ndarray, folder: Path) -> list[str]:
        """Write files of the inverter's own for figures: its training, and the rows ``indices``.

        Returns their names.
        """

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the weights into ``folder``; return what the model card keeps for loading."""

    @classmethod
    def load(cls, folder: Path, study: Study, details: dict[str, Any]) -> Self:
        """Read what :meth:`save` wrote."""


@runtime_checkable
class IntervalInverter(Protocol):
    """An inverter that also says how far off it may be.

    Attributes
    ----------
    calibration_samples : errors that its intervals rest on.
    """

    @property
    def calibration_samples(self) -> int:
        """Number of errors that the intervals rest on."""

    def predict_interval(
        self, dataset: Collection, indices: np.ndarray, level: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give the ends, each (n, 3), of intervals that hold k1, k2, k3 with ``level``."""


def inverter_class(name: str) -> type[Inverter]:
    """Import the inverter called ``name``.

    Raises
    ------
    SlipfieldError
        If there is none of that name.
    """
    if name not in MODELS:
        raise SlipfieldError(f"model: given {name!r}; expected one of {', '.join(MODELS)}")
    return load(MODELS[name].estimator)
