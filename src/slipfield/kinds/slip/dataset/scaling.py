"""Scaling of the network's inputs (z-score) and labels ([0.1, 1]) by the training samples."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from slipfield.kinds.slip.dataset.fields import Fields

LABEL_LOW, LABEL_HIGH = 0.1, 1.0


@dataclass(frozen=True)
class Scaling:
    """Training-set statistics: what the network needs to read inputs and to give parameters.

    Attributes
    ----------
    strain_mean, strain_std : ndarray (3,), 1
    load_mean, load_std : float, N
    angle_mean, angle_std : ndarray (3,), rad
    parameter_min, parameter_max : ndarray (3,)
        Of k1, k2, k3 in their own units.
    """

    strain_mean: np.ndarray
    strain_std: np.ndarray
    load_mean: float
    load_std: float
    angle_mean: np.ndarray
    angle_std: np.ndarray
    parameter_min: np.ndarray
    parameter_max: np.ndarray

    @classmethod
    def fit(cls, fields: Fields, rows: np.ndarray) -> Scaling:
        """Take the statistics of the samples ``rows`` alone."""
        strain = fields.strain_moments.rows(rows).pool()
        load = fields.load_moments.rows(rows).pool()
        uses = np.bincount(fields.map_row[rows], minlength=len(fields.angles))
        angles = fields.angle_moments.pool(weights=uses)
        parameters = fields.parameters[rows]
        return cls(
            strain.mean,
            _positive(strain.std),
            float(load.mean),
            float(_positive(load.std)),
            angles.mean,
            _positive(angles.std),
            parameters.min(axis=0),
            parameters.max(axis=0),
        )

    def labels(self, parameters: np.ndarray) -> np.ndarray:
        """Map parameters (..., 3) linearly to labels: training range to [0.1, 1]."""
        share = (parameters - self.parameter_min) / self._range
        return LABEL_LOW + (LABEL_HIGH - LABEL_LOW) * share

    def parameters(self, labels: np.ndarray) -> np.ndarray:
        """Map labels (..., 3) back to k1, k2, k3."""
        share = (labels - LABEL_LOW) / (LABEL_HIGH - LABEL_LOW)
        return self.parameter_min + self._range * share

    @property
    def _range(self) -> np.ndarray:
        return _positive(self.parameter_max - self.parameter_min)

    def to_json(self) -> dict[str, Any]:
        """Give plain numbers and lists, for the model card."""
        return {name: np.asarray(value).tolist() for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Scaling:
        """Read what :meth:`to_json` wrote."""
        arrays: dict[str, Any] = {
            k: np.asarray(v) if isinstance(v, list) else v for k, v in content.items()
        }
        return cls(**arrays)


def _positive(value: np.ndarray) -> np.ndarray:
    """Replace zero (a constant quantity) by one, so that scaling leaves it at zero."""
    return np.where(value > 0, value, 1.0)
