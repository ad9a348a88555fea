"""The verdict on an inversion: one word, and a sentence that says why and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from slipfield.core.numbers import percent
from slipfield.kinds.slip.inversion.agreement import LoadScale, Pattern
from slipfield.kinds.slip.inversion.assumed import CHANGE, Assumed, likeliest
from slipfield.kinds.slip.inversion.choice import LARGEST_LACK, Fit
from slipfield.kinds.slip.inversion.refine import Refined
from slipfield.kinds.slip.inversion.unusual import Channel
from slipfield.kinds.slip.inversion.ways import Way
from slipfield.kinds.slip.study import PARAMETERS

Word = Literal["good", "doubtful", "none"]
Cause = Literal[
    "",
    "mesh",
    "optics",
    "slip law",
    "grain map",
    "thickness",
    "training",
    "noise",
    "mesh, grain map or slip law",
]

UNLIKE = 0.8
"""Correlation of strain patterns below which the grain map cannot be that of the specimen."""

SUSPECT = 0.88
"""Correlation below which other ways to lay the grain map are tried."""

WRONG_SCALE, ODD_SCALE = 0.07, 0.04
"""|ln factor| of the load beyond which there is no answer, and beyond which it is doubtful. Elastic
constants of metals and calibrated load cells are good to about 2 %, thicknesses to about 3 %."""

VAGUE_SCALE = 0.02
"""Standard deviation of that factor beyond which an error of the thickness may go unseen."""

UNTOLD_SCALE = 0.12
"""The same beyond which the strain maps do not tell the scale: one linear step is too far then."""

SURE = 3.0
"""Standard deviations of that factor beyond which it counts."""

LARGEST_MISFIT = 1.5
"""Misfit, over what 99 % of the training data stay below, beyond which an answer is doubtful."""

EXPLAINED = 1.2
"""Weighted strain residual of a refinement over the noise up to which it explains the strain maps.
What a trained model, linear about one run, does not explain of them is no reason for doubt then."""

DAMPED = 0.92
"""Contrast of measured strain maps below which they were averaged wider than the model's."""

MOVED = 0.05
"""Relative change of k by a finer mesh beyond which the mesh is the cause of doubt."""

AS_THIN = 0.97
"""Correlation of a sheet's strain pattern with its membrane's, by its thickness, below which its
strain maps cannot be expected to fit: that of t/d = 0.2."""

OF_LOAD = 1 / 3
"""Misfit of the load over that of the strain up to which grains below the face make both: 0.02 to
0.25 on 18 sheets of 0.6 to 2.2 grain diameters."""

RESOLVED = 0.1
"""Share of the strain residual that a finer mesh takes away beyond which the mesh is the cause."""


@dataclass(frozen=True)
class Verdict:
    """What to think of an answer.

    Attributes
    ----------
    word : "good", "doubtful", or "none": then no estimate is the answer.
    sentence : why, and what to do.
    cause : mesh, optics, slip law, grain map, thickness, training or noise; mesh, grain map or slip
        law where no finer mesh was tried, which could tell them apart; empty for "good".
    """

    word: Word
    sentence: str
    cause: Cause = ""

    @property
    def because(self) -> str:
        """The cause in brackets, to stand after the word; nothing for "good"."""
        return f" ({self.cause})" if self.cause else ""

    @property
    def text(self) -> str:
        """Word, cause and sentence."""
        return f"{self.word}{self.because}. {self.sentence}"


UNJUDGED = Verdict("doubtful", "Nothing was compared.", "training")


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
        or _also_vague(_doubts(seen, fit, refined, channels, alike, thick, drawable), scale)
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


def _doubts(
    seen: Pattern,
    fit: Fit,
    refined: Refined | None,
    channels: list[Channel],
    alike: float,
    thick: str,
    drawable: bool,
) -> Verdict | None:
    """Reasons for doubt, the one that weighs most first."""
    misfits = {c.name: c.excess for c in channels if c.name.startswith("misfit")}
    strain = max((v for n, v in misfits.items() if "strain" in n), default=0.0)
    load = max((v for n, v in misfits.items() if "load" in n), default=0.0)
    if refined is not None and fit.lack <= EXPLAINED:
        strain = 0.0
    if refined is not None and refined.coarser is not None:
        moved = np.abs(np.expm1(refined.moved[: len(PARAMETERS)])).max()
        if moved > MOVED:
            return Verdict(
                "doubtful",
                f"A finer mesh moved the answer by {percent(moved)}, and a still finer one may "
                f"move it again; the interval holds as much. {_begin_finer(refined)}",
                "mesh",
            )
    advice = ", and subsurface sheets (--subsurface 8) take off what is the same under any grains"
    below = load <= max(LARGEST_MISFIT, OF_LOAD * strain)
    if strain > LARGEST_MISFIT and below and alike < AS_THIN:
        return Verdict(
            "doubtful",
            f"Grains below the face change the strain maps of a sheet of {thick}, which differ "
            f"from the membrane of the model {strain:.2g} times more than 99 % of its "
            f"training data do (patterns of such sheets correlate to {alike:.2g} with it, this one "
            f"to {seen.correlation:.2f}). The intervals hold what is known of that; a sheet "
            f"thinner than a quarter of its grains has little of it{advice if drawable else ''}.",
            "thickness",
        )
    if seen.contrast < DAMPED and seen.correlation > SUSPECT and strain > LARGEST_MISFIT:
        return Verdict(
            "doubtful",
            f"The measured strain varies {seen.contrast:.2g} times as much as the computed one: "
            "subset and strain window of the correlation average over the grains. Say how wide "
            "they are (`import dic --subset --strain-window`), and if that was said, correlate "
            "with smaller ones.",
            "optics",
        )
    if strain > LARGEST_MISFIT >= load and (less := _less_by_the_mesh(refined)) > RESOLVED:
        return Verdict(
            "doubtful",
            f"The strain maps differ from the model {strain:.2g} times more than 99 % of its "
            f"training data do. A mesh twice as fine left {percent(less)} less of that, the load "
            "fits, and no constant is asked to be another: a still finer mesh, grain boundaries or "
            "optics are missing, rather than another slip law. The interval holds as much. "
            + _begin_finer(refined),
            "mesh",
        )
    if strain > LARGEST_MISFIT and (refined is None or refined.coarser is None):
        return _any_of_three(strain, load, refined, seen.contrast)
    if max(load, strain) > LARGEST_MISFIT:
        name, value = ("load", load) if load > strain else ("strain maps", strain)
        return Verdict(
            "doubtful",
            f"The {name} differ{'s' if name == 'load' else ''} from the model {value:.2g} times "
            "more than 99 % of its training data do; the slip law or its constants (h0, n, q) may "
            "be others, or grain boundaries may lie elsewhere.",
            "slip law" if load > strain or seen.correlation > 0.93 else "grain map",
        )
    if refined is not None and np.isfinite(fit.lack) and fit.lack > LARGEST_LACK:
        return Verdict(
            "doubtful",
            f"The model leaves {fit.lack:.2g} times the noise of the strain maps: mesh, grain "
            "boundaries or optics are not those of the measurement. The interval holds as much.",
            "mesh",
        )
    others = [c for c in channels if c.unusual and c.name not in misfits]
    if others:
        return Verdict(
            "doubtful",
            f"The model was trained on other specimens: {others[0].warning}.",
            "training",
        )
    if refined is not None and np.isnan(fit.lack):
        return Verdict(
            "doubtful",
            "Too few frames tell the noise of the strain maps, so nobody knows whether the model "
            "explains them; give --strain-noise.",
            "noise",
        )
    return None


def _begin_finer(refined: Refined | None) -> str:
    """What narrows an interval that is wide by the mesh."""
    if refined is None:
        return ""
    columns, rows = refined.cells
    return f"To narrow it, begin with the finer mesh (--cells {columns} {rows})."


def _any_of_three(strain: float, load: float, refined: Refined | None, contrast: float) -> Verdict:
    """Strain maps that the model does not explain, where no finer mesh was tried."""
    also = f", and the load {load:.2g} times" if load > LARGEST_MISFIT else ""
    remedy = (
        "Refine (--refine 5): what a finer mesh explains of it is no sign of another law."
        if refined is None
        else "Refine on a finer mesh, too (without --no-finer, or with more --cells): what that "
        "explains is no sign of another law."
    )
    narrow = (
        f" The measured strain varies {contrast:.2g} times as much as the computed one: the gauge "
        "may be narrower than --subset and --strain-window say."
        if contrast > 1 / DAMPED
        else ""
    )
    return Verdict(
        "doubtful",
        f"The strain maps differ from the model {strain:.2g} times more than 99 % of its training "
        f"data do{also}. The mesh may be too coarse for them, grain boundaries may lie elsewhere, "
        f"or the slip law or its constants (h0, n, q) may be others.{narrow} {remedy}",
        "mesh, grain map or slip law",
    )


def _less_by_the_mesh(refined: Refined | None) -> float:
    """Share of the strain residual that a finer mesh took away; 0 without one."""
    if refined is None or refined.coarser is None:
        return 0.0
    return 1 - refined.residual / refined.coarser.residual


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
