"""What figures and report read from the folder of a study."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf
from slipfield.core.reading import NOT_LISTED
from slipfield.kinds.slip.planning.plan import batches
from slipfield.kinds.slip.planning.provenance import stale
from slipfield.kinds.slip.study import PARAMETERS, Study


@dataclass(frozen=True)
class Results:
    """A study and the folder that holds its files."""

    study: Study
    folder: Path

    @property
    def shards(self) -> list[Path]:
        """Shards of the study that exist."""
        paths = (self.folder / "shards" / f"{batch.name}.nc" for batch in batches(self.study))
        return [path for path in paths if path.exists()]

    @cached_property
    def stale(self) -> dict[Path, str]:
        """Results in the folder that another study made, and what differs."""
        return stale(self.study, self.folder)

    def check(self, *parts: str) -> None:
        """Refuse results of another study.

        Parameters
        ----------
        parts : folders and files of the study's folder that count, such as "shards".

        Raises
        ------
        SlipfieldError
            Naming the first one and what differs, or a shard that is missing since `gather`.
        """
        wrong = [path for path in self.stale if self._is_of(path, parts)]
        if wrong:
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise SlipfieldError(
                f"{wrong[0]}: made with {self.stale[wrong[0]]}{more}; run the study again, or name "
                "the study file that made it"
            )
        planned = [self.folder / "shards" / f"{batch.name}.nc" for batch in batches(self.study)]
        missing = [path for path in planned if not path.exists()]
        gathered = (self.folder / "dataset" / "manifest.json").exists()
        if "shards" in parts and missing and gathered:
            raise SlipfieldError(
                f"{missing[0]}: missing ({len(missing)} of {len(planned)} shards), but the dataset "
                "was gathered; run the study again"
            )

    def _is_of(self, path: Path, parts: tuple[str, ...]) -> bool:
        inner = path.relative_to(self.folder)
        return any(inner.is_relative_to(part) for part in parts)

    def model(self, name: str) -> Path:
        """Folder of a trained inverter."""
        return self.folder / "models" / name

    def microstructure(self, index: int) -> xr.Dataset:
        """Grain map ``index``."""
        return open_netcdf(self.folder / "microstructures" / f"{index:05d}.nc")

    @cached_property
    def runs(self) -> xr.Dataset:
        """All variables of all shards but the strain fields, along `sample`; read once.

        Raises
        ------
        SlipfieldError
            If there is no shard yet.
        """
        parts = []
        for path in self.shards:
            with open_netcdf(path) as data:
                parts.append(data.drop_vars("strain").load())
        if not parts:
            raise SlipfieldError(f"{self.folder / 'shards'}: no shards yet; run `simulate` first")
        return xr.concat(
            parts,
            "sample",
            data_vars="minimal",
            coords="minimal",
            compat="override",
            join="override",
            combine_attrs="override",
        )

    def central_sample(self) -> tuple[Path, int, int]:
        """Shard, number and microstructure of the sample nearest to the centre of the box.

        Raises
        ------
        SlipfieldError
            If every sample failed.
        """
        runs = self.runs.isel(sample=self.runs["status"].values == 0)
        if runs.sizes["sample"] == 0:
            raise SlipfieldError(
                f"{self.folder / 'shards'}: every sample failed; see `reason` in the shards"
            )
        logarithms = np.log([runs[name].values for name in PARAMETERS])
        away = logarithms - np.log(self.study.sampling.centre)[:, None]
        number = int(runs["sample"][np.argmin((away**2).sum(axis=0))])
        holder = next(b for b in batches(self.study) if b.first <= number <= b.last)
        return self.folder / "shards" / f"{holder.name}.nc", number, holder.microstructure

    def stages(self) -> pd.DataFrame:
        """Cost of each stage from Snakemake's benchmark files.

        Returns
        -------
        DataFrame
            Index: name of the rule; columns jobs, wall_seconds (summed over the jobs),
            peak_memory_mb (of the largest job, NaN for jobs too short to measure).
        """
        folder = self.folder / "benchmarks"
        rows = []
        for path in sorted(folder.rglob("*.tsv")):
            stage = path.relative_to(folder).parts[0].removesuffix(".tsv")
            with suppress(*NOT_LISTED):  # no result: what cannot be read is left out
                table = pd.read_csv(path, sep="\t", na_values="-")
                rows.append((stage, float(table["s"].sum()), float(table["max_rss"].max())))
        table = pd.DataFrame(rows, columns=["stage", "wall_seconds", "peak_memory_mb"])
        return table.groupby("stage").agg(
            jobs=("wall_seconds", "size"),
            wall_seconds=("wall_seconds", "sum"),
            peak_memory_mb=("peak_memory_mb", "max"),
        )
