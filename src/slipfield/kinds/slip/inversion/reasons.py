"""Reasons to doubt an answer whose grain map, load and constants are not known to be wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slipfield.core.numbers import percent
from slipfield.kinds.slip.inversion.agreement import Pattern
from slipfield.kinds.slip.inversion.choice import LARGEST_LACK, Fit
from slipfield.kinds.slip.inversion.refine import Refined
from slipfield.kinds.slip.inversion.unusual import Channel
from slipfield.kinds.slip.inversion.verdict import Verdict
from slipfield.kinds.slip.inversion.ways import SUSPECT
from slipfield.kinds.slip.study import PARAMETERS

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
class Misfits:
    """Misfits over what 99 % of the training data stay below.

    Attributes
    ----------
    strain, load : the largest of any method; 0 without one.
    """

    strain: float
    load: float

    @classmethod
    def of(cls, channels: list[Channel], refined: Refined | None, fit: Fit) -> Misfits:
        """Of channels; none of the strain where a refinement explains it."""
        strain = max((c.excess for c in _misfits(channels) if "strain" in c.name), default=0.0)
        load = max((c.excess for c in _misfits(channels) if "load" in c.name), default=0.0)
        return cls(0.0 if refined is not None and fit.lack <= EXPLAINED else strain, load)

    @property
    def unlike(self) -> str:
        """How far the strain maps are from the model, for readers."""
        return f"{self.strain:.2g} times more than 99 % of its training data do"


def _misfits(channels: list[Channel]) -> list[Channel]:
    return [channel for channel in channels if channel.name.startswith("misfit")]


def reason_for_doubt(
    seen: Pattern,
    fit: Fit,
    refined: Refined | None,
    channels: list[Channel],
    alike: float,
    thick: str,
    drawable: bool,
) -> Verdict | None:
    """The reason that weighs most; parameters as of :func:`~.judge.judge`."""
    misfits = Misfits.of(channels, refined, fit)
    return (
        _moved_by_the_mesh(refined)
        or _grains_below(seen, misfits, alike, thick, drawable)
        or _averaged(seen, misfits)
        or _less_on_a_finer_mesh(refined, misfits)
        or _any_of_three(seen, refined, misfits)
        or _unexplained(seen, misfits)
        or _left(fit, refined)
        or _trained_elsewhere(channels)
        or _noise_untold(fit, refined)
    )


def _moved_by_the_mesh(refined: Refined | None) -> Verdict | None:
    """Answers that a finer mesh moved far."""
    if refined is None or refined.coarser is None:
        return None
    moved = np.abs(np.expm1(refined.moved[: len(PARAMETERS)])).max()
    if moved <= MOVED:
        return None
    return Verdict(
        "doubtful",
        f"A finer mesh moved the answer by {percent(moved)}, and a still finer one may "
        f"move it again; the interval holds as much. {_begin_finer(refined)}",
        "mesh",
    )


def _grains_below(
    seen: Pattern, misfits: Misfits, alike: float, thick: str, drawable: bool
) -> Verdict | None:
    """Strain maps of a sheet that is no membrane."""
    below = misfits.load <= max(LARGEST_MISFIT, OF_LOAD * misfits.strain)
    if not (misfits.strain > LARGEST_MISFIT and below and alike < AS_THIN):
        return None
    advice = ", and subsurface sheets (--subsurface 8) take off what is the same under any grains"
    return Verdict(
        "doubtful",
        f"Grains below the face change the strain maps of a sheet of {thick}, which differ "
        f"from the membrane of the model {misfits.unlike} (patterns of such sheets correlate to "
        f"{alike:.2g} with it, this one to {seen.correlation:.2f}). The intervals hold what is "
        "known of that; a sheet thinner than a quarter of its grains has little of "
        f"it{advice if drawable else ''}.",
        "thickness",
    )


def _averaged(seen: Pattern, misfits: Misfits) -> Verdict | None:
    """Strain maps that were averaged wider than is known."""
    damped = seen.contrast < DAMPED and seen.correlation > SUSPECT
    if not (damped and misfits.strain > LARGEST_MISFIT):
        return None
    return Verdict(
        "doubtful",
        f"The measured strain varies {seen.contrast:.2g} times as much as the computed one: "
        "subset and strain window of the correlation average over the grains. Say how wide "
        "they are (`import dic --subset --strain-window`), and if that was said, correlate "
        "with smaller ones.",
        "optics",
    )


def _less_on_a_finer_mesh(refined: Refined | None, misfits: Misfits) -> Verdict | None:
    """Strain maps of which a finer mesh explained a part."""
    less = _less_by_the_mesh(refined)
    if not (misfits.strain > LARGEST_MISFIT >= misfits.load and less > RESOLVED):
        return None
    return Verdict(
        "doubtful",
        f"The strain maps differ from the model {misfits.unlike}. A mesh twice as fine left "
        f"{percent(less)} less of that, the load fits, and no constant is asked to be another: a "
        "still finer mesh, grain boundaries or optics are missing, rather than another slip law. "
        f"The interval holds as much. {_begin_finer(refined)}",
        "mesh",
    )


def _any_of_three(seen: Pattern, refined: Refined | None, misfits: Misfits) -> Verdict | None:
    """Strain maps that the model does not explain, where no finer mesh was tried."""
    finer = refined is not None and refined.coarser is not None
    if misfits.strain <= LARGEST_MISFIT or finer:
        return None
    load, contrast = misfits.load, seen.contrast
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
        f"The strain maps differ from the model {misfits.unlike}{also}. The mesh may be too coarse "
        "for them, grain boundaries may lie elsewhere, "
        f"or the slip law or its constants (h0, n, q) may be others.{narrow} {remedy}",
        "mesh, grain map or slip law",
    )


def _unexplained(seen: Pattern, misfits: Misfits) -> Verdict | None:
    """Load or strain maps that the model does not explain on any mesh."""
    strain, load = misfits.strain, misfits.load
    if max(load, strain) <= LARGEST_MISFIT:
        return None
    name, value = ("load", load) if load > strain else ("strain maps", strain)
    return Verdict(
        "doubtful",
        f"The {name} differ{'s' if name == 'load' else ''} from the model {value:.2g} times "
        "more than 99 % of its training data do; the slip law or its constants (h0, n, q) may "
        "be others, or grain boundaries may lie elsewhere.",
        "slip law" if load > strain or seen.correlation > 0.93 else "grain map",
    )


def _left(fit: Fit, refined: Refined | None) -> Verdict | None:
    """Refinements that leave more than noise."""
    if refined is None or not np.isfinite(fit.lack) or fit.lack <= LARGEST_LACK:
        return None
    return Verdict(
        "doubtful",
        f"The model leaves {fit.lack:.2g} times the noise of the strain maps: mesh, grain "
        "boundaries or optics are not those of the measurement. The interval holds as much.",
        "mesh",
    )


def _trained_elsewhere(channels: list[Channel]) -> Verdict | None:
    """Specimens unlike those of the training."""
    misfits = _misfits(channels)
    others = [c for c in channels if c.unusual and c not in misfits]
    if not others:
        return None
    return Verdict(
        "doubtful",
        f"The model was trained on other specimens: {others[0].warning}.",
        "training",
    )


def _noise_untold(fit: Fit, refined: Refined | None) -> Verdict | None:
    """Refinements of which nobody knows what they leave."""
    if refined is None or not np.isnan(fit.lack):
        return None
    return Verdict(
        "doubtful",
        "Too few frames tell the noise of the strain maps, so nobody knows whether the model "
        "explains them; give --strain-noise.",
        "noise",
    )


def _begin_finer(refined: Refined | None) -> str:
    """What narrows an interval that is wide by the mesh."""
    if refined is None:
        return ""
    columns, rows = refined.cells
    return f"To narrow it, begin with the finer mesh (--cells {columns} {rows})."


def _less_by_the_mesh(refined: Refined | None) -> float:
    """Share of the strain residual that a finer mesh took away; 0 without one."""
    if refined is None or refined.coarser is None:
        return 0.0
    return 1 - refined.residual / refined.coarser.residual
