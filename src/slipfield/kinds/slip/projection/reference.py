"""The reference run of one specimen: fields, load and their derivatives to ln k at one point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf
from slipfield.kinds.slip.dataset.contract import REFERENCE, file_kind
from slipfield.kinds.slip.projection.resample import resample
from slipfield.kinds.slip.study import PARAMETERS

SAME_TIME = 1e-9
"""Difference of times, relative to the whole, that rounding may leave."""


@dataclass(frozen=True)
class Reference:
    """What one forward run with sensitivities gives.

    Attributes
    ----------
    microstructure : int
        Index of the grain map.
    parameters : ndarray (p,)
        Expansion point k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5), and factors on further constants
        of the slip law that there are derivatives to.
    time, displacement : ndarray (time,)
        Outputs, s, and displacement of the top edge, mm.
    strain : ndarray (time, component, y, x) float32, 1
    load : ndarray (time,), N
    strain_rates : ndarray (p, time, component, y, x) float32, 1
        Derivatives of the strain to their logarithms.
    load_rates : ndarray (p, time), N
        Derivatives of the load.
    measure : str
        Strain measure of the fields.
    """

    microstructure: int
    parameters: np.ndarray
    time: np.ndarray
    displacement: np.ndarray
    strain: np.ndarray
    load: np.ndarray
    strain_rates: np.ndarray
    load_rates: np.ndarray
    measure: str

    def at(self, times: np.ndarray) -> Reference:
        """Outputs at some of the times, s.

        Raises
        ------
        ValueError
            If there is no output at one of them.
        """
        if len(times) == len(self.time) and np.array_equal(times, self.time):
            return self
        chosen = np.abs(self.time[:, None] - times).argmin(axis=0)
        if not np.allclose(self.time[chosen], times, rtol=0, atol=SAME_TIME * self.time[-1]):
            raise ValueError(f"outputs at {self.time.tolist()} s, wanted at {times.tolist()}")
        return replace(
            self,
            time=self.time[chosen],
            displacement=self.displacement[chosen],
            strain=self.strain[chosen],
            load=self.load[chosen],
            strain_rates=self.strain_rates[:, chosen],
            load_rates=self.load_rates[:, chosen],
        )

    def averaged(self, width: float) -> Reference:
        """Strain and its derivatives averaged over ``width`` cells around each node."""
        shape = self.strain.shape[-2], self.strain.shape[-1]
        fields = self.strain, self.strain_rates
        strain, rates = (resample(field, shape, (width, width)) for field in fields)
        return replace(self, strain=strain, strain_rates=rates)

    @property
    def of_k(self) -> Reference:
        """The run without derivatives to further constants."""
        own = len(PARAMETERS)
        return replace(
            self,
            parameters=self.parameters[:own],
            strain_rates=self.strain_rates[:own],
            load_rates=self.load_rates[:own],
        )

    @classmethod
    def read(cls, path: str | Path, constants: Sequence[str] = ()) -> Self:
        """Read a file of the verb `reference`, whatever its expansion point.

        Parameters
        ----------
        constants : of those that the file has derivatives to (`reference --also`), the ones wanted.

        Raises
        ------
        SlipfieldError
            If the file is no reference run, or has no derivative to one of the constants.
        """
        with open_netcdf(path) as data:
            if file_kind(data) is not REFERENCE:
                raise SlipfieldError(f"{path}: not a reference run; expected a file of `reference`")
            try:
                labels = [str(label) for label in data["parameter"].values]
                wanted = [f"ln_{name}" for name in (*PARAMETERS, *constants)]
                if missing := [label for label in wanted if label not in labels]:
                    raise SlipfieldError(
                        f"{path}: no derivative to {', '.join(missing)}; make it again"
                    )
                rows = [labels.index(label) for label in wanted]
                return cls(
                    microstructure=int(data.attrs["microstructure_index"]),
                    parameters=np.array(
                        [float(data.attrs[name]) for name in PARAMETERS] + [1.0] * len(constants)
                    ),
                    time=data["time"].values,
                    displacement=data["displacement"].values,
                    strain=data["strain"].values,
                    load=data["load"].values,
                    strain_rates=data["dstrain_dlnk"].values[rows],
                    load_rates=data["dload_dlnk"].values[rows],
                    measure=str(data.attrs["strain_measure"]),
                )
            except KeyError as error:
                raise SlipfieldError(f"{path}: {error} is missing; make it again") from error
