"""Is a specimen like those the model was trained on? Channel by channel, and by how much not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr

from slipfield.kinds.slip.inversion.answers import Answer
from slipfield.kinds.slip.inversion.methods import method_name
from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.study import PARAMETERS, Study

SIMILAR = 1.25
"""Ratio of a quantity to the training's, either way, that is not worth a warning."""

USUAL = 1.05
"""Excess from which a warning is worth it: below, its text would say 1.0 times what is usual."""


@dataclass(frozen=True)
class Channel:
    """One channel of the input compared with the training data.

    Attributes
    ----------
    name, given, trained : of the channel; what the specimen has and what the training had.
    excess : how far beyond what is usual, as a factor.
    """

    name: str
    given: str
    trained: str
    excess: float

    @property
    def unusual(self) -> bool:
        """Whether it deserves a warning."""
        return self.excess >= USUAL

    @property
    def warning(self) -> str:
        """One sentence."""
        return (
            f"{self.name}: {self.given}; in the training data {self.trained} "
            f"({self.excess:.1f} times what is usual)"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "warning": self.unusual}


def channels(
    data: xr.Dataset,
    microstructure: xr.Dataset,
    study: Study,
    trained: Study,
    measurement: Measurement,
    answers: Sequence[Answer],
) -> list[Channel]:
    """Compare a specimen with a model's training data; those most out of place first."""
    found = [
        *_sheet(study, trained),
        *_grains(microstructure, trained),
        *_maps(data, measurement, study),
        *(channel for answer in answers for channel in _fit(answer, trained)),
    ]
    return sorted(found, key=lambda channel: -channel.excess)


def _ratio(name: str, given: float, trained: float, unit: str) -> Channel:
    ratio = max(given / trained, trained / given)
    excess = np.log(ratio) / np.log(SIMILAR)
    return Channel(name, f"{given:.4g}{unit}", f"{trained:.4g}{unit}", float(excess))


def _sheet(study: Study, trained: Study) -> Iterator[Channel]:
    """Size, elongation, rate and resolution."""
    here, there = study.specimen, trained.specimen
    yield _ratio("sheet height", here.height_mm, there.height_mm, " mm")
    aspect, usual = (s.width_mm / s.height_mm for s in (here, there))
    yield _ratio("sheet width over height", aspect, usual, "")
    yield _ratio("final elongation", _elongation(study), _elongation(trained), " %")
    rate, usual = (_elongation(s) / s.loading.path[-1][0] for s in (study, trained))
    yield _ratio("elongation rate", rate, usual, " % per s")
    size, usual = (s.height_mm / s.cells_y for s in (here, there))
    yield _ratio("element size", size, usual, " mm")


def _elongation(study: Study) -> float:
    """Elongation at the end of the loading path, %."""
    return 100 * abs(study.loading.path[-1][1]) / study.specimen.height_mm


def _grains(microstructure: xr.Dataset, trained: Study) -> Iterator[Channel]:
    """Number of grains, and D^-1/2 against the range of a training microstructure."""
    yield _ratio("number of grains", microstructure.sizes["grain"], trained.specimen.grains, "")
    roots = [
        data["size"].values[data["element_grain"].values] ** -0.5
        for data in (microstructure, make_microstructure(trained, 0))
    ]
    for name, quantile in (("small", 0.95), ("large", 0.05)):
        given, usual = (float(np.quantile(root, quantile)) for root in roots)
        spread = float(np.ptp(np.quantile(roots[1], [0.05, 0.95])))
        yield Channel(
            f"D^-1/2 of the {name} grains",
            f"{given:.3g} mm^-1/2",
            f"{usual:.3g} mm^-1/2",
            abs(given - usual) / (0.25 * spread),
        )


def _maps(data: xr.Dataset, measurement: Measurement, study: Study) -> Iterator[Channel]:
    """Resolution of the strain maps and share of masked nodes."""
    cell = study.specimen.height_mm / study.specimen.cells_y
    step = max(measurement.spacing)
    yield Channel(
        "step of the strain maps", f"{step:.3g} mm", f"{cell:.3g} mm or finer", step / (1.5 * cell)
    )
    masked = float(np.isnan(measurement.nodal[:, 0]).mean())
    yield Channel("masked nodes", f"{100 * masked:.1f} %", "none", masked / 0.2)


def _fit(answer: Answer, trained: Study) -> Iterator[Channel]:
    """Misfit of strain and load to the model, and estimates outside of the sampling box."""
    for name, misfit in answer.unusual.items():
        title = f"misfit of the {name} ({method_name(answer.method)})"
        yield Channel(title, f"{misfit:.2g}", "below 1 in 99 %", misfit)
    for name, value, (low, high) in zip(
        PARAMETERS, answer.parameters, trained.sampling.box, strict=True
    ):
        half = 0.5 * np.log(high / low)
        beyond = abs(np.log(value) - 0.5 * np.log(low * high)) / half
        yield Channel(
            f"{name} ({method_name(answer.method)})",
            f"{value:.4g}",
            f"{low:g} to {high:g}",
            float(beyond),
        )
