"""What an inversion found: the record that grows, its JSON file and its table."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from slipfield import __version__
from slipfield.inversion.comparison import Comparison
from slipfield.inversion.predict import Answer, Model
from slipfield.inversion.refine import Refined
from slipfield.inversion.resample import Measurement
from slipfield.inversion.specimen_file import provenance
from slipfield.inversion.unusual import Channel
from slipfield.projection.reference import Reference
from slipfield.study import PARAMETER_UNITS, PARAMETERS, Study


@dataclass
class Inversion:
    """One inversion as it grows; the report is made from it.

    Attributes
    ----------
    source, data : specimen file and its content.
    study, microstructure, measurement : the sheet as the solver sees it.
    trained : study of the model.
    answers : estimates, the best last.
    refined : the refinement, if there was one.
    check : forward run at the answer, and its comparison with the measurement.
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
    answers: list[Answer] = field(default_factory=list)
    refined: Refined | None = None
    check: Reference | None = None
    comparison: Comparison | None = None
    channels: list[Channel] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def answer(self) -> Answer:
        """The best estimate."""
        return self.answers[-1]

    @property
    def warnings(self) -> list[str]:
        """Out-of-distribution warnings."""
        return [channel.warning for channel in self.channels if channel.excess > 1]


def to_json(found: Inversion, models: Sequence[Model]) -> dict[str, Any]:
    """Content of ``inversion.json``."""
    digest = hashlib.sha256(found.source.read_bytes()).hexdigest()
    content: dict[str, Any] = {
        "slipfield_version": __version__,
        "specimen": {"file": found.source.name, "sha256": digest},
        "imports": provenance(found.data),
        "models": [{"folder": str(m.folder), "model": m.name} for m in models],
        "answer": found.answer.method,
        "parameters": _estimate(found.answer),
        "estimates": {answer.method: _estimate(answer) for answer in found.answers},
        "notes": found.notes,
        "warnings": found.warnings,
        "channels": [channel.to_json() for channel in found.channels],
        "seconds": found.seconds,
        "study": found.study.model_dump(mode="json"),
    }
    if found.comparison is not None:
        strain, load = found.comparison.rms
        content["forward_check"] = {
            "strain_rms": strain,
            "load_relative_rms": None if np.isnan(load) else load,
        }
    if found.refined is not None:
        content["refinement"] = {
            "converged": found.refined.converged,
            "covariance_ln_k": found.refined.covariance.tolist(),
            "share_from_data": found.refined.data_share.tolist(),
            "path": [
                {
                    "parameters": np.exp(step.log_parameters).tolist(),
                    "objective": step.objective,
                    "strain_rms": step.strain_rms,
                    "load_relative_rms": None if np.isnan(step.load_rms) else step.load_rms,
                    "accepted": step.accepted,
                }
                for step in found.refined.path
            ],
        }
    return content


def _estimate(answer: Answer) -> dict[str, Any]:
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


def table_lines(found: Inversion) -> list[str]:
    """Lines of the table of estimates."""
    lines = [f"{'':12s}" + "".join(f"{name:>28s}" for name in PARAMETERS)]
    for answer in found.answers:
        cells = [
            f"{value:10.4g} ({low:.4g} to {high:.4g})".rjust(28)
            for value, low, high in zip(answer.parameters, answer.low, answer.high, strict=True)
        ]
        lines.append(f"{answer.method:12s}" + "".join(cells))
    return lines
