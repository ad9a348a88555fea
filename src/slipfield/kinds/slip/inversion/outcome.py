"""What an inversion found: the record that grows, and its JSON file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from slipfield import __version__
from slipfield.kinds.slip.inversion.answers import Answer, Model
from slipfield.kinds.slip.inversion.assumed import Assumed
from slipfield.kinds.slip.inversion.choice import UNDECIDED, Choice, Fit
from slipfield.kinds.slip.inversion.comparison import Comparison
from slipfield.kinds.slip.inversion.refine import Refined
from slipfield.kinds.slip.inversion.registration import Registered
from slipfield.kinds.slip.inversion.solids import Drawn
from slipfield.kinds.slip.inversion.told import Told
from slipfield.kinds.slip.inversion.unusual import Channel
from slipfield.kinds.slip.inversion.verdict import UNJUDGED, Verdict
from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.measure.specimen_file import provenance
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study import PARAMETER_UNITS, PARAMETERS, Study
from slipfield.kinds.slip.thickness.prior import SheetFactor


@dataclass
class Inversion:
    """One inversion as it grows; the report is made from it.

    Attributes
    ----------
    source, data : specimen file and its content.
    study, microstructure, measurement : the sheet as the solver sees it.
    trained : study of the model.
    factor : what the sheet's thickness makes of its load; None if that is not known or not asked.
    answers : estimates, that of the preferred model first.
    choice : which of them is the answer, and why.
    verdict : whether it may be believed; "none": then no estimate is the answer.
    refined : the refinement, if there was one.
    told : what the data determine, by the run at the answer.
    assumed : constants of the slip law that the answer rests on; empty without orientations.
    fit : how well its forward model explains the strain maps.
    check : forward run at the answer, and its comparison with the measurement.
    registered : how the grain map was moved, if it was.
    drawn : what subsurface sheets said, if there were any.
    known : (3,) parameters that are known beforehand, of a simulated specimen.
    channels : out-of-distribution channels.
    notes : what is lost or assumed, in sentences.
    seconds : wall time by part, s.
    """

    source: Path
    data: xr.Dataset
    study: Study
    microstructure: xr.Dataset
    measurement: Measurement
    trained: Study
    factor: SheetFactor | None = None
    answers: list[Answer] = field(default_factory=list)
    choice: Choice = UNDECIDED
    verdict: Verdict = UNJUDGED
    refined: Refined | None = None
    told: Told | None = None
    assumed: list[Assumed] = field(default_factory=list)
    fit: Fit = Fit(float("nan"), float("nan"))
    check: Reference | None = None
    comparison: Comparison | None = None
    known: np.ndarray | None = None
    drawn: Drawn | None = None
    registered: Registered | None = None
    channels: list[Channel] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def alike(self) -> float:
        """Correlation of strain patterns that a right grain map reaches, by the thickness."""
        return 1.0 if self.factor is None else self.factor.alike

    @property
    def answered(self) -> bool:
        """Whether one of the estimates is the answer."""
        return self.verdict.word != "none"

    @property
    def answer(self) -> Answer:
        """The chosen estimate, whether or not it may be called the answer."""
        return next(a for a in self.answers if a.method == self.choice.method)

    @property
    def warnings(self) -> list[str]:
        """Out-of-distribution warnings."""
        return [channel.warning for channel in self.channels if channel.unusual]


def to_json(found: Inversion, models: Sequence[Model]) -> dict[str, Any]:
    """Content of ``inversion.json``."""
    digest = hashlib.sha256(found.source.read_bytes()).hexdigest()
    content: dict[str, Any] = {
        "slipfield_version": __version__,
        "specimen": {"file": found.source.name, "sha256": digest},
        "imports": provenance(found.data),
        "models": [
            {
                "folder": str(m.folder),
                "model": m.name,
                "adapted": m.adapted,
                **{name: m.card.get(name, "") for name in ("physics_hash", "data_hash")},
                "weights_hash": m.weights_hash,
            }
            for m in models
        ],
        "verdict": asdict(found.verdict),
        "answer": found.choice.method if found.answered else None,
        "why": found.choice.why if found.answered else found.verdict.sentence,
        "parameters": estimate_of(found.answer) if found.answered else NO_ESTIMATE,
        "interval_level": found.answer.level,
        "estimates": {answer.method: estimate_of(answer) for answer in found.answers},
        "known": None if found.known is None else _by_name(found.known),
        "constants": {constant.name: constant.to_json() for constant in found.assumed},
        "notes": found.notes,
        "warnings": found.warnings,
        "channels": [channel.to_json() for channel in found.channels],
        "seconds": found.seconds,
        "study": found.study.model_dump(mode="json"),
    }
    if found.factor is not None:
        content["thickness"] = {
            "t_over_d": found.factor.ratio,
            "d_mm": found.factor.diameter_mm,
            "ln_m": found.factor.mean,
            "ln_m_std": found.factor.deviation,
        }
    if found.drawn is not None:
        content["subsurface"] = found.drawn.to_json()
    if found.comparison is not None:
        strain, load = found.comparison.rms
        content["forward_check"] = {"strain_rms": _plain(strain), "load_relative_rms": _plain(load)}
    if found.registered is not None:
        content["registration"] = found.registered.to_json()
    if found.told is not None:
        content["told"] = found.told.to_json()
    if found.refined is not None:
        content["refinement"] = _refinement(found.refined, found.fit)
    return content


NO_ESTIMATE = {
    name: {"value": None, "low": None, "high": None, "unit": PARAMETER_UNITS[name]}
    for name in PARAMETERS
}
"""Parameters of an inversion without an answer."""


def _by_name(values: np.ndarray) -> dict[str, float]:
    return dict(zip(PARAMETERS, map(float, values), strict=True))


def _plain(value: float) -> float | None:
    """Return a number for JSON, which has no NaN."""
    return None if np.isnan(value) else float(value)


def _refinement(refined: Refined, fit: Fit) -> dict[str, Any]:
    own = len(PARAMETERS)
    return {
        "converged": refined.converged,
        "step_left_std": refined.near,
        "step_left_ln_k": refined.left[:own].tolist(),
        "covariance_ln_k": refined.covariance[:own, :own].tolist(),
        "share_from_data": refined.data_share[:own].tolist(),
        "strain_residual": _plain(fit.residual),
        "strain_noise": _plain(fit.noise),
        "mesh_deviation_ln_k": refined.mesh_deviation[:own].tolist(),
        "path": [
            {
                "parameters": np.exp(step.log_parameters[:own]).tolist(),
                "factors_on_constants": np.exp(step.log_parameters[own:]).tolist(),
                "objective": step.objective,
                "strain_rms": _plain(step.strain_rms),
                "load_relative_rms": _plain(step.load_rms),
                "accepted": step.accepted,
            }
            for step in refined.path
        ],
    }


def estimate_of(answer: Answer) -> dict[str, Any]:
    """Values, intervals and units for JSON."""
    values = zip(PARAMETERS, answer.parameters, answer.low, answer.high, strict=True)
    return {
        name: {
            "value": float(value),
            "low": float(low),
            "high": float(high),
            "unit": PARAMETER_UNITS[name],
        }
        for name, value, low, high in values
    }
