"""Trainings that a sweep of one setting takes, from the study alone (no PyTorch here)."""

from __future__ import annotations

import json

from slipfield.plan import learning_memory_mb, training_minutes
from slipfield.study import Study

BASE = "base"
"""Name of the training whose settings are those of ``learning``."""

TABLES = {
    "learning_rate": "table3",
    "batch_size": "table4",
    "convolution_blocks": "table5",
    "initialisation": "initialisation",
    "precision": "precision",
}
"""Settings of ``learning`` that `sweep` varies, and the tables that compare them."""


def settings_of(study: Study, field: str) -> list[str]:
    """Trainings that the values of ``sweep.<field>`` take, as `sweep` names them, in their order.

    The value of ``learning`` itself is the same training in every table. Depths of the CNN that
    the images are too small for are left out.
    """
    values = getattr(study.sweep, field)
    if field == "convolution_blocks":
        smallest = min(study.specimen.cells_x, study.specimen.cells_y) + 1
        nodes = -(-smallest // study.learning.image_stride)
        values = tuple(depth for depth in values if 2**depth <= nodes)
    own = getattr(study.learning, field)
    return [BASE if value == own else f"{field}={_text(value)}" for value in values]


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def setting_memory_mb(study: Study, setting: str) -> int:
    """Memory request of a job that trains ``setting``, MB: larger batches take more."""
    field, _, value = setting.partition("=")
    if field == "batch_size":
        learning = study.learning.model_copy(update={field: int(value)})
        study = study.model_copy(update={"learning": learning})
    return learning_memory_mb(study)


def setting_minutes(study: Study) -> int:
    """Run time request of a job that trains one setting, min."""
    epochs = study.sweep.repeats * study.sweep.epochs
    learning = study.learning.model_copy(update={"epochs": epochs})
    return training_minutes(study.model_copy(update={"learning": learning}))
