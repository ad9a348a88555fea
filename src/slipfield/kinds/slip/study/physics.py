"""Sections that decide the simulated fields: specimen, material, loading, solver."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from slipfield.core.errors import SlipfieldError
from slipfield.core.section import Section, Whole

PAPER = "Metals 2025 (CNN-LSTM inversion of gradient-grained alloys)"


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


SlipFamily = Literal["fcc", "bcc"]
Hardening = Literal["linear", "voce"]


class Material(Section):
    """Cubic elasticity, slip systems and the power-law slip rule (copper by default)."""

    slip_family: SlipFamily = Field(
        "fcc",
        description="Slip systems: 'fcc', the twelve {111}<110>; 'bcc', the twelve {110}<111>.",
    )

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

    hardening: Hardening = Field(
        "linear",
        description="How the slip resistance g grows: 'linear', without end; 'voce', (1 - "
        "g/g_sat)^a times as fast, towards g_sat.",
        json_schema_extra={"reference": "Brown, Kim & Anand 1989; Kalidindi et al. 1992"},
    )
    g_sat_MPa: float = Field(
        148.0,
        gt=0,
        description="Slip resistance at which 'voce' hardening ends, MPa; grains that start above "
        "it do not harden.",
        json_schema_extra={"reference": "copper, Kalidindi, Bronkhorst & Anand 1992"},
    )
    hardening_exponent: float = Field(
        2.25,
        ge=1,
        le=10,
        description="Exponent a of 'voce' hardening, 1.",
        json_schema_extra={"reference": "copper, Kalidindi, Bronkhorst & Anand 1992"},
    )

    @property
    def saturation(self) -> str:
        """Where hardening ends, in words."""
        if self.hardening == "linear":
            return "none (linear hardening)"
        return f"Voce, g_sat = {self.g_sat_MPa:g} MPa, a = {self.hardening_exponent:g}"

    @model_validator(mode="after")
    def _stable(self) -> Material:
        if self.c11_MPa <= self.c12_MPa:
            raise ValueError("c11_MPa must be greater than c12_MPa (elastic stability)")
        return self


class Loading(Section):
    """Displacement of the top edge over time, piecewise linear."""

    path: tuple[tuple[float, float], ...] = Field(
        ((0.0, 0.0), (100.0, 0.1)),
        min_length=2,
        description="Corner points [time in s, displacement of the top edge in mm].",
    )
    outputs: Whole = Field(20, ge=1, le=1000, description="Equally spaced outputs, 1.")
    output_times_s: tuple[float, ...] | None = Field(
        None,
        description="Times of as many outputs where they are not equally spaced, up to the end of "
        "the path, s.",
    )

    @property
    def output_times(self) -> list[float]:
        """Times of the outputs, s; the last one is the end of the path."""
        if self.output_times_s is not None:
            return list(self.output_times_s)
        end = self.path[-1][0]
        return [end * number / self.outputs for number in range(1, self.outputs + 1)]

    @model_validator(mode="after")
    def _increasing(self) -> Loading:
        times = [t for t, _ in self.path]
        if times[0] != 0 or self.path[0][1] != 0:
            raise ValueError("path must start at [0, 0]")
        if any(b <= a for a, b in zip(times, times[1:], strict=False)):
            raise ValueError("times of path must increase")
        return self

    @model_validator(mode="after")
    def _outputs_on_the_path(self) -> Loading:
        times = self.output_times_s
        if times is None:
            return self
        if len(times) != self.outputs:
            raise ValueError(
                f"output_times_s has {len(times)} times, but outputs is {self.outputs}"
            )
        if any(b <= a for a, b in zip((0.0, *times), times, strict=False)):
            raise ValueError("output_times_s must increase from above 0")
        if times[-1] != self.path[-1][0]:
            raise ValueError(
                f"output_times_s must end with the path, at {self.path[-1][0]:g} s, "
                f"got {times[-1]:g}"
            )
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
        2,
        ge=1,
        le=20,
        description="Steps that share one factorisation, or three times as many while it leaves "
        "less than a tenth of residual_tolerance; 1 renews it in every step, 1.",
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


LEAST_LAYERS, MOST_LAYERS = 2, 200
"""Layers of cubes: fewer do not bend, more than ``solid.layers`` may be are beyond one machine."""


def layers_of_cubes(field: str, thickness_mm: float, cell_mm: float) -> int:
    """Layers of elements through a sheet that are about as high as wide.

    Parameters
    ----------
    field : that a sheet which is too thick is refused by, with its value.
    cell_mm : side of an element on the face.

    Raises
    ------
    SlipfieldError
        If they are more than :data:`MOST_LAYERS`.
    """
    layers = max(LEAST_LAYERS, round(thickness_mm / cell_mm))
    if layers > MOST_LAYERS:
        raise SlipfieldError(
            f"{field}: {thickness_mm:.3g} mm are {layers} layers of cubes of {cell_mm:.3g} mm; at "
            f"most {MOST_LAYERS} are run: make it smaller, or the elements of the face larger"
        )
    return layers


class Solid(Section):
    """The sheet in three dimensions: what lies below its face (z = thickness), and its elements."""

    layers: Whole = Field(5, ge=1, le=MOST_LAYERS, description="Elements through the thickness, 1.")
    grains: Literal["columns", "grains"] = Field(
        "grains",
        description="'columns': the grains of the map reach through the sheet; 'grains': others "
        "lie below them, drawn from the map's sizes and the study's orientations.",
    )
    seed: Whole = Field(0, ge=0, description="Seed of the grains below the face, 1.")


class Thickness(Section):
    """The study of the thickness factor M (`thickness`): solids against their membranes.

    d is the diameter of a circle of the mean section on the face.
    """

    ratios: tuple[float, ...] = Field(
        (0.1, 0.2, 0.4, 0.65, 0.9, 1.1, 1.6, 2.2, 3.0),
        min_length=1,
        description="Thickness over the grains' mean diameter, t/d, 1.",
    )
    refined_ratios: tuple[float, ...] = Field(
        (0.2, 0.65, 1.1),
        min_length=1,
        description="t/d at which elements are halved to know the error of the mesh, none below "
        "the least of ratios, 1.",
    )
    thick_ratios: tuple[float, ...] = Field(
        (),
        description="t/d of thick sheets, which cost most: grains only, one draw a map, 1.",
    )
    subsurfaces: Whole = Field(2, ge=1, le=1000, description="Draws of the grains below a map, 1.")
    refined_maps: Whole = Field(1, ge=1, le=1000, description="Grain maps that are refined, 1.")

    @model_validator(mode="after")
    def _positive(self) -> Thickness:
        for name in ("ratios", "refined_ratios", "thick_ratios"):
            if any(ratio <= 0 for ratio in getattr(self, name)):
                raise ValueError(f"{name} must be positive, got {min(getattr(self, name)):g}")
        if min(self.refined_ratios) < min(self.ratios):
            raise ValueError(
                "refined_ratios: what the mesh costs is told by the thinnest columns of every "
                f"grain map; add {min(self.refined_ratios):g} to ratios"
            )
        return self
