"""The verdict on an inversion by what its forward run at the answer leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from slipfield.core.numbers import percent
from slipfield.kinds.slip.inversion.agreement import LoadScale, Pattern
from slipfield.kinds.slip.inversion.assumed import CHANGE, Assumed, likeliest
from slipfield.kinds.slip.inversion.choice import Fit
from slipfield.kinds.slip.inversion.reasons import AS_THIN, reason_for_doubt
from slipfield.kinds.slip.inversion.refine import Refined
from slipfield.kinds.slip.inversion.unusual import Channel
from slipfield.kinds.slip.inversion.verdict import Verdict
from slipfield.kinds.slip.inversion.ways import Way

UNLIKE = 0.8
"""Correlation of strain patterns below which the grain map cannot be that of the specimen."""

WRONG_SCALE, ODD_SCALE = 0.07, 0.04
"""|ln factor| of the load beyond which there is no answer, and beyond which it is doubtful. Elastic
constants of metals and calibrated load cells are good to about 2 %, thicknesses to about 3 %."""

VAGUE_SCALE = 0.02
"""Standard deviation of that factor beyond which an error of the thickness may go unseen."""

UNTOLD_SCALE = 0.12
"""The same beyond which the strain maps do not tell the scale: one linear step is too far then."""

SURE = 3.0
"""Standard deviations of that factor beyond which it counts."""


def judge(
    seen: Pattern,
    way: Way | None,
    scale: LoadScale | None,
    fit: Fit,
    refined: Refined | None,
    channels: list[Channel],
    alike: float = 1.0,
    constants: Sequence[Assumed] = (),
    thick: str = "",
    drawable: bool = True,
) -> Verdict:
    """Judge an inversion by what its forward run at the answer leaves.

    Of a sheet that is no membrane, grains below the face make strain maps that look like another
    constant's: none is named then.

    Parameters
    ----------
    seen : pattern of the strain, measured against computed.
    way : a way to lay the grain map that fits better, if one was looked for and found.
    scale : scale of the load that the strain maps ask for, None without load or strain.
    fit, refined : of the refinement, if there was one.
    channels : comparison with the training data.
    alike : correlation of a sheet's strain pattern with that of its membrane, by its thickness.
    constants : what the data say of the constants of the slip law.
    thick : the thickness of the sheet in grain diameters, for readers.
    drawable : subsurface sheets were not run, and could be.
    """
    return (
        _grain_map(seen, way, alike)
        or _thickness(scale, likeliest(constants))
        or _contradicted(constants)
        or (_constant(likeliest(constants)) if alike >= AS_THIN else None)
        or _also_vague(
            reason_for_doubt(seen, fit, refined, channels, alike, thick, drawable), scale
        )
        or Verdict("good", f"{_good(seen, scale)}{_vague(scale)}")
    )


def _grain_map(seen: Pattern, way: Way | None, alike: float) -> Verdict | None:
    """Grain maps that cannot be right."""
    measured = (
        f"the measured strain pattern correlates with the computed one to {seen.correlation:.2f}, "
        f"where a right grain map reaches {0.9 * alike:.2g} and more"
    )
    if way is not None:
        return Verdict(
            "none", f"The grain map does not lie right: {measured}. {way.remedy}", "grain map"
        )
    if seen.correlation < UNLIKE * alike:
        return Verdict(
            "none",
            f"The grain map is not that of these strain maps: {measured}. No way to turn or mirror "
            "it fits either; check its place (--origin, --control-points), the scale of the strain "
            "maps, and look at the overlay.",
            "grain map",
        )
    return None


def _thickness(scale: LoadScale | None, rival: Assumed | None) -> Verdict | None:
    """Loads whose scale is not that of strain maps, elastic constants and h0.

    A constant that explains more of it than a scale does is the cause instead.
    """
    if scale is None or not np.isfinite(scale.factor):
        return None
    off = abs(np.log(scale.factor))
    if off < ODD_SCALE or off < SURE * scale.deviation or scale.deviation > UNTOLD_SCALE:
        return None
    if rival is not None and rival.beyond_scale:
        return None
    elastic = np.isfinite(scale.elastic) and abs(np.log(scale.elastic / scale.factor)) > 0.5 * off
    text = (
        f"The load is {scale.factor:.3g} times (+-{percent(scale.deviation, 1)}) what the strain "
        "maps, the elastic constants and h0 ask for"
    )
    if elastic:
        return Verdict(
            "none" if off > WRONG_SCALE else "doubtful",
            f"{text}, but the elastic slope of the load is right ({scale.elastic:.3g} times): the "
            "slip law is another, most likely h0 or the rate exponent.",
            "slip law",
        )
    slope = (
        f" The elastic slope of the load says {scale.elastic:.3g} times, too."
        if np.isfinite(scale.elastic)
        else ""
    )
    return Verdict(
        "none" if off > WRONG_SCALE else "doubtful",
        f"{text}.{slope} Check --thickness (a thickness of {scale.factor:.3g} times the given one "
        "would fit), the calibration of the load cell, and then the elastic constants and h0.",
        "thickness",
    )


def _contradicted(constants: Sequence[Assumed]) -> Verdict | None:
    """A prior of the user's own that the data speak against."""
    for one in constants:
        if one.contradicts_prior and one.prior is not None:
            return Verdict(
                "doubtful",
                f"The data and your prior of the {one.title} disagree: they ask for "
                f"{one.asked_text}, --prior says {one.prior.text}, and the estimate lies between. "
                "Leave the prior out, or find out which of both is wrong.",
                "slip law",
            )
    return None


def _constant(wrong: Assumed | None) -> Verdict | None:
    """A constant of the slip law that the data speak against."""
    if wrong is None:
        return None
    text = (
        f"The data ask for another {wrong.title} than the model assumes: {wrong.found_text} in the "
        f"place of {wrong.value:.4g}."
    )
    if wrong.estimated:
        more = "The refinement allows for it; a model that was trained with the right one would"
        return Verdict("doubtful", f"{text} {more} need not.", "slip law")
    return Verdict(
        "doubtful",
        f"{text} Estimate it with the parameters (--refine 5 --free {wrong.name}); an estimate "
        f"that trusts a value {100 * CHANGE:.0f} % too high is off by {wrong.effect_text}.",
        "slip law",
    )


def _good(seen: Pattern, scale: LoadScale | None) -> str:
    """Why an answer may be believed."""
    load = (
        f", and the load is {scale.factor:.3g} times (+-{percent(scale.deviation, 1)}) what they "
        "ask for"
        if scale is not None
        else ""
    )
    return (
        f"Grain map, mesh, slip law and thickness explain the measurement: strain patterns "
        f"correlate to {seen.correlation:.2f}{load}."
    )


def _vague(scale: LoadScale | None) -> str:
    """What of an error of the thickness the data cannot show; nothing where they can."""
    if scale is None or np.isfinite(scale.elastic) or scale.deviation <= VAGUE_SCALE:
        return ""
    size = f" below {percent(SURE * scale.deviation)}" if scale.deviation < UNTOLD_SCALE else ""
    return (
        f" An error of the thickness or of the load cell{size} would not show, and moves k1, k2 "
        "and k3 as much: no change of the load was elastic, as on an unloading it would be."
    )


def _also_vague(doubt: Verdict | None, scale: LoadScale | None) -> Verdict | None:
    """A doubt, with what of the thickness the data cannot show."""
    return doubt and replace(doubt, sentence=f"{doubt.sentence}{_vague(scale)}")
