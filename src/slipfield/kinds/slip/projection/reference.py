"""The reference run of one specimen: fields, load and their derivatives to ln k at one point."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf
from slipfield.kinds.slip.dataset.contract import REFERENCE, file_kind
from slipfield.kinds.slip.study import PARAMETERS


@dataclass(frozen=True)
class Reference:
    """What one forward run with sensitivities gives.

    Attributes
    ----------
    microstructure : int
        Index of the grain map.
    parameters : ndarray (3,)
        Expansion point k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5).
    time, displacement : ndarray (time,)
        Outputs, s, and displacement of the top edge, mm.
    strain : ndarray (time, component, y, x) float32, 1
    load : ndarray (time,), N
    strain_rates : ndarray (3, time, component, y, x) float32, 1
        Derivatives of the strain to ln k1, ln k2, ln k3.
    load_rates : ndarray (3, time), N
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

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a file of the verb `reference`, whatever its expansion point.

        Raises
        ------
        SlipfieldError
            If the file is no reference run.
        """
        with open_netcdf(path) as data:
            if file_kind(data) is not REFERENCE:
                raise SlipfieldError(f"{path}: not a reference run; expected a file of `reference`")
            try:
                return cls(
                    microstructure=int(data.attrs["microstructure_index"]),
                    parameters=np.array([float(data.attrs[name]) for name in PARAMETERS]),
                    time=data["time"].values,
                    displacement=data["displacement"].values,
                    strain=data["strain"].values,
                    load=data["load"].values,
                    strain_rates=data["dstrain_dlnk"].values,
                    load_rates=data["dload_dlnk"].values,
                    measure=str(data.attrs["strain_measure"]),
                )
            except KeyError as error:
                raise SlipfieldError(f"{path}: {error} is missing; make it again") from error
