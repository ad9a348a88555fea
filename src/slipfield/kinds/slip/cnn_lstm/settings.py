"""What follows for trainings from the study alone: depth, settings of a sweep (no PyTorch here)."""

from __future__ import annotations

import json

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.models import NETWORK
from slipfield.kinds.slip.planning.plan import learning_memory_mb, training_minutes
from slipfield.kinds.slip.study import Study

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


def image_nodes(study: Study) -> tuple[int, int]:
    """Nodes along y and x that go into the network."""
    stride, specimen = study.learning.image_stride, study.specimen
    return -(-(specimen.cells_y + 1) // stride), -(-(specimen.cells_x + 1) // stride)


def check_depth(study: Study) -> None:
    """Check before anything is simulated that the network, if it is trained, fits the images.

    Raises
    ------
    SlipfieldError
        If the images are too small for ``learning.convolution_blocks``.
    """
    if NETWORK in study.models:
        check_image(study.learning.convolution_blocks, image_nodes(study))


def check_image(blocks: int, image: tuple[int, int]) -> None:
    """Check that images of ``image`` nodes along y and x leave 2 x 2 to the last block.

    Raises
    ------
    SlipfieldError
        If they are smaller: batch normalisation of one orientation map needs more than one node.
    """
    needed = 2**blocks
    if min(image) < needed:
        raise SlipfieldError(
            f"learning.image_stride: leaves {image[0]} x {image[1]} nodes, but "
            f"learning.convolution_blocks: {blocks} needs {needed} x {needed}; lower one of them"
        )


def settings_of(study: Study, field: str) -> list[str]:
    """Trainings that the values of ``sweep.<field>`` take, as `sweep` names them, in their order.

    The value of ``learning`` itself is the same training in every table. Depths of the CNN that
    the images are too small for are left out.
    """
    values = getattr(study.sweep, field)
    if field == "convolution_blocks":
        values = tuple(depth for depth in values if 2**depth <= min(image_nodes(study)))
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
