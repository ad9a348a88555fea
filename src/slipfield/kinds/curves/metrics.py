"""How alike two curves are."""

from __future__ import annotations

import numpy as np


def similarity(predicted: np.ndarray, known: np.ndarray) -> float:
    """Coefficient of determination of curves (n,), the paper's equation 21 (crmeca.315)."""
    return float(1 - np.sum((predicted - known) ** 2) / np.sum((known - np.mean(known)) ** 2))
