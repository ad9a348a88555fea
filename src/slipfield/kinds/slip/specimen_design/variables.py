"""From variables of a design to the study of a sheet: bands, grain sizes, necks, loading path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slipfield.core.errors import SlipfieldError
from slipfield.core.numbers import percent
from slipfield.kinds.slip.study import Study, check_study

VARIABLES = (
    "surface_height_fraction",
    "columnar_height_fraction",
    "surface_grain_mm",
    "columnar_grain_mm",
    "core_grain_mm",
    "columnar",
    "neck_depth_mm",
    "elongation_mm",
    "unloading",
)
"""Variables of a sheet of five bands that mirror each other about its middle.

Heights are shares of the sheet's of one band, grain sizes the side of a square of a grain's mean
area. ``columnar`` is 1 or 0, for columnar or equiaxed grains between surface and core; without a
size of their own they have the geometric mean of those beside them. ``unloading`` is 1 for a test
that is unloaded by :data:`UNLOADED` of strain in its middle.
"""

UNLOADED = 1e-3
"""Strain of the unloading: elastic for metals."""

LEAST_CORE = 0.05
"""Smallest share of the height that surface and columnar bands leave to the core."""

BANDS = ("bottom surface", "lower columnar", "core", "upper columnar", "top surface")


def designed(study: Study, values: Mapping[str, float], seed: int = 0) -> Study:
    """Study of a sheet with some of :data:`VARIABLES` changed, and fresh grains.

    Parameters
    ----------
    study : of the other properties of the sheet, its material, mesh and number of grain maps.
    values : variables by name; bands stay those of the study where no variable of them is given.
    seed : added to the study's seed of grain maps.

    Raises
    ------
    SlipfieldError
        If there is no room for the core, or the study that follows is refused.
    """
    unknown = sorted(set(values) - set(VARIABLES))
    if unknown:
        raise SlipfieldError(f"variables: {unknown[0]!r} is none of {', '.join(VARIABLES)}")
    content = study.model_dump(mode="json")
    specimen = content["specimen"]
    specimen["seed"] += seed
    if "neck_depth_mm" in values:
        specimen["neck_depth_mm"] = float(values["neck_depth_mm"])
    if any(name in values for name in VARIABLES[:6]):
        specimen |= _bands(study, values)
    if "elongation_mm" in values or values.get("unloading"):
        content["loading"] |= _loading(study, values)
    return check_study(content, "designed specimen")


def _bands(study: Study, values: Mapping[str, float]) -> dict[str, Any]:
    """Bands and number of grains; what is not given is that of the study's five bands."""
    specimen = study.specimen
    if len(specimen.bands) != len(BANDS):
        raise SlipfieldError(
            f"specimen.bands: {len(specimen.bands)} of them; a design changes sheets of five"
        )
    area = specimen.width_mm * specimen.height_mm

    def given(name: str, band: int) -> float:
        own = specimen.bands[band]
        share = area * own.height_fraction / (own.grain_fraction * specimen.grains)
        known = share**0.5 if name.endswith("_mm") else own.height_fraction
        return float(values.get(name, known))

    surface, columnar = (
        given(name, band)
        for band, name in enumerate(("surface_height_fraction", "columnar_height_fraction"))
    )
    core = 1 - 2 * (surface + columnar)
    if core < LEAST_CORE - 1e-9:
        raise SlipfieldError(
            f"core: surface and columnar bands leave {percent(core, 3)} of the height to it; at "
            f"least {100 * LEAST_CORE:g} % are needed"
        )
    small, large = given("surface_grain_mm", 0), given("core_grain_mm", 2)
    middle = float(values.get("columnar_grain_mm", (small * large) ** 0.5))
    heights = (surface, columnar, core, columnar, surface)
    counts = [
        max(1, round(area * height / size**2))
        for height, size in zip(heights, (small, middle, large, middle, small), strict=True)
    ]
    own = specimen.bands[1].kind == "columnar"
    between = "columnar" if round(values.get("columnar", own)) else "equiaxed"
    kinds = ("equiaxed", between, "equiaxed", between, "equiaxed")
    bands = [
        {"name": n, "height_fraction": h, "grain_fraction": c / sum(counts), "kind": k}
        for n, h, c, k in zip(BANDS, heights, counts, kinds, strict=True)
    ]
    return {"bands": bands, "grains": sum(counts)}


def _loading(study: Study, values: Mapping[str, float]) -> dict[str, Any]:
    """Path at the study's rate of displacement up to the elongation, perhaps unloaded midway."""
    time, pull = study.loading.path[-1]
    end, rate = float(values.get("elongation_mm", pull)), pull / time
    if not end > 0:
        raise SlipfieldError(f"elongation_mm: given {end:g}; expected mm above 0")
    corners = [(0.0, 0.0)]
    if round(values.get("unloading", 0)):
        back = min(UNLOADED * study.specimen.height_mm, 0.25 * end)
        middle = 0.5 * end / rate
        corners += [(middle, 0.5 * end), (middle + back / rate, 0.5 * end - back)]
    last, at = corners[-1]
    corners.append((last + (end - at) / rate, end))
    return {"path": corners, "output_times_s": None}
