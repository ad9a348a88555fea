"""What in a valid study is unlikely to be meant: units, elongations, unloading, meshes, samples."""

from __future__ import annotations

import math
from collections.abc import Iterator

from slipfield.core.errors import SlipfieldError
from slipfield.core.numbers import percent
from slipfield.kinds.slip.models import MODELS
from slipfield.kinds.slip.study.physics import Material
from slipfield.kinds.slip.study.study import Study

TAYLOR = 3.06
"""Mean Taylor factor of randomly oriented cubic crystals in tension, 1."""

SOFTEST_MPA, STIFFEST_MPA = 5e3, 1.5e6
"""C11 of metals and ceramics lies in between: sodium has 7 GPa, diamond 1,080 GPa."""

LARGEST_ELONGATION = 0.3
LARGEST_ASPECT = 1.5


def doubts(study: Study) -> Iterator[str]:
    """Say what is unlikely to be meant, each with field, value and remedy.

    Raises
    ------
    SlipfieldError
        If an inverter of the study has fewer samples to train with than it needs.
    """
    check_sample_counts(study)
    yield from _stiffnesses(study)
    yield from _saturation(study)
    yield from _elongations(study)
    yield from _unloading(study)
    yield from _elements(study)
    yield from _thickness(study)


def check_sample_counts(study: Study) -> None:
    """Refuse a study that leaves an inverter fewer training samples than it needs.

    Raises
    ------
    SlipfieldError
        One line with the number there is and the least one.
    """
    for model in study.models:
        check_samples_of(study, model)


def check_samples_of(study: Study, model: str) -> None:
    """Refuse a study that leaves one inverter too few training samples, one it does not train, too.

    Raises
    ------
    SlipfieldError
        As :func:`check_sample_counts`.
    """
    left, fewest = training_samples(study, model), MODELS[model].fewest_samples
    if left < fewest:
        raise SlipfieldError(
            f"sampling.samples: {study.sampling.samples} leave {left} to train with (the rest "
            f"is held out); model {model!r} needs {fewest}; raise sampling.samples"
        )


def training_samples(study: Study, model: str) -> int:
    """Fewest samples, validation included, that one training of ``model`` has."""
    samples, maps = study.sampling.samples, study.specimen.microstructures
    left = []
    if model == study.learning.model or model not in study.crossval.models:
        whole = maps if study.learning.split == "microstructure" else samples
        held = min(max(1, round(study.learning.test_fraction * whole)), max(whole - 2, 1))
        left.append(samples * (whole - held) // whole)
    folds = study.crossval.folds
    if model in study.crossval.models:
        by_map = math.ceil(samples / maps) * math.ceil(maps / folds)
        held_of = {"random": math.ceil(samples / folds), "microstructure": by_map}
        left += [samples - held_of[grouping] for grouping in study.crossval.groupings]
    return min(left)


def _stiffnesses(study: Study) -> Iterator[str]:
    material = study.material
    names = ("c11_MPa", "c12_MPa", "c44_MPa")
    values = {name: getattr(material, name) for name in names}
    if material.c11_MPa < SOFTEST_MPA:
        yield (
            f"material.c11_MPa: {material.c11_MPa:g} MPa is softer than any metal; if the "
            "constants are in GPa, write "
            + ", ".join(f"{name}: {1e3 * value:g}" for name, value in values.items())
        )
    elif material.c11_MPa > STIFFEST_MPA:
        yield (
            f"material.c11_MPa: {material.c11_MPa:g} MPa is stiffer than diamond; elastic "
            "constants are in MPa"
        )
    for name in names[1:]:
        if material.c11_MPa >= SOFTEST_MPA and not 0.02 < values[name] / material.c11_MPa < 1.5:
            yield f"material.{name}: {values[name]:g} MPa beside {material.c11_MPa:g}; in MPa, too?"
    highest = study.sampling.k2_MPa[1]
    if 100 * highest > material.c44_MPa >= 0.3 * SOFTEST_MPA:
        yield (
            f"sampling.k2_MPa: slip resistances up to {highest:g} MPa are more than a hundredth of "
            f"c44_MPa, {material.c44_MPa:g}: no metal is that strong"
        )


def _saturation(study: Study) -> Iterator[str]:
    material, root = study.material, _mean_root(study)
    start = study.sampling.k2_MPa[1] + study.sampling.k3_MPa_sqrtmm[1] * root
    if material.hardening == "voce" and start >= material.g_sat_MPa:
        yield (
            f"material.g_sat_MPa: {material.g_sat_MPa:g} MPa, but slip resistances of the box "
            f"start at up to {start:.3g} MPa in a mean grain: it would not harden"
        )


def _elongations(study: Study) -> Iterator[str]:
    height = study.specimen.height_mm
    largest = max(abs(u) for _, u in study.loading.path) / height
    if largest > LARGEST_ELONGATION:
        yield (
            f"loading.path: {largest * height:g} mm on a sheet of {height:g} mm is an elongation "
            f"of {percent(largest, 3)}, beyond the uniform one of most metals; displacements are "
            "in mm"
        )


def _unloading(study: Study) -> Iterator[str]:
    """Unloading that goes beyond zero load: a thin sheet buckles."""
    height, reached = study.specimen.height_mm, 0.0
    for time, displacement in study.loading.path:
        reached = max(reached, displacement)
        flow, modulus = flow_stress(study, reached / height), young_modulus(study)
        given, elastic = (reached - displacement) / height, flow / modulus
        if given > elastic:
            pressed = min(modulus * (given - elastic), flow)
            critical = modulus / 3 * (math.pi * study.specimen.thickness_mm / height) ** 2
            yield (
                f"loading.path: unloading to {displacement:g} mm at {time:g} s takes off "
                f"{percent(given)} of elongation; {percent(elastic)} unload the sheet (at "
                f"the centre of the box), the rest presses it with about {pressed:.2g} MPa. A "
                f"sheet of {study.specimen.thickness_mm:g} mm between rigid grips buckles at "
                f"{critical:.3g} MPa at the latest; the model does not buckle. End the unloading "
                f"at {reached - height * elastic:.4g} mm"
            )
            return


def _elements(study: Study) -> Iterator[str]:
    specimen = study.specimen
    wide, high = specimen.width_mm / specimen.cells_x, specimen.height_mm / specimen.cells_y
    aspect = max(wide / high, high / wide)
    if aspect > LARGEST_ASPECT:
        square = max(4, round(specimen.height_mm / wide))
        yield (
            f"specimen.cells_x, cells_y: elements of {wide:.3g} x {high:.3g} mm have an aspect of "
            f"{aspect:.2g}; with cells_y: {square} they are square"
        )


def _thickness(study: Study) -> Iterator[str]:
    specimen = study.specimen
    yield from thickness_doubts("specimen.thickness_mm", specimen.thickness_mm, specimen.width_mm)


def thickness_doubts(field: str, thickness_mm: float, width_mm: float) -> Iterator[str]:
    """Say so if a sheet, of a study or measured, is thicker than wide.

    Parameters
    ----------
    field : or option, that the thickness was given by.
    """
    if thickness_mm > width_mm:
        yield (
            f"{field}: {thickness_mm:g} mm is more than the sheet is wide, {width_mm:g} mm; "
            "if it is in another unit, give it in mm"
        )


def young_modulus(study: Study) -> float:
    """Young's modulus of the polycrystal, MPa: the mean of the bounds of Voigt and Reuss (Hill)."""
    m = study.material
    bulk, shear = (m.c11_MPa + 2 * m.c12_MPa) / 3, m.c11_MPa - m.c12_MPa
    voigt = (shear + 3 * m.c44_MPa) / 5
    reuss = 5 * shear * m.c44_MPa / (4 * m.c44_MPa + 3 * shear)
    hill = 0.5 * (voigt + reuss)
    return 9 * bulk * hill / (3 * bulk + hill)


def flow_stress(study: Study, elongation: float) -> float:
    """Flow stress, MPa, of the polycrystal at the centre of the box (Taylor), grains alike."""
    k1, k2, k3 = study.sampling.centre
    root, material = _mean_root(study), study.material
    start, modulus = k2 + k3 * root, material.h0_MPa + k1 * root
    return TAYLOR * _hardened(material, start, modulus * TAYLOR * elongation)


def _mean_root(study: Study) -> float:
    """D^-1/2 of a grain of the mean area, mm^-1/2."""
    specimen = study.specimen
    area = specimen.width_mm * specimen.height_mm / specimen.grains
    return (math.sqrt(2) * math.sqrt(4 * area / math.pi)) ** -0.5


def _hardened(material: Material, start: float, growth: float) -> float:
    """Slip resistance, MPa, after what raises it by ``growth`` without saturation.

    Voce: with u = 1 - g/g_sat, du = -u^a dgrowth/g_sat.
    """
    if material.hardening == "linear" or start >= material.g_sat_MPa:
        return start + growth * (material.hardening == "linear")
    power, left = material.hardening_exponent - 1, 1 - start / material.g_sat_MPa
    change = growth / material.g_sat_MPa
    if power < 1e-6:
        left *= math.exp(-change)
    else:
        left = (left**-power + power * change) ** (-1 / power)
    return material.g_sat_MPa * (1 - left)
