"""First answers of trained inverters on a measured specimen, with intervals."""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_netcdf
from slipfield.core.numbers import NORMAL_95
from slipfield.core.recorded import claim_contents
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.dataset.contract import SHARD, label_variables, variable
from slipfield.kinds.slip.inversion.outputs import AtOutputs, at_outputs
from slipfield.kinds.slip.learning.intervals import conformal_factors, held_level
from slipfield.kinds.slip.learning.inverter import IntervalInverter, Inverter
from slipfield.kinds.slip.learning.model_io import load_model, weights_hash
from slipfield.kinds.slip.measure.resample import NODES, Measurement
from slipfield.kinds.slip.projection.features import Projector
from slipfield.kinds.slip.projection.inverter import LEVEL, ProjectionInverter
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study import PARAMETERS, Noise, Study, check_study

LARGEST_MASKED_SHARE = 0.2
MOST_NOISE = 0.1


@dataclass(frozen=True)
class Model:
    """A trained inverter.

    Attributes
    ----------
    folder, name, study : where it lies, its kind, and the study it was trained on.
    adapted : whether it was adapted to measurements that its mesh does not resolve.
    card : what its folder says of it.
    """

    folder: Path
    name: str
    inverter: Inverter
    study: Study
    adapted: bool = False
    card: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Model:
        """Read a model folder."""
        inverter, card = load_model(folder)
        return cls(folder, card["model"], inverter, inverter.study, "adapted" in card, card)

    @property
    def knows_thickness(self) -> bool:
        """Whether it was adapted to sheets in three dimensions, so that it needs no factor M."""
        return self.card.get("adapted", {}).get("forward_model") == "solid"

    @property
    def known_thickness(self) -> tuple[float, float]:
        """Least and largest t/d of the sheets that it was adapted to; NaN where it is not said."""
        low, high = self.card.get("adapted", {}).get("t_over_d", (np.nan, np.nan))
        return float(low), float(high)

    @property
    def weights_hash(self) -> str:
        """Hash of its weights; empty for models of versions that did not write it down."""
        return weights_hash(self.card)

    @property
    def former_hash(self) -> str:
        """What older versions wrote into the folders of benches instead: digests as a text."""
        return str(self.card.get("weights_sha256", ""))

    def claim(
        self,
        path: Path,
        what: str,
        facts: Mapping[str, Any],
        former: Mapping[str, Any] | None = None,
    ) -> None:
        """Write down at ``path`` (JSON) that its folder holds what was made with this model.

        Parameters
        ----------
        what, facts, former : as :func:`~slipfield.core.recorded.claim_contents` takes them; the
            model's are added.

        Raises
        ------
        SlipfieldError
            If the folder holds something else, or what another model made.
        """
        ours = {"model": self.study.name, "weights_hash": self.weights_hash, **facts}
        old = {"weights_sha256": self.former_hash, **(former or {})}
        claim_contents(path, ours, what, old)

    @property
    def projects(self) -> bool:
        """Whether it answers from a forward run on the specimen's grain map."""
        return isinstance(self.inverter, ProjectionInverter)


@dataclass(frozen=True)
class Answer:
    """Parameters of one specimen by one method.

    Attributes
    ----------
    method : name of the model, or "refined".
    parameters, low, high : (3,) k1, k2, k3 and the ends of their 95 % intervals.
    seconds : what it took beyond the forward runs, s.
    level : share of such intervals that hold the truth, less than 95 % after few calibrations.
    unusual : misfit by channel over what 99 % of the training samples stay below.
    details : what else the report shows, such as attention (time, modality).
    """

    method: str
    parameters: np.ndarray
    low: np.ndarray
    high: np.ndarray
    seconds: float
    level: float = LEVEL
    unusual: dict[str, float] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviations of ln k, (3,), that the intervals stand for."""
        return (np.log(self.high) - np.log(self.low)) / (2 * NORMAL_95)


def by_projection(
    model: Model, reference: Reference, measurement: Measurement, load_noise: float
) -> Answer:
    """Project on the specimen's own sensitivities.

    ``reference`` has outputs at the frames and at the model's; see :func:`~.outputs.at_outputs`.

    Where the measurement is noisier than the training data, judged by the strain that the
    sensitivities leave unexplained, the features are weighted for that noise. Where it is unlike
    the training data, the interval is widened by the root of the misfit (Birge's ratio). A model
    that was adapted to a finer mesh gets strain averaged as widely as in its adaptation.

    Raises
    ------
    SlipfieldError
        If the model does not fit the measurement, for example in its number of frames.
    """
    inverter = model.inverter
    if not isinstance(inverter, ProjectionInverter):
        raise SlipfieldError(f"{model.folder}: not a projection inverter")
    started = time.perf_counter()
    nodal = measurement.averaged(inverter.width) if model.adapted else measurement.nodal
    reference = measurement.seen(reference, inverter.width if model.adapted else NODES)
    given = at_outputs(measurement, nodal, model.study.loading.outputs, reference)
    reference, strain, load = given.run or reference, given.strain, given.load
    trained = model.study.noise
    usual = inverter.invert(reference, strain, load)
    unusual = {name: float(misfit[0]) for name, misfit in usual.unusual.items()}
    unusual = {name: misfit for name, misfit in unusual.items() if np.isfinite(misfit)}
    residual = Projector(reference, inverter.width).project(strain, load).residual
    noise = judged_noise(trained, residual, given.repetition, load_noise)
    found = inverter.invert(reference, strain, load, noise)
    widening = np.sqrt(max(1.0, *unusual.values()))
    parameters = found.parameters[0]
    return Answer(
        model.name,
        parameters,
        parameters * (found.low[0] / parameters) ** widening,
        parameters * (found.high[0] / parameters) ** widening,
        time.perf_counter() - started,
        held_level(inverter.calibration_samples, LEVEL),
        unusual,
        {"strain_residual": residual.tolist()},
    )


def judged_noise(
    trained: Noise, residual: np.ndarray, repetition: float, load_noise: float
) -> Noise:
    """Noise of one measurement: that of the training, or more where more is left.

    Parameters
    ----------
    residual : (time,) strain that the sensitivities leave unexplained, NaN: not known.
    repetition : outputs for each frame; so often each frame's noise is counted.
    load_noise : standard deviation of the load relative to itself.
    """
    known = residual[np.isfinite(residual)]
    typical = np.median(known) if known.size else 0.0
    more = np.sqrt(repetition)
    return Noise(
        strain_std=float(more * np.clip(typical, trained.strain_std, MOST_NOISE)),
        load_relative_std=float(more * max(trained.load_relative_std, load_noise)),
    )


def by_prediction(
    model: Model,
    study: Study,
    microstructure: xr.Dataset,
    measurement: Measurement,
    reference: Reference | None = None,
) -> Answer:
    """Let a model answer that needs no forward run, such as the published network.

    The interval is the model's own, or else split-conformal: the 95th percentile of the errors of
    ln k on its test samples.

    Parameters
    ----------
    reference : forward run, if there is one, whose course is followed between the frames.

    Raises
    ------
    SlipfieldError
        If strain maps or loads are missing, or too much of the sheet is masked.
    """
    end = float(study.loading.path[-1][0])
    given = at_outputs(measurement, measurement.nodal, model.study.loading.outputs, reference, end)
    if not np.isfinite(given.load).all():
        raise SlipfieldError(
            f"{model.name}: needs the load at every output; a projection inverter does without"
        )
    inverter = model.inverter
    strain = _filled(model.name, given.strain)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        dataset = _one_sample(Path(folder), study, microstructure, replace(given, strain=strain))
        rows = np.arange(1)
        parameters = inverter.predict(dataset, rows)[0]
        details: dict[str, Any] = {}
        if hasattr(inverter, "attention"):
            details["attention"] = inverter.attention(dataset, rows)[0].tolist()
            details["attention_time"] = given.time.tolist()
        if isinstance(inverter, IntervalInverter):
            low, high = (ends[0] for ends in inverter.predict_interval(dataset, rows, LEVEL))
            count = inverter.calibration_samples
        else:
            quantile, count = test_quantile(model.folder)
            low, high = parameters / np.exp(quantile), parameters * np.exp(quantile)
    seconds = time.perf_counter() - started
    level = held_level(count, LEVEL)
    return Answer(model.name, parameters, low, high, seconds, level, details=details)


def test_quantile(folder: Path, level: float = LEVEL) -> tuple[np.ndarray, int]:
    """Quantile (3,) of |ln k predicted - ln k true| over a model's test samples; their number."""
    path = folder / "predictions.csv"
    try:
        with open(path, newline="", encoding="utf-8") as handle:
            rows = [row for row in csv.DictReader(handle) if row["split"] == "test"]
        errors = [
            [abs(np.log(float(r[f"{n}_predicted"]) / float(r[f"{n}_true"]))) for n in PARAMETERS]
            for r in rows
        ]
    except (OSError, KeyError, ValueError) as error:
        raise SlipfieldError(
            f"{path}: cannot be read ({error!r}); train the model again"
        ) from error
    ordered = np.sort(np.array(errors), axis=0)
    return conformal_factors(ordered, level), len(ordered)


def _filled(name: str, strain: np.ndarray) -> np.ndarray:
    """Strain (time, 3, y, x) without gaps: masked nodes take their frame's mean."""
    share = float(np.isnan(strain).mean())
    if share > LARGEST_MASKED_SHARE:
        raise SlipfieldError(
            f"{name}: {100 * share:.0f} % of the nodes are masked, it can stand "
            f"{100 * LARGEST_MASKED_SHARE:.0f} %; a projection inverter does without them"
        )
    if share == 0:
        return strain
    return np.where(np.isnan(strain), np.nanmean(strain, axis=(2, 3), keepdims=True), strain)


def _one_sample(
    folder: Path,
    study: Study,
    microstructure: xr.Dataset,
    given: AtOutputs,
) -> Collection:
    """Put the measurement into a shard of its own, so that an inverter can read it."""
    time_path, displacement = np.array(study.loading.path).T
    content = study.model_dump(mode="json")
    content["loading"] |= {"outputs": len(given.time), "output_times_s": given.time.tolist()}
    study = check_study(content, "specimen: outputs of the model")
    values = {
        "strain": given.strain[None],
        "load": given.load[None],
        "time": given.time,
        "displacement": np.interp(given.time, time_path, displacement),
        "sample": [0],
        **{name: [np.nan] for name in PARAMETERS},
        "microstructure": [0],
        "status": [0],
        "reason": np.array([""], dtype=object),
        **{name: [0] for name in ("steps", "rejected_steps", "factorisations")},
        **{name: [0.0] for name in ("cpu_seconds", "peak_memory_mb")},
    }
    variables = {name: variable(SHARD, name, array) for name, array in values.items()}
    facts = {"strain_measure": study.solver.strain_measure}
    data = xr.Dataset({**variables, **label_variables(SHARD)}, attrs=facts)
    write_netcdf(data, folder / "shard.nc", study)
    write_netcdf(microstructure, folder / "microstructure.nc", study)
    return Collection(study, [folder / "shard.nc"], {0: folder / "microstructure.nc"})
