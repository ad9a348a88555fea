"""What a micrograph in place of the true grain map costs an inversion.

One unseen specimen is simulated, and its grains are drawn as micrographs. Each of these is
segmented and imported with the orientations that its grains truly have, and the specimen is
inverted with it, and with the true map.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from slipfield.core.cache import cached_rows
from slipfield.core.digest import file_digest
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf, write_text
from slipfield.core.places import claimed
from slipfield.core.progress import track
from slipfield.core.tables import csv_text
from slipfield.kinds.micrograph.defaults import KEEP, shipped
from slipfield.kinds.micrograph.files import read_labels, write_image
from slipfield.kinds.micrograph.presets import preset_of
from slipfield.kinds.micrograph.render import render
from slipfield.kinds.micrograph.scene import covered_most, scene_of
from slipfield.kinds.micrograph.score import METHODS, share_matched
from slipfield.kinds.micrograph.segment import SegmentOptions, segment
from slipfield.kinds.slip.bench.measuring import read_measured, write_measured
from slipfield.kinds.slip.inversion.answers import Model
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.run import RESULT, invert
from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_labelled_image
from slipfield.kinds.slip.measure.specimen_file import write_specimen
from slipfield.kinds.slip.measure.unseen import random_parameters, unseen_study
from slipfield.kinds.slip.specimen.microstructure import grain_at, make_microstructure, polygons_of
from slipfield.kinds.slip.study import PARAMETERS, Study

TRUE = "true map"
"""Name of the row that is inverted with the true grain map."""


class Pulled(NamedTuple):
    """A specimen that was pulled.

    Attributes
    ----------
    measured : its strain maps and load.
    labels : uint16 (side, side), grains from 1; the upper edge of the sheet comes first.
    euler : (grains, 3), Bunge angles, rad.
    pixel_mm : size of a pixel, mm.
    """

    measured: xr.Dataset
    labels: np.ndarray
    euler: np.ndarray
    pixel_mm: float


def round_trip(
    model: Path, presets: list[str], cells: int, side: int, output: Path, keep: float = KEEP
) -> list[dict[str, Any]]:
    """Invert one specimen with its true grain map, and with micrographs of it.

    Writes ``summary.csv`` with a row for each; what is there already is not made again.

    Parameters
    ----------
    model : folder of a projection inverter.
    presets : looks of the micrographs.
    cells : elements of the specimen along each side.
    side : of a micrograph, px; it shows the whole sheet.
    keep : least probability of a line between grains, 1.

    Returns
    -------
    list of dict
        ``map``, ``grains``, ``matched`` (share of true grains of 100 px or more, 1), ``k1`` to
        ``k3`` (MPa mm^0.5, MPa, MPa mm^0.5), and ``k1_shift`` to ``k3_shift``, relative to the
        answer by the true map, 1.

    Raises
    ------
    SlipfieldError
        If the model cannot be read, a preset is unknown, or ``output`` holds another bench.
    """
    for preset in presets:
        preset_of(preset)
    if side < 256:
        raise SlipfieldError(f"side: given {side}; expected 256 px or more")
    loaded = Model.load(model)
    facts = {
        "cells": cells,
        "side_px": side,
        "keep": keep,
        "networks": {task: file_digest(shipped(task)) for task in METHODS},
    }
    work = output / "work"
    with claimed(output, "micrograph round-trip"):
        loaded.claim(output / "bench.json", "round trip", facts)
        rows: list[dict[str, Any]] = []
        sheet = cache(partial(_pulled, loaded.study, cells, side, work))
        for name in track([TRUE, *presets], "invert"):
            path = output / "cases" / f"{name.replace(' ', '-')}.json"
            rows += cached_rows(path, partial(_row, model, sheet, name, work, keep))
        for row in rows:
            for parameter in PARAMETERS:
                row[f"{parameter}_shift"] = row[parameter] / rows[0][parameter] - 1.0
        write_text(output / "summary.csv", csv_text(rows))
    return rows


def _row(
    model: Path, pulled: Callable[[], Pulled], name: str, work: Path, keep: float
) -> list[dict[str, Any]]:
    """Answer by the true map, or by a micrograph of the look ``name``."""
    measured, true, euler, pixel = pulled()
    folder = work / name.replace(" ", "-")
    if name == TRUE:
        labels, path = true, folder / "grains.png"
        write_image(path, labels)
    else:
        drawn = render(name, 0, scene=scene_of(true))
        image = folder / "image.png"
        write_image(image, drawn.image, pixel * 1000)
        segment(image, folder, SegmentOptions(pixel_um=pixel * 1000, keep=keep))
        path = folder / "grains.png"
        labels = read_labels(path)
    table = folder / "orientations.csv"
    write_text(table, orientations(labels, true, euler))
    data = add_labelled_image(measured, path, pixel, table, None, False, GrainOptions())
    specimen, result = folder / "specimen.nc", folder / "result"
    for earlier in (specimen, result / RESULT):
        earlier.unlink(missing_ok=True)
    write_specimen(data, specimen)
    answer = invert(specimen, [model], result, membrane=True, laid=True).answer
    values = dict(zip(PARAMETERS, map(float, answer.parameters), strict=True))
    grains = len(np.unique(labels))
    return [{"map": name, "grains": grains, "matched": share_matched(true, labels), **values}]


def _pulled(base: Study, cells: int, side: int, work: Path) -> Pulled:
    """Pull an unseen specimen, or read what was measured on it."""
    index = base.specimen.microstructures
    study = unseen_study(base, 1, cells)
    solver = Solver.prepare(study, make_microstructure(study, index), work / "solver")
    truth = random_parameters(base, 1, seed=index)[0]
    with open_netcdf(solver.microstructure) as file:
        grains = file.load()
    files = work / "laboratory"
    if not (files / "truth.json").exists():
        cell = study.specimen.height_mm / base.specimen.cells_y
        write_measured(solver.run(truth), truth, grains, study, cell, 0, files)
    pixel = study.specimen.height_mm / side
    x, y = np.meshgrid(*[pixel * (np.arange(side) + 0.5)] * 2)
    labels = (grain_at(polygons_of(grains), x, y)[::-1] + 1).astype(np.uint16)
    return Pulled(read_measured(files), labels, grains.euler.values, pixel)


def orientations(labels: np.ndarray, true: np.ndarray, euler: np.ndarray) -> str:
    """CSV of Bunge angles, rad, of each label: those of the true grain that it covers most.

    Parameters
    ----------
    labels, true : (height, width); ``true`` from 1, by which ``euler`` (n, 3) goes.
    """
    owner = covered_most(labels, true)
    names = ("phi1", "Phi", "phi2")
    rows = [
        {"label": int(label), **dict(zip(names, map(float, euler[owner[label] - 1]), strict=True))}
        for label in np.unique(labels)
    ]
    return csv_text(rows)
