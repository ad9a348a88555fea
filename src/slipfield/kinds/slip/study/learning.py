"""Sections about learning: noise, training, cross-validation, sweeps of single settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator

from slipfield.core.section import Section, Whole
from slipfield.kinds.slip.models import MODELS

Rate = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[Whole, Field(ge=1)]
Depth = Annotated[Whole, Field(ge=1, le=5)]
Grouping = Literal["random", "microstructure"]

if TYPE_CHECKING:
    ModelName = str
else:
    ModelName = Literal[tuple(MODELS)]


class Noise(Section):
    """Measurement noise added to simulated data in training and test (white, Gaussian)."""

    strain_std: float = Field(0.0, ge=0, le=0.1, description="Standard deviation of strain, 1.")
    load_relative_std: float = Field(
        0.0, ge=0, le=1, description="Standard deviation of the load relative to itself, 1."
    )
    seed: Whole = Field(7, ge=0, description="Seed of the noise, 1.")


class Learning(Section):
    """Training of the inverters and their cross-validation."""

    model: ModelName = Field("cnn_lstm", description="Inverter that `train` and `crossval` use.")
    test_fraction: float = Field(0.15, gt=0, lt=1, description="Share held out for the test, 1.")
    validation_fraction: float = Field(
        0.15, gt=0, lt=1, description="Share of the rest that picks the best epoch, 1."
    )
    split: Literal["random", "microstructure"] = Field(
        "random", description="Split by sample, or so that test grain maps are unseen."
    )
    image_stride: Whole = Field(
        1, ge=1, le=16, description="Every n-th node of the fields goes into the network, 1."
    )
    epochs: Whole = Field(100, ge=1, description="Passes over the training set, 1.")
    batch_size: Count = Field(8, description="Samples of a batch, 1.")
    learning_rate: Rate = Field(1e-4, description="Initial rate of Adam, 1.")
    decay_epochs: tuple[Count, ...] = Field(
        (60, 80), description="Epochs at which the rate is multiplied by decay_factor."
    )
    decay_factor: float = Field(0.3, gt=0, le=1, description="Piecewise-constant decay, 1.")
    convolution_blocks: Depth = Field(4, description="Depth of the CNN, 1.")
    initialisation: Literal["pytorch", "normal"] = Field(
        "pytorch", description="PyTorch's default, or N(0, 1) as published."
    )
    seed: Whole = Field(
        0, ge=0, lt=2**63, description="Seed of split, initialisation and shuffling, 1."
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Device of the training.")
    precision: Literal["float32", "bfloat16"] = Field(
        "float32",
        description="Arithmetic of the layers in a training step; weights stay in float32.",
    )
    threads: Whole = Field(1, ge=1, le=1024, description="Threads of one training process, 1.")
    loader_workers: Whole = Field(0, ge=0, le=64, description="Processes that read shards, 1.")

    def with_epochs(self, epochs: int) -> Learning:
        """Train for ``epochs``, with the decay of the rate at the same shares of them."""
        share = epochs / self.epochs
        decay = tuple(round(limit * share) for limit in self.decay_epochs)
        return self.model_copy(update={"epochs": epochs, "decay_epochs": decay})


class CrossValidation(Section):
    """Repeated k-fold cross-validation (paper, section 3.3.3)."""

    folds: Whole = Field(10, ge=2, le=50, description="Folds of one repeat, 1.")
    repeats: Whole = Field(20, ge=1, le=100, description="Repeats with new partitions, 1.")
    network_repeats: Whole | None = Field(
        None,
        ge=1,
        le=100,
        description="Repeats of networks that train in epochs, which are dear, 1; default repeats.",
    )
    epochs: Whole = Field(100, ge=1, description="Passes over the training folds, 1.")
    grouping: Literal["random", "microstructure", "both"] = Field(
        "random",
        description="Folds of samples (as published), of whole microstructures, or of both kinds "
        "one beside the other.",
    )
    models: tuple[ModelName, ...] = Field(
        ("cnn_lstm",), min_length=1, description="Inverters to validate."
    )
    folds_per_job: Whole = Field(10, ge=1, description="Folds that one job runs, 1.")

    def folds_of(self, model: str) -> int:
        """Folds of all repeats of one inverter."""
        entry = MODELS.get(model)
        own = self.network_repeats if entry and entry.by_epochs else None
        return self.folds * (own or self.repeats)

    @property
    def groupings(self) -> tuple[Grouping, ...]:
        """Kinds of folds that table 6 shows."""
        return ("random", "microstructure") if self.grouping == "both" else (self.grouping,)


class Curves(Section):
    """Learning curves of the study's inverters and of simpler methods, split by microstructure."""

    samples: tuple[Whole, ...] = Field(
        (100, 250, 500, 1000, 2000),
        min_length=1,
        description="Training samples; those beyond the dataset become one point with all it has.",
    )


class Sweep(Section):
    """Values of single settings that the paper's tables 3 to 5, and two more, compare.

    All other settings are those of ``learning``. The batch sizes are Slipfield's choice: the
    published table is not available.
    """

    learning_rate: tuple[Rate, ...] = Field(
        (1e-2, 1e-3, 1e-4, 1e-5), min_length=1, description="Rates of table 3, 1."
    )
    batch_size: tuple[Count, ...] = Field(
        (4, 8, 16, 32), min_length=1, description="Batch sizes of table 4, 1."
    )
    convolution_blocks: tuple[Depth, ...] = Field(
        (2, 3, 4, 5), min_length=1, description="Depths of the CNN of table 5, 1."
    )
    initialisation: tuple[Literal["pytorch", "normal"], ...] = Field(
        ("pytorch", "normal"), min_length=1, description="Initialisations to compare."
    )
    precision: tuple[Literal["float32", "bfloat16"], ...] = Field(
        ("float32", "bfloat16"), min_length=1, description="Precisions to compare."
    )
    epochs: Whole = Field(100, ge=1, description="Passes over the training set, 1.")
    repeats: Whole = Field(
        1,
        ge=1,
        le=100,
        description="Trainings of each setting, with splits and seeds of their own.",
    )

    @field_validator(
        "learning_rate", "batch_size", "convolution_blocks", "initialisation", "precision"
    )
    @classmethod
    def _each_once(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Refuse a value given twice: it is one training, and one row of a table."""
        if len(set(values)) < len(values):
            raise ValueError("give each value once")
        return values
