"""The study configuration: one pydantic model, every field with unit, default and description.

The YAML files in ``config/`` are instances of :class:`Study`; ``config/schema.json`` is generated
from it (``slipfield schema``) and a test fails when the two drift apart.
Working units are mm, s, MPa, N and rad.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    field_validator,
    model_validator,
)

from slipfield.errors import SlipfieldError
from slipfield.validation import first_problem, read_yaml

PARAMETERS = ("k1", "k2", "k3")
PARAMETER_UNITS = {"k1": "MPa mm^0.5", "k2": "MPa", "k3": "MPa mm^0.5"}

PAPER = "Metals 2025 (CNN-LSTM inversion of gradient-grained alloys)"


Whole = Annotated[int, Strict()]
"""Whole number written as one: neither 20.0 nor '20'."""


class Section(BaseModel):
    """Base of all sections: unknown fields are errors, instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_values(cls, value: Any) -> Any:
        """Refuse true and false (also written yes and no), which would count as 1 and 0."""
        if any(isinstance(item, bool) for item in _flat(value)):
            raise ValueError("expected a number or text, not true or false")
        return value


def _flat(value: Any) -> Iterator[Any]:
    """Items of a list of lists, two levels deep as in ``loading.path``."""
    for item in value if isinstance(value, list | tuple) else [value]:
        yield from item if isinstance(item, list | tuple) else [item]


class Band(Section):
    """One horizontal band of grains, listed from y = 0 upwards."""

    name: str = Field(description="Name of the band, used in figures.")
    height_fraction: float = Field(gt=0, le=1, description="Share of the specimen height, 1.")
    grain_fraction: float = Field(gt=0, le=1, description="Share of the number of grains, 1.")
    kind: Literal["equiaxed", "columnar"] = Field(
        description="Equiaxed grains, or columnar ones that cross the band along y."
    )


def _five_bands() -> tuple[Band, ...]:
    """Small equiaxed, columnar, large equiaxed, columnar, small equiaxed (paper, figure 1)."""
    rows = (
        ("bottom surface", 0.14, 0.33, "equiaxed"),
        ("lower columnar", 0.18, 0.13, "columnar"),
        ("core", 0.36, 0.08, "equiaxed"),
        ("upper columnar", 0.18, 0.13, "columnar"),
        ("top surface", 0.14, 0.33, "equiaxed"),
    )
    keys = ("name", "height_fraction", "grain_fraction", "kind")
    return tuple(Band(**dict(zip(keys, row, strict=True))) for row in rows)


class Specimen(Section):
    """The gradient-grained sheet: outline, mesh, grains and orientations."""

    width_mm: float = Field(2.0, gt=0, description="Width along x at the grips, mm.")
    height_mm: float = Field(2.0, gt=0, description="Height along y (the load axis), mm.")
    thickness_mm: float = Field(1.0, gt=0, description="Sheet thickness, scales the load only, mm.")
    neck_depth_mm: float = Field(
        0.014,
        ge=0,
        description="Depth of each neck of the side edges, mm (0 gives a rectangle).",
        json_schema_extra={"reference": f"{PAPER}: 39,622 elements against 40,000 without necks"},
    )
    necks_per_side: Whole = Field(2, ge=0, le=10, description="Necks on each side edge, 1.")
    cells_x: Whole = Field(200, ge=4, le=2000, description="Elements along x, 1.")
    cells_y: Whole = Field(200, ge=4, le=2000, description="Elements along y, 1.")
    grains: Whole = Field(300, ge=5, le=20000, description="Number of grains, 1.")
    bands: tuple[Band, ...] = Field(
        default_factory=_five_bands, min_length=1, description="Bands of grains from y = 0 upwards."
    )
    size_sigma: float = Field(
        0.35, ge=0, le=1.5, description="Target standard deviation of ln(grain area) in a band, 1."
    )
    orientations: Literal["euler_uniform", "so3_uniform"] = Field(
        "so3_uniform",
        description="'euler_uniform': three uniform Bunge angles on [0, 2 pi], as published; "
        "'so3_uniform': a uniform draw of rotations.",
    )
    microstructures: Whole = Field(1, ge=1, le=100000, description="Number of grain maps, 1.")
    seed: Whole = Field(2025, ge=0, description="Seed of grain maps and orientations, 1.")

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> Specimen:
        for name in ("height_fraction", "grain_fraction"):
            total = sum(getattr(band, name) for band in self.bands)
            if abs(total - 1) > 1e-6:
                raise ValueError(f"{name} of the bands must sum to 1, got {total:.6g}")
        if 2 * self.neck_depth_mm > 0.5 * self.width_mm:
            raise ValueError("neck_depth_mm must be at most a quarter of width_mm")
        return self


class Material(Section):
    """FCC elasticity and the power-law slip rule (copper by default)."""

    c11_MPa: float = Field(
        168.4e3,
        gt=0,
        description="Cubic elastic constant C11, MPa.",
        json_schema_extra={"reference": "copper, Simmons & Wang 1971"},
    )
    c12_MPa: float = Field(
        121.4e3,
        gt=0,
        description="Cubic elastic constant C12, MPa.",
        json_schema_extra={"reference": "copper, Simmons & Wang 1971"},
    )
    c44_MPa: float = Field(
        75.4e3,
        gt=0,
        description="Cubic elastic constant C44, MPa.",
        json_schema_extra={"reference": "copper, Simmons & Wang 1971"},
    )
    reference_slip_rate_per_s: float = Field(
        1e-3,
        gt=0,
        description="Reference slip rate gamma0, 1/s.",
        json_schema_extra={"reference": "Peirce, Asaro & Needleman 1982; Huang 1991"},
    )
    rate_exponent: float = Field(
        10.0,
        ge=2,
        le=200,
        description="Rate exponent n in |tau/g|^n, 1.",
        json_schema_extra={"reference": "Huang 1991"},
    )
    latent_ratio: float = Field(
        1.0,
        ge=0.5,
        le=2,
        description="Latent-to-self hardening ratio q, 1.",
        json_schema_extra={"reference": "Peirce, Asaro & Needleman 1982: 1 <= q <= 1.4"},
    )
    h0_MPa: float = Field(
        100.0,
        ge=0,
        description="Hardening modulus h0 in h = h0 + k1 D^-1/2, MPa.",
        json_schema_extra={"reference": "chosen for copper; the published table is not available"},
    )

    @model_validator(mode="after")
    def _stable(self) -> Material:
        if self.c11_MPa <= self.c12_MPa:
            raise ValueError("c11_MPa must be greater than c12_MPa (elastic stability)")
        return self


Range = Annotated[tuple[float, float], Field(description="Lower and upper bound.")]


class Sampling(Section):
    """The sampling box of (k1, k2, k3) and the design of experiments.

    The box is Slipfield's own choice: the published bounds are not available.
    """

    samples: Whole = Field(200, ge=2, le=1_000_000, description="Number of parameter samples, 1.")
    seed: Whole = Field(2025, ge=0, description="Seed of the maximin Latin hypercube, 1.")
    k1_MPa_sqrtmm: Range = Field((50.0, 250.0), description="Box of k1, MPa mm^0.5.")
    k2_MPa: Range = Field((10.0, 60.0), description="Box of k2, MPa.")
    k3_MPa_sqrtmm: Range = Field((5.0, 30.0), description="Box of k3, MPa mm^0.5.")

    @model_validator(mode="after")
    def _ordered(self) -> Sampling:
        for name in ("k1_MPa_sqrtmm", "k2_MPa", "k3_MPa_sqrtmm"):
            low, high = getattr(self, name)
            if not 0 < low < high:
                raise ValueError(f"{name} must be [low, high] with 0 < low < high")
        return self

    @property
    def box(self) -> tuple[Range, Range, Range]:
        """Bounds of k1, k2, k3 in the order of :data:`PARAMETERS`."""
        return self.k1_MPa_sqrtmm, self.k2_MPa, self.k3_MPa_sqrtmm

    @property
    def centre(self) -> tuple[float, float, float]:
        """Geometric centre of the box: the expansion point of the reference runs."""
        return tuple((low * high) ** 0.5 for low, high in self.box)


class Loading(Section):
    """Displacement of the top edge over time, piecewise linear."""

    path: tuple[tuple[float, float], ...] = Field(
        ((0.0, 0.0), (100.0, 0.1)),
        min_length=2,
        description="Corner points [time in s, displacement of the top edge in mm].",
    )
    outputs: Whole = Field(20, ge=1, le=1000, description="Equally spaced outputs, 1.")

    @model_validator(mode="after")
    def _increasing(self) -> Loading:
        times = [t for t, _ in self.path]
        if times[0] != 0 or self.path[0][1] != 0:
            raise ValueError("path must start at [0, 0]")
        if any(b <= a for a, b in zip(times, times[1:], strict=False)):
            raise ValueError("times of path must increase")
        return self


class Solver(Section):
    """Time stepping and tolerances of the finite-element runs."""

    step_tolerance: float = Field(
        0.01, gt=0, le=0.5, description="Accepted |strain corrected - predicted| / |strain|, 1."
    )
    residual_tolerance: float = Field(
        1e-3, gt=0, le=0.1, description="Residual norm over the mean edge reaction, 1."
    )
    point_tolerance: float = Field(
        1e-7, gt=0, le=1e-3, description="Strain residual of the point problem, 1."
    )
    first_step_s: float = Field(0.5, gt=0, description="First time step, s.")
    max_step_s: float = Field(5.0, gt=0, description="Largest time step, s.")
    min_step_s: float = Field(1e-4, gt=0, description="A sample that needs less fails, s.")
    max_factor_age: Whole = Field(
        2, ge=1, le=20, description="Steps that may share one factorisation, 1."
    )
    strain_measure: Literal["green_lagrange", "hencky", "engineering"] = Field(
        "green_lagrange", description="Strain written to the shards."
    )

    @model_validator(mode="after")
    def _ordered_steps(self) -> Solver:
        low, first, high = self.min_step_s, self.first_step_s, self.max_step_s
        if not low <= first <= high:
            raise ValueError(
                "min_step_s <= first_step_s <= max_step_s must hold, "
                f"got {low:g}, {first:g}, {high:g}"
            )
        return self


class Execution(Section):
    """How samples are spread over jobs and ranks."""

    samples_per_job: Whole = Field(20, ge=1, description="Samples simulated by one job, 1.")
    ranks_per_sample: Whole = Field(1, ge=1, description="MPI ranks that share one specimen, 1.")


class Noise(Section):
    """Measurement noise added to simulated data in training and test (white, Gaussian)."""

    strain_std: float = Field(0.0, ge=0, le=0.1, description="Standard deviation of strain, 1.")
    load_relative_std: float = Field(
        0.0, ge=0, le=1, description="Standard deviation of the load relative to itself, 1."
    )
    seed: Whole = Field(7, ge=0, description="Seed of the noise, 1.")


class Learning(Section):
    """Training of the inverters and their cross-validation."""

    model: Literal["projection", "equilibrium", "cnn_lstm"] = Field(
        "cnn_lstm", description="Inverter that `train` and `crossval` use."
    )
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
    batch_size: Whole = Field(8, ge=1, description="Samples of a batch, 1.")
    learning_rate: float = Field(1e-4, gt=0, lt=1, description="Initial rate of Adam, 1.")
    decay_epochs: tuple[Whole, ...] = Field(
        (60, 80), description="Epochs at which the rate is multiplied by decay_factor."
    )
    decay_factor: float = Field(0.3, gt=0, le=1, description="Piecewise-constant decay, 1.")
    convolution_blocks: Whole = Field(4, ge=1, le=5, description="Depth of the CNN, 1.")
    initialisation: Literal["pytorch", "normal"] = Field(
        "pytorch", description="PyTorch's default, or N(0, 1) as published."
    )
    seed: Whole = Field(0, ge=0, description="Seed of split, initialisation and shuffling, 1.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Device of the training.")
    precision: Literal["float32", "bfloat16"] = Field(
        "float32",
        description="Arithmetic of the layers in a training step; weights stay in float32.",
    )
    threads: Whole = Field(1, ge=1, description="Threads of one training process, 1.")
    loader_workers: Whole = Field(0, ge=0, le=64, description="Processes that read shards, 1.")


class CrossValidation(Section):
    """Repeated k-fold cross-validation (paper, section 3.3.3)."""

    folds: Whole = Field(10, ge=2, le=50, description="Folds of one repeat, 1.")
    repeats: Whole = Field(20, ge=1, le=100, description="Repeats with new partitions, 1.")
    epochs: Whole = Field(100, ge=1, description="Passes over the training folds, 1.")
    grouping: Literal["random", "microstructure"] = Field(
        "random", description="Folds of samples (as published), or of whole microstructures."
    )
    models: tuple[Literal["projection", "equilibrium", "cnn_lstm"], ...] = Field(
        ("cnn_lstm",), min_length=1, description="Inverters to validate."
    )
    folds_per_job: Whole = Field(10, ge=1, description="Folds that one job runs, 1.")


class Sweep(Section):
    """Values of single settings that the paper's tables 3 to 5, and two more, compare.

    All other settings are those of ``learning``. The batch sizes are Slipfield's choice: the
    published table is not available.
    """

    learning_rate: tuple[float, ...] = Field(
        (1e-2, 1e-3, 1e-4, 1e-5), min_length=1, description="Rates of table 3, 1."
    )
    batch_size: tuple[Whole, ...] = Field(
        (4, 8, 16, 32), min_length=1, description="Batch sizes of table 4, 1."
    )
    convolution_blocks: tuple[Whole, ...] = Field(
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


class Study(Section):
    """One whole study: from the specimen to the cross-validated inverter."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        description="Name of the study; its files land in results/<name>.",
    )
    specimen: Specimen = Field(default_factory=Specimen)
    material: Material = Field(default_factory=Material)
    sampling: Sampling = Field(default_factory=Sampling)
    loading: Loading = Field(default_factory=Loading)
    solver: Solver = Field(default_factory=Solver)
    execution: Execution = Field(default_factory=Execution)
    noise: Noise = Field(default_factory=Noise)
    learning: Learning = Field(default_factory=Learning)
    crossval: CrossValidation = Field(default_factory=CrossValidation)
    sweep: Sweep = Field(default_factory=Sweep)

    @model_validator(mode="after")
    def _enough_samples(self) -> Study:
        if self.sampling.samples < self.specimen.microstructures:
            raise ValueError("sampling.samples must be at least specimen.microstructures")
        if self.crossval.folds > self.sampling.samples:
            raise ValueError("crossval.folds must be at most sampling.samples")
        maps = self.specimen.microstructures
        if self.learning.split == "microstructure" and maps < 3:
            raise ValueError(
                "learning.split: 'microstructure' needs specimen.microstructures of 3 or more "
                f"(training, validation, test), got {maps}; use 'random'"
            )
        if self.crossval.grouping == "microstructure" and maps < self.crossval.folds:
            raise ValueError(
                "crossval.grouping: 'microstructure' needs as many specimen.microstructures as "
                f"crossval.folds, got {maps} for {self.crossval.folds}"
            )
        return self

    @property
    def models(self) -> tuple[str, ...]:
        """Inverters that the study trains: the one of ``learning`` first."""
        return tuple(dict.fromkeys((self.learning.model, *self.crossval.models)))

    def physics_hash(self) -> str:
        """Hash of everything that changes a simulated field; shards of one dataset share it.

        How many grain maps there are does not: a study can grow.
        """
        content = self.model_dump(mode="json", exclude={"specimen": {"microstructures"}})
        keys = ("specimen", "material", "loading", "solver")
        text = json.dumps({key: content[key] for key in keys}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def load_study(path: str | Path) -> Study:
    """Read and check a study file.

    Raises
    ------
    SlipfieldError
        One line that names the file, the field, what was given and what is allowed.
    """
    return check_study(read_yaml(path), str(path))


def check_study(content: dict[str, Any], source: str) -> Study:
    """Turn a mapping into a :class:`Study`; ``source`` names it in error messages."""
    try:
        return Study.model_validate(content)
    except ValidationError as error:
        raise SlipfieldError(f"{source}: {first_problem(error, Study)}") from error


def schema() -> dict[str, Any]:
    """JSON schema of the study file."""
    return Study.model_json_schema()
