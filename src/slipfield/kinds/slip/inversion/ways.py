"""Eight ways to lay a grain map on the strain maps, four to read its angles, and which one fits.

A mirrored or turned map and wrong reference axes of Euler angles are the commonest mistakes of an
import. Each way is run on a coarse mesh up to a moderate strain, at the centre of the sampling box,
and its strain pattern compared with the measured one.

In the plane of a sheet a cubic crystal and the same one turned by half a turn about the normal, or
mirrored in that plane, strain alike: of the eight in-plane reference axes four are different.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.core.errors import NoEquilibrium, SlipfieldError
from slipfield.core.progress import progress
from slipfield.kinds.slip.inversion.agreement import fluctuations
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.sheet import measured_microstructure, measured_study
from slipfield.kinds.slip.measure.axes import Axes, euler_axes, rotation_of
from slipfield.kinds.slip.measure.grain_maps import from_specimen
from slipfield.kinds.slip.measure.resample import resample
from slipfield.kinds.slip.specimen.mesh import Mesh
from slipfield.kinds.slip.specimen.orientation import euler_of_matrix, matrix_of_euler
from slipfield.kinds.slip.study import Study, check_study

SUSPECT = 0.88
"""Correlation below which other ways to lay the grain map are tried."""

MOST_CELLS = 40
"""Elements along a side of the coarse mesh, at most."""

STRAIN_SHARE = 0.35
"""Share of the largest elongation up to which the ways are run."""

FITS = 0.8
"""Correlation of strain patterns on the coarse mesh from which a way may be the right one: sizes of
grains alone reach 0.7."""

CLEARLY = 0.1
"""By how much the right way correlates better than the map as it was given."""

ENOUGH = 0.86
"""Correlation from which no other way needs to be tried."""

LARGEST_ASPECT = 1.1

PLACES = {
    "as given": [[1, 0], [0, 1]],
    "mirrored left to right": [[-1, 0], [0, 1]],
    "mirrored upside down": [[1, 0], [0, -1]],
    "turned by half a turn": [[-1, 0], [0, -1]],
    "turned by a quarter to the left": [[0, -1], [1, 0]],
    "turned by a quarter to the right": [[0, 1], [-1, 0]],
    "mirrored about its rising diagonal": [[0, 1], [1, 0]],
    "mirrored about its falling diagonal": [[0, -1], [-1, 0]],
}
CRYSTALS = {
    "as given": np.eye(3),
    "mirrored": np.diag([1.0, -1.0, -1.0]),
    "turned by a quarter": np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]),
    "mirrored about a diagonal": np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, -1]]),
}
REFERENCES = ("x,y", "-x,-y", "-y,x", "y,-x", "x,-y", "-x,y", "y,x", "-y,-x")


@dataclass(frozen=True)
class Way:
    """One way to read a grain map.

    Attributes
    ----------
    place, crystals : how the map and its orientations are turned against what was given.
    correlation : of its strain pattern with the measured one.
    options : of `import ebsd` or `import grains` that do it, or empty if the file does not say how
        it was imported.
    """

    place: str
    crystals: str
    correlation: float
    options: str = ""

    @property
    def remedy(self) -> str:
        """What to do, in a sentence."""
        what = []
        if self.place != "as given":
            what.append(f"the grain map {self.place}")
        if self.crystals != "as given":
            what.append(f"its orientations {self.crystals} (other reference axes of the angles)")
        how = f": import it again with {self.options}" if self.options else ""
        return (
            f"With {' and '.join(what)} the strain patterns correlate to {self.correlation:.2f}"
            f"{how}."
        )


def better_way(data: xr.Dataset, trained: Study, work: Path) -> tuple[Way | None, float]:
    """Try the ways; returns the one that fits, None if none does, and how the given one does.

    Raises
    ------
    SlipfieldError
        If a forward run cannot be started.
    """
    frame = _frame(data)
    cells = [min(MOST_CELLS, c) for c in (trained.specimen.cells_x, trained.specimen.cells_y)]
    given = _correlation(data, trained, frame, cells, work / "as-given")
    best: Way | None = None
    families = _families(data)
    with progress("try other ways to lay the grain map", sum(map(len, families))) as advance:
        for family in families:
            for place, crystals in family:
                folder = work / f"{place}-{crystals}".replace(" ", "-")
                turned = turned_map(data, place, crystals)
                found = _correlation(turned, trained, frame, cells, folder)
                advance()
                if best is None or found > best.correlation:
                    best = Way(place, crystals, found)
                if found >= max(ENOUGH, given + 2 * CLEARLY):
                    break
            if best and best.correlation >= max(FITS, given + CLEARLY):
                options = import_options(data, best.place, best.crystals)
                return Way(best.place, best.crystals, best.correlation, options), given
    return None, given


def _families(data: xr.Dataset) -> Sequence[Sequence[tuple[str, str]]]:
    """Ways by how likely they are meant: one mistake before two."""
    aspect = np.ptp(data["grain_x_mm"].values) / np.ptp(data["grain_y_mm"].values)
    square = max(aspect, 1 / aspect) < LARGEST_ASPECT
    places = [p for p, m in PLACES.items() if square or m[0][0]]
    laid = [(place, "as given") for place in places[1:]]
    read = [("as given", crystals) for crystals in list(CRYSTALS)[1:]]
    single = [*laid[:2], *read, *laid[2:]]
    double = [way for way in product(places, CRYSTALS) if "as given" not in way]
    return single, double


def _frame(data: xr.Dataset) -> int:
    """First frame with a good part of the largest elongation."""
    displacement = np.abs(data["displacement"].values)
    return int(np.argmax(displacement >= STRAIN_SHARE * displacement.max()))


def _correlation(
    data: xr.Dataset, trained: Study, frame: int, cells: list[int], work: Path
) -> float:
    """Correlation of the strain patterns in one frame; NaN counts as none."""
    cut = data.isel(time=slice(0, frame + 1))
    content = measured_study(cut, trained, (cells[0], cells[1])).model_dump(mode="json")
    content["loading"] |= {"outputs": 1, "output_times_s": None}
    try:
        micro, study = measured_microstructure(cut, check_study(content, "specimen"))
    except SlipfieldError:  # this way, the map leaves some of the sheet without a grain
        return 0.0
    try:
        run = Solver.prepare(study, micro, work).run(np.array(trained.sampling.centre))
    except NoEquilibrium:
        return 0.0
    mesh = Mesh(micro["x_mm"].values, micro["y_mm"].values)
    measured = resample(cut.isel(time=[frame]), study, mesh).nodal[0]
    found = fluctuations(measured, run.strain[-1]).correlation
    return found if np.isfinite(found) else 0.0


def turned_map(data: xr.Dataset, place: str, crystals: str) -> xr.Dataset:
    """Specimen whose grain map is turned or mirrored about its middle, and its orientations."""
    (a, b), (c, d) = PLACES[place]
    grain = data["grain_id"].values
    x, y = (data[f"grain_{name}_mm"].values for name in "xy")
    if not a:
        grain, x, y = grain.T, y, x
    grain = grain[:: c + d, :: a + b]
    spread = grain.shape == data["grain_id"].shape
    data = data if spread else data.drop_dims(["grain_x", "grain_y"])
    names = {"grain_id": ("grain_y", "grain_x"), "grain_x_mm": "grain_x", "grain_y_mm": "grain_y"}
    for (name, dims), values in zip(names.items(), (grain, x, y), strict=True):
        data = data.assign({name: (dims, values)})
    if "euler" not in data or crystals == "as given":
        return data
    matrices = matrix_of_euler(data["euler"].values) @ CRYSTALS[crystals]
    return data.assign(euler=(("grain", "angle"), euler_of_matrix(matrices)))


def import_options(data: xr.Dataset, place: str, crystals: str) -> str:
    """Options of the import that read the grain map in another way; empty if that is unknown."""
    text = data.attrs.get("grain_axes")
    if not text:
        return ""
    given = json.loads(text)
    old = Axes(given["y_axis"], given["load_axis"])
    wanted = np.array(PLACES[place]) @ old.matrix
    axes = next(axes for axes in _all_axes() if np.allclose(axes.matrix, wanted))
    options = []
    if axes.y_axis != old.y_axis:
        options.append(f"--y-axis {axes.y_axis}")
    if axes.load_axis != old.load_axis:
        options.append(f"--load-axis {axes.load_axis}")
    if "euler" in data:
        named = _reference(data["affine"].values, given["euler_axes"], old, axes, crystals)
        if not named:
            return ""
        if named != given["euler_axes"]:
            options.append(f"--euler-axes={named}")
    return " ".join(options)


def _all_axes() -> Iterator[Axes]:
    for load_axis in ("y", "x", "-y", "-x"):
        for y_axis in ("down", "up"):
            yield Axes(y_axis, load_axis)


def _reference(affine: np.ndarray, named: str, old: Axes, new: Axes, crystals: str) -> str:
    """Reference axes of the angles under ``new`` that turn the crystals as wanted."""
    rotation = rotation_of(affine)
    wanted = from_specimen(old, named, affine) @ CRYSTALS[crystals] @ rotation.T @ new.turn
    alike = [np.eye(3), np.diag([-1.0, -1.0, 1.0])]
    for name in (named, *REFERENCES):
        matrix = euler_axes(name)
        turned = [matrix @ new.turn.T @ half @ new.turn for half in alike]
        if min(np.abs(each - wanted).max() for each in turned) < 0.5:
            return name
    return ""
