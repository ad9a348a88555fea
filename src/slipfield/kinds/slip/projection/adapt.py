"""Suit a trained projection model to measurements that its references do not resolve.

A specimen has no mesh. References and most training samples may come from a mesh that a
workstation can afford; a few samples of the same specimens on a finer mesh, averaged at the nodes
of the references as DIC does, show how far its fields are off and how much that varies from
specimen to specimen. Adapting shifts the model by the one and widens it by the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.dataset.manifest import netcdf_files
from slipfield.kinds.slip.learning.model_io import load_model, save_model
from slipfield.kinds.slip.projection.inverter import ProjectionInverter
from slipfield.kinds.slip.specimen.size import mean_diameter
from slipfield.kinds.slip.study import PARAMETER_UNITS, PARAMETERS, Study
from slipfield.kinds.slip.study.recorded import study_of


def adapt_model(
    model_dir: Path, shards: Sequence[Path], dataset_dir: Path, output: Path
) -> dict[str, Any]:
    """Adapt the model in ``model_dir`` to ``shards`` and write it to ``output``.

    Parameters
    ----------
    model_dir : Path
        Folder of a projection model.
    shards : sequence of Path
        Files, or folders of them: samples of the dataset's specimens on a finer mesh, or in three
        dimensions (`simulate --solid`). Their thicknesses and what lies below their faces may
        differ.
    dataset_dir : Path
        Folder of the gathered dataset that the model was trained on; its references are used.
    output : Path
        Folder of the adapted model.

    Returns
    -------
    dict
        Samples, microstructures and nodes that the model was adapted to.

    Raises
    ------
    SlipfieldError
        If the model is no projection model or the files do not fit it.
    """
    inverter, card = load_model(model_dir)
    if not isinstance(inverter, ProjectionInverter):
        raise SlipfieldError(f"{model_dir}: a {card['model']} model; only projection is adapted")
    base = Collection.of_dataset(dataset_dir).with_noise(inverter.study.noise)
    dataset = finer_samples(base, shards)
    adapted = inverter.adapted(dataset, np.arange(len(dataset)))
    facts = {
        "samples": len(dataset),
        "microstructures": len(np.unique(dataset.microstructures)),
        "nodes": list(dataset.image),
        "base_data_hash": card["data_hash"],
        "forward_model": dataset.study.forward_model,
    }
    if dataset.study.solid:
        facts["t_over_d"] = dataset.thickness_range()
    kept = {name: card[name] for name in ("metrics",) if name in card}
    notes = {**kept, "adapted": facts, "scope": scope(inverter.study, dataset)}
    save_model(adapted, card["model"], inverter.study, dataset, output, notes)
    return facts


def scope(trained: Study, dataset: Sheets) -> dict[str, list[str]]:
    """Say in sentences what a model was trained on, where it holds and where it does not.

    Parameters
    ----------
    dataset : what it was adapted to.
    """
    adapted = dataset.study
    sheet, box, noise = trained.specimen, trained.sampling.box, trained.noise
    size = f"{sheet.width_mm:g} mm x {sheet.height_mm:g} mm"
    cell = sheet.height_mm / sheet.cells_y
    ranges = ", ".join(
        f"{name} {low:g} to {high:g} {PARAMETER_UNITS[name]}"
        for name, (low, high) in zip(PARAMETERS, box, strict=True)
    )
    end, pull = trained.loading.path[-1]
    finer = f"{adapted.specimen.cells_x} x {adapted.specimen.cells_y}"
    if adapted.solid:
        thin, thick = dataset.thickness_range()
        finer = f"solids {thin:.2g} to {thick:.2g} grain diameters thick and {finer}"
    return {
        "trained_on": [
            f"simulated sheets of {size} with {sheet.grains} grains in {len(sheet.bands)} bands, "
            f"{sheet.cells_x} x {sheet.cells_y} elements, adapted to {finer} elements averaged "
            f"over {cell:.3g} mm",
            f"white noise of {noise.strain_std:g} in strain and "
            f"{100 * noise.load_relative_std:g} % in load",
        ],
        "holds_for": [
            f"sheets of this size and band structure, the material of `study`, {ranges}",
            f"a displacement of {pull:g} mm in {end:g} s, {trained.loading.outputs} frames (any of "
            "them, and any nodes, may be missing)",
            f"strain maps with points every {cell:.3g} mm or closer, and a grain map",
        ],
        "does_not_hold_for": [
            "other sheets, bands, slip laws, loading paths or parameters: train on such data",
            "strain averaged over much wider windows than those of the adaptation",
            "errors of grain map and slip law, which the intervals do not know",
        ],
    }


class Sheets(Collection):
    """Samples whose load is that of a sheet of ``thickness_mm``: stresses are what is compared."""

    thickness_mm = 1.0

    def load(self, index: int) -> np.ndarray:
        """Load of one sample, (time,) float64, N, brought to the thickness of the references."""
        return super().load(index) * self.thickness_mm / _thickness_mm(self._path[index])

    def thickness_range(self) -> list[float]:
        """Least and largest thickness of the samples in grain diameters of their faces, t/d."""
        sheet, ratios = self.study.specimen, []
        owners = self.microstructures.tolist()
        found = {(owner, _thickness_mm(self._path[i])) for i, owner in enumerate(owners)}
        for owner, thickness in found:
            with open_netcdf(self.microstructure_path(owner)) as data:
                grains = len(np.unique(data["element_grain"].values))
            diameter = mean_diameter(sheet.width_mm * sheet.height_mm, grains)
            ratios.append(float(thickness / diameter))
        return [min(ratios), max(ratios)]


@cache
def _thickness_mm(shard: str) -> float:
    with open_netcdf(shard) as data:
        return study_of(data, shard).specimen.thickness_mm


def in_plane(study: Study) -> str:
    """Hash of what samples to adapt to have in common: not thickness, nor what lies below."""
    specimen = study.specimen.model_copy(update={"thickness_mm": 1.0})
    plane = study.model_copy(update={"specimen": specimen, "solid": None})
    return f"{study.forward_model} {plane.physics_hash()}"


def finer_samples(dataset: Collection, shards: Sequence[Path]) -> Sheets:
    """Open samples on a finer mesh or in three dimensions, else as ``dataset``: maps, noise.

    Raises
    ------
    SlipfieldError
        If membranes and solids are mixed, or the shards differ in more than what a sheet is like
        below its face.
    """
    owners = np.unique(dataset.microstructures).tolist()
    maps = [dataset.microstructure_path(owner) for owner in owners]
    references = [dataset.reference_path(owner) for owner in owners]
    found = Sheets.of_shards(netcdf_files(shards), maps, references, in_plane)
    found.thickness_mm = dataset.study.specimen.thickness_mm
    return found.with_noise(dataset.noise)
