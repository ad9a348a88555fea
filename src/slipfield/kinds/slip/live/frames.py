"""Reading the frames of a running test as its first ones were imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.doubts import repeats
from slipfield.kinds.slip.measure.loads import SAME_TIME_S, with_curve
from slipfield.kinds.slip.measure.readers import load_formats
from slipfield.kinds.slip.measure.readers.frames import (
    LARGEST_UNEVENNESS,
    Frames,
    frame_numbers,
)
from slipfield.kinds.slip.measure.readers.strain_formats import reader_named, recognised
from slipfield.kinds.slip.measure.specimen_checks import strain_problem
from slipfield.kinds.slip.measure.specimen_file import part, provenance
from slipfield.kinds.slip.measure.strain_maps import (
    StrainOptions,
    frame_times,
    strain_part,
)

PATHS = ("times", "outline")


@dataclass(frozen=True)
class Recipe:
    """How a specimen's files are read: options of its imports, and the names of the first frames.

    Attributes
    ----------
    strain : options of `import dic`.
    load : options of `import load`: unit, offset, thickness, use_displacement.
    first : names of the files of the first frames.
    table : name of the load table, empty if none was imported.
    """

    strain: StrainOptions
    load: dict[str, Any]
    first: tuple[str, ...]
    table: str

    @classmethod
    def of(cls, data: xr.Dataset, source: Path) -> Recipe:
        """Recipe that a specimen file keeps of its imports.

        Raises
        ------
        SlipfieldError
            If it has none of strain maps, or one that needs the whole test.
        """
        steps = {step.get("import"): step for step in provenance(data)}
        if "dic" not in steps:
            raise SlipfieldError(
                f"{source}: does not say how its strain maps were imported; make it with "
                "`import dic` from the first frames of the test"
            )
        given = steps["dic"]["options"]
        names = {each.name for each in fields(StrainOptions)}
        options = StrainOptions(**{n: _plain(n, v) for n, v in given.items() if n in names})
        if options.times is not None:
            raise SlipfieldError(
                f"{source}: imported with --times, which tells the frames of a finished test; "
                "import its first frames with --interval"
            )
        load = steps.get("load", {"options": {}, "files": []})
        kept = {"unit": None, "offset": 0.0, "thickness": None, "use_displacement": False}
        kept |= {name: value for name, value in load["options"].items() if name in kept}
        table = load["files"][0]["name"] if load["files"] else ""
        return cls(options, kept, tuple(f["name"] for f in steps["dic"]["files"]), table)


def _plain(name: str, value: Any) -> Any:
    """An option from JSON: paths and pairs as they were."""
    if name in PATHS and value is not None:
        return Path(value)
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True)
class Frame:
    """One frame: time and elongation, s and mm, and strain (3, y, x) at the specimen's points."""

    time: float
    elongation: float
    strain: np.ndarray


class FrameReader:
    """Reads one frame after the other onto the grid of the specimen.

    Parameters
    ----------
    data : specimen with the first frames.
    recipe : of its imports.
    folder : where the files of the first frames lie.

    Raises
    ------
    SlipfieldError
        If one of those is not there, or its name has no number.
    """

    def __init__(self, data: xr.Dataset, recipe: Recipe, folder: Path) -> None:
        self.data, self.recipe = data, recipe
        self.first = [folder / name for name in recipe.first]
        missing = next((path for path in self.first if not path.exists()), None)
        if missing is not None:
            raise SlipfieldError(
                f"{missing}: not there; the specimen was imported from it, so it is a frame, too"
            )
        frame_numbers(self.first)  # the others are recognised by their numbers
        form = recipe.strain.format
        self.format = recognised(self.first[0]) if form == "auto" else reader_named(form)
        self.start = self.format.read(self.first, False)
        self.options = replace(recipe.strain, interval=1.0, start=1.0)
        self._last = (-1, "", np.zeros(0))

    def read(self, path: Path, number: int) -> Frame:
        """Read frame ``number``, from 0, of the test.

        Raises
        ------
        SlipfieldError
            If the file cannot be read, shows points that the first frames do not, has strain at
            fewer than half of them, or repeats the frame before.
        """
        own = self.format.read([path], False)
        both = joined(self.start, own, path)
        found, _ = strain_part(both, [*self.first, path], self.options)
        for name in ("x_mm", "y_mm"):
            if found.sizes[name[0]] != self.data.sizes[name[0]]:
                raise SlipfieldError(f"{path}: shows points off the grid of the first frames")
        strain = found["strain"].values[-1]
        problem = strain_problem(strain[None], ["it"]) or self._repeats(strain, number)
        if problem:
            raise SlipfieldError(f"{path}: {problem}")
        self._last = (number, path.name, strain)
        return Frame(self._time(own, number), float(found["displacement"].values[-1]), strain)

    def _repeats(self, strain: np.ndarray, number: int) -> str:
        """Say that a frame repeats the one before; empty: it does not."""
        before, name, last = self._last
        alike = number > before and repeats(last, strain)
        return f"holds the values of {name} again" if alike else ""

    def _time(self, own: Frames, number: int) -> float:
        """Time of a frame as the import of the whole series gives it."""
        options = self.recipe.strain
        at_rest = float(self.data["time"].values[0]) == 0.0 and options.start is None
        if own.times is not None and self.start.times is not None and options.interval is None:
            known = np.append(self.start.times[:1], own.times[-1:])
            return float(frame_times(2, options, known, at_rest)[-1])
        return float(frame_times(number + 1, options, None, at_rest)[-1])


def joined(start: Frames, own: Frames, path: Path) -> Frames:
    """Frames ``start`` followed by those of one file, on the grid of ``start``.

    Raises
    ------
    SlipfieldError
        If the file has points off that grid.
    """
    index = []
    for axis, there in ((start.y, own.y), (start.x, own.x)):
        step = (axis[-1] - axis[0]) / (len(axis) - 1)
        place = (there - axis[0]) / step
        near = np.rint(place).astype(int)
        if near[0] < 0 or near[-1] >= len(axis) or np.abs(place - near).max() > LARGEST_UNEVENNESS:
            raise SlipfieldError(
                f"{path}: shows points off the grid of the first frames; import the specimen from "
                "frames that show all of them"
            )
        index.append(near)
    where = np.ix_(*index)

    def onto(values: np.ndarray) -> np.ndarray:
        full = np.full((*values.shape[:-2], len(start.y), len(start.x)), np.nan)
        full[(..., *where)] = values
        return full

    changed: dict[str, Any] = {"strain": np.concatenate([start.strain, onto(own.strain)])}
    for name in ("u", "v"):
        one, other = getattr(start, name), getattr(own, name)
        both = one is not None and other is not None
        changed[name] = np.concatenate([one, onto(other)]) if both else None
    return replace(start, **changed)


def readings_at(
    table: Path, times: Sequence[float], data: xr.Dataset, recipe: Recipe
) -> tuple[np.ndarray, np.ndarray]:
    """Loads and elongations (frames,), N and mm, at the frames that the table has come to.

    NaN later; the elongations also unless they are taken from the table.

    Parameters
    ----------
    table : load table so far.
    times : of the frames, s.
    data : specimen, whose section counts.

    Raises
    ------
    SlipfieldError
        If the table cannot be read.
    """
    load, elongation = np.full((2, len(times)), np.nan)
    options = dict(recipe.load)
    curve, _ = load_formats.read(table, options.pop("unit"))
    if curve.time is None:
        raise SlipfieldError(f"{table}: no column of times; a live inversion needs one")
    reached = np.array(times) <= curve.time[-1] + options["offset"] + SAME_TIME_S
    if reached.any():
        one = xr.Dataset(part({"time": np.array(times)[reached]}), attrs=data.attrs)
        found = with_curve(one, table, curve, **options)
        load[reached] = found["load"].values
        if "displacement" in found:
            elongation[reached] = found["displacement"].values
    return load, elongation
