"""From a datasheet to a stress-strain curve with band, necking point and warnings."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves import pinning
from slipfield.kinds.curves.band import Band, band_of
from slipfield.kinds.curves.datasheet import Datasheet
from slipfield.kinds.curves.elongation import (
    SIGMOID_RATIO,
    MaterialClass,
    classes_of,
    find_class,
    guess_class,
    uniform_elongation,
)
from slipfield.kinds.curves.laws import HardeningLaw, as_dict
from slipfield.kinds.curves.uniaxial import TensilePoint, necking
from slipfield.kinds.slip.measure import units

DEFAULT_LAW = next(iter(pinning.PINNED))
ELASTIC_ROWS, PLASTIC_ROWS = 5, 195
MOST_USUAL = 2.5
"""Uniform elongation over that of the correlation, 1, above which it is doubted."""

PIN_TOLERANCE = 1e-4
"""Largest relative error of the strength, 1, with which a law goes through it."""

CALIBRATED_RATIOS = (0.40, 0.78)
"""Rp0.2 / Rm of the tests behind the band, 1."""

CALIBRATED_STRENGTHS_MPA = (198.0, 1063.0)
CALIBRATED_CLASSES = ("steel", "stainless", "aluminium")

COLUMNS = (
    "engineering_strain",
    "engineering_stress_MPa",
    "true_strain",
    "true_stress_MPa",
    "plastic_strain",
    "low_MPa",
    "high_MPa",
)


@dataclass(frozen=True)
class Curve:
    """A stress-strain curve up to necking.

    Attributes
    ----------
    law : flow stress, MPa, over plastic strain, 1; necking : point of maximum load.
    columns : arrays (n,) by the names of :data:`COLUMNS`.
    elongation_source : where the uniform elongation comes from.
    """

    sheet: Datasheet
    material: MaterialClass
    law: HardeningLaw
    law_name: str
    necking: TensilePoint
    elongation_source: str
    band: Band
    columns: dict[str, np.ndarray]
    warnings: tuple[str, ...] = field(default=())

    def summary(self) -> dict[str, Any]:
        """Everything but the columns, for a JSON file."""
        return {
            "datasheet": asdict(self.sheet),
            "material_class": self.material.name,
            "law": {"choice": self.law_name, **as_dict(self.law)},
            "necking": asdict(self.necking),
            "uniform_elongation": {
                "total": self.necking.engineering_strain,
                "plastic": self.necking.engineering_strain
                - self.necking.engineering_stress_MPa / self.sheet.modulus_MPa,
                "source": self.elongation_source,
            },
            "band": {
                "half_width_of_log_stress": self.band.half_width,
                "coverage_of_whole_curve": self.band.coverage,
                "tests": self.band.tests,
            },
            "warnings": list(self.warnings),
        }


def make_curve(sheet: Datasheet, law_name: str = DEFAULT_LAW) -> Curve:
    """Stress-strain curve of a datasheet.

    Parameters
    ----------
    law_name : one of :data:`slipfield.kinds.curves.pinning.LAWS`.

    Raises
    ------
    SlipfieldError
        If the law or the class is unknown, or no such law goes through the numbers or has its
        maximum there.
    """
    material = find_class(sheet.material_class) if sheet.material_class else guess_class(sheet)
    warnings = _warnings(sheet, law_name, material)
    if law_name == pinning.PAPER_LAW:
        law: HardeningLaw = pinning.paper_law(sheet)
        source = "Considère on the paper's law, which passes neither through Rp0.2 nor Rm"
    else:
        law, source = _pinned(sheet, law_name, material, warnings)
    top = necking(law, sheet.modulus_MPa)
    if top is None or top.plastic_strain == 0:
        raise SlipfieldError(f"law: {law_name} has no load maximum for these numbers; use another")
    off = abs(top.engineering_stress_MPa / sheet.strength_MPa - 1)
    if law_name != pinning.PAPER_LAW and off > PIN_TOLERANCE:
        raise SlipfieldError(
            f"law: the maximum of {law_name} through these numbers is "
            f"{top.engineering_stress_MPa:.5g} MPa, not the strength of {sheet.strength_MPa:.5g}: "
            "it is too near the proof stress; use another law, or give --uniform-elongation"
        )
    given = sheet.uniform_elongation is not None and law_name != pinning.PAPER_LAW
    late = sheet.late_proof_point if law_name == pinning.BENDING_LAW else None
    if late is not None:
        warnings += _late_warnings(sheet, law, late)
    band = band_of(law_name, given, late is not None)
    columns = _columns(sheet, law, top, band)
    return Curve(sheet, material, law, law_name, top, source, band, columns, tuple(warnings))


def _pinned(
    sheet: Datasheet, law_name: str, material: MaterialClass, warnings: list[str]
) -> tuple[HardeningLaw, str]:
    """Law through the points of the datasheet, and where its uniform elongation comes from."""
    if sheet.uniform_elongation is not None:
        law = pinning.pinned_law(sheet, sheet.uniform_elongation, law_name)
        if law is None:
            raise pinning.no_law(sheet, sheet.uniform_elongation, law_name)
        return law, "given"
    wanted = uniform_elongation(sheet, material)
    found = pinning.nearest_law(sheet, wanted, law_name)
    if found is None:
        raise pinning.no_law(sheet, wanted, law_name)
    law, elongation = found
    if elongation != wanted:
        warnings.append(
            f"no {law_name} curve through these numbers necks at the {wanted:.3f} of the "
            f"correlation; this one does at {elongation:.3f}"
        )
        return law, f"the numbers, from {material.source}"
    return law, material.source


def _warnings(sheet: Datasheet, law_name: str, material: MaterialClass) -> list[str]:
    """Where the curve is known to fail, one line each."""
    found = []
    ratio = sheet.yield_ratio
    if sheet.material_class is None:
        others = [c.name for c in classes_of(sheet.modulus_GPa) if c is not material]
        found.append(
            f"class not given: taken as {material.name} by modulus and Rp0.2/Rm"
            + (f"; it may be {', '.join(others)} as well" if others else "")
        )
    if not material.has_modulus(sheet.modulus_GPa):
        found.append(_modulus_warning(sheet, material))
    usual = uniform_elongation(sheet, material)
    if sheet.uniform_elongation is not None and sheet.uniform_elongation > MOST_USUAL * usual:
        found.append(
            f"the uniform elongation of {sheet.uniform_elongation:g} is "
            f"{sheet.uniform_elongation / usual:.1f} times what {material.name} of this Rp0.2/Rm "
            "has; is it the elongation after fracture?"
        )
    if ratio < SIGMOID_RATIO:
        found.append(
            f"Rp0.2/Rm is {ratio:.2f}, below {SIGMOID_RATIO}: such metals often harden in an "
            "S-shape; give the class and the uniform elongation, or score against a test"
        )
    if outside := _outside(sheet, material):
        found.append(
            f"the band was measured on other metals ({'; '.join(outside)}): it may be too narrow"
        )
    if sheet.proof_stress_1_MPa is not None and law_name != pinning.BENDING_LAW:
        found.append(f"{law_name} does not use Rp1.0; {pinning.BENDING_LAW} does")
    if law_name == pinning.PAPER_LAW:
        found.append(
            "the paper's rule takes the proof stress as onset of yield: its curve lies well above "
            "measured ones"
        )
        if sheet.uniform_elongation is not None:
            found.append("the paper's rule does not use the uniform elongation")
    return found


def _modulus_warning(sheet: Datasheet, material: MaterialClass) -> str:
    """What a modulus that a class does not have may mean."""
    low, high = material.moduli_GPa
    text = (
        f"the modulus is {sheet.modulus_GPa:g} GPa; {material.name} has {low:g} to {high:g}: its "
        "correlation, Poisson's ratio and density may not hold"
    )
    if classes_of(units.STRESSES["ksi"] * sheet.modulus_GPa):  # GPa of an Msi, as MPa of a ksi
        text += "; are the numbers in Msi and ksi? 1 Msi is 6.895 GPa, 1 ksi 6.895 MPa"
    return text


def _outside(sheet: Datasheet, material: MaterialClass) -> list[str]:
    """In what a datasheet is not among those of the tests behind the band."""
    found = []
    if material.name not in CALIBRATED_CLASSES:
        *first, last = CALIBRATED_CLASSES
        found.append(f"{', '.join(first)} and {last}, no {material.name}")
    low, high = CALIBRATED_RATIOS
    if not low <= sheet.yield_ratio <= high:
        found.append(f"Rp0.2/Rm of {low} to {high}, here {sheet.yield_ratio:.2f}")
    low, high = CALIBRATED_STRENGTHS_MPA
    if not low <= sheet.strength_MPa <= high:
        found.append(f"Rm of {low:g} to {high:g} MPa, here {sheet.strength_MPa:g}")
    return found


def _late_warnings(sheet: Datasheet, law: HardeningLaw, late: TensilePoint) -> list[str]:
    """Whether the law passes by the point of Rp1.0."""
    miss = pinning.miss_at(law, late)
    if abs(miss) < pinning.PIN:
        return []
    return [
        f"no curve goes through Rp1.0 of {sheet.proof_stress_1_MPa:g} MPa as well; this one is "
        f"{miss:+.1%} off there"
    ]


def _columns(
    sheet: Datasheet, law: HardeningLaw, top: TensilePoint, band: Band
) -> dict[str, np.ndarray]:
    """Columns of the curve: the elastic line, then plastic strain up to necking.

    A row stands at the proof point, and the last one at maximum load.
    """
    proof = sheet.proof_point.plastic_strain
    spread = np.geomspace(proof / 30, top.plastic_strain, PLASTIC_ROWS)
    plastic = np.union1d(spread, [0.0, proof, top.plastic_strain])
    plastic = plastic[plastic <= top.plastic_strain]
    flow = law.flow(plastic)
    elastic = np.linspace(0, flow[0], ELASTIC_ROWS, endpoint=False)
    stress = np.concatenate([elastic, flow])
    plastic = np.concatenate([np.zeros(ELASTIC_ROWS), plastic])
    strain = plastic + stress / sheet.modulus_MPa
    low, high = band.limits(stress, plastic, proof, top.plastic_strain)
    nominal, load = np.expm1(strain), stress * np.exp(-strain)
    nominal[-1], load[-1] = top.engineering_strain, top.engineering_stress_MPa
    values = (nominal, load, strain, stress, plastic, low, high)
    return dict(zip(COLUMNS, values, strict=True))
