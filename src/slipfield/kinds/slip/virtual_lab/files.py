"""What else a laboratory has of a sheet: orientation map, control points, load curve, outline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.interpolate import PchipInterpolator

from slipfield.core.files import write_text
from slipfield.kinds.slip.measure.laboratory import CTF_HEAD, SPACE_GROUPS, write_outline
from slipfield.kinds.slip.specimen.mesh import Mesh, bilinear_weights
from slipfield.kinds.slip.specimen.microstructure import grain_at, polygons_of
from slipfield.kinds.slip.specimen.orientation import euler_of_matrix, matrix_of_euler
from slipfield.kinds.slip.study import Study


@dataclass(frozen=True)
class Errors:
    """Errors of microscope and testing machine.

    Attributes
    ----------
    pixel : of the orientation map, mm.
    turn : of the orientation map against the sheet, degrees.
    shift : of its lower left corner, mm along x and y.
    orientation : standard deviation of each component of a pixel's misorientation, degrees.
    lost : share of pixels without a solution.
    marks, mark : control points (0 for none), and standard deviation of their places, pixels of
        the map.
    readings, load : of the load, and relative standard deviation of each.
    """

    pixel: float = 0.005
    turn: float = 1.0
    shift: tuple[float, float] = (0.03, -0.02)
    orientation: float = 0.5
    lost: float = 0.02
    marks: int = 8
    mark: float = 1.5
    readings: int = 100
    load: float = 5e-3


def true_place(study: Study, errors: Errors) -> tuple[np.ndarray, np.ndarray]:
    """Where the orientation map lies: affine map (2, 3) of its axes to the sheet's, and its size.

    Both in mm; the map covers the sheet.
    """
    angle = np.radians(errors.turn)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    width, height = study.specimen.width_mm, study.specimen.height_mm
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ turn
    low, high = corners.min(axis=0), corners.max(axis=0)
    return np.column_stack([turn, turn @ low + np.array(errors.shift)]), high - low


def off_by(affine: np.ndarray, study: Study, errors: Errors) -> tuple[float, float]:
    """How far an orientation map lies off its true place.

    Parameters
    ----------
    affine : (2, 3) of the map's axes to the sheet's, mm.

    Returns
    -------
    Distance in the middle of the sheet, um, and turn, degrees.
    """
    true, _ = true_place(study, errors)
    middle = 0.5 * np.array([study.specimen.width_mm, study.specimen.height_mm])
    there = np.linalg.solve(true[:, :2], middle - true[:, 2])
    distance = np.linalg.norm(affine[:, :2] @ there + affine[:, 2] - middle)
    angles = [np.arctan2(a[1, 0] - a[0, 1], a[0, 0] + a[1, 1]) for a in (affine, true)]
    return float(1e3 * distance), float(abs(np.degrees(angles[0] - angles[1])))


def write_grains(
    micro: xr.Dataset, study: Study, errors: Errors, random: np.random.Generator, folder: Path
) -> None:
    """Write ``grains.ctf``, whose axes are turned against the sheet's, and ``marks.csv`` if any.

    With specimen axes x = R m + b of map axes m, a crystal's matrix H (specimen to crystal) becomes
    H R.
    """
    affine, size = true_place(study, errors)
    turn, base = affine[:, :2], affine[:, 2]
    columns, rows = (int(np.ceil(s / errors.pixel)) for s in size)
    column, row = (v.ravel() for v in np.meshgrid(np.arange(columns), np.arange(rows)))
    places = np.column_stack([column + 0.5, rows - row - 0.5]) * errors.pixel
    x, y = (places @ turn.T + base).T
    inside, _ = bilinear_weights(Mesh(micro["x_mm"].values, micro["y_mm"].values), x, y)
    grain = np.zeros(len(x), dtype=int)
    grain[inside] = grain_at(polygons_of(micro), x[inside], y[inside])
    whole = np.eye(3)
    whole[:2, :2] = turn
    degrees = _angles(matrix_of_euler(micro["euler"].values)[grain] @ whole, errors, random)
    there = inside & (random.random(len(x)) >= errors.lost)
    lines = [
        f"{int(ok)}\t{c * 1e3 * errors.pixel:.4f}\t{r * 1e3 * errors.pixel:.4f}\t8\t"
        f"{0 if ok else 3}\t{a[0]:.4f}\t{a[1]:.4f}\t{a[2]:.4f}\t0.5\t120\t200"
        for ok, c, r, a in zip(there, column, row, degrees, strict=True)
    ]
    family = study.material.slip_family
    head = CTF_HEAD.format(
        columns=columns,
        rows=rows,
        step_x=1e3 * errors.pixel,
        step_y=1e3 * errors.pixel,
        name=f"{study.name} ({family})",
        group=SPACE_GROUPS[family],
    )
    write_text(folder / "grains.ctf", head + "\n".join(lines) + "\n")
    if not errors.marks:
        return
    sheet = study.specimen.width_mm, study.specimen.height_mm
    marks = random.uniform(0.05, 0.95, (errors.marks, 2)) * sheet
    seen = (marks - base) @ turn + errors.mark * errors.pixel * random.standard_normal(marks.shape)
    table = [
        ",".join(f"{value:.6f}" for value in (*a, *b)) for a, b in zip(seen, marks, strict=True)
    ]
    text = "\n".join(["map_x,map_y,specimen_x,specimen_y", *table])
    write_text(folder / "marks.csv", text + "\n")


def _angles(matrices: np.ndarray, errors: Errors, random: np.random.Generator) -> np.ndarray:
    """Bunge angles (n, 3) in degrees of matrices (n, 3, 3), each turned by a small random angle."""
    a, b, c = np.radians(errors.orientation) * random.standard_normal((3, len(matrices)))
    one = np.ones_like(a)
    small = np.stack([one, -c, b, c, one, -a, -b, a, one], axis=1).reshape(-1, 3, 3)
    left, _, right = np.linalg.svd(small)
    return np.degrees(euler_of_matrix(left @ right @ matrices) % (2 * np.pi))


def write_load(
    time: np.ndarray, load: np.ndarray, errors: Errors, random: np.random.Generator, path: Path
) -> None:
    """Readings in kN, evenly spaced up to the end; between outputs the load is a monotone cubic."""
    curve = PchipInterpolator(np.append(0.0, time), np.append(0.0, load))
    at = np.linspace(0, time[-1], errors.readings + 1)
    seen = curve(at) * (1 + errors.load * random.standard_normal(len(at))) / 1e3
    lines = ["time_s,load_kN", *(f"{t:.6g},{f:.8g}" for t, f in zip(at, seen, strict=True))]
    write_text(path, "\n".join(lines) + "\n")


def write_others(
    micro: xr.Dataset,
    study: Study,
    time: np.ndarray,
    load: np.ndarray,
    errors: Errors,
    seed: int,
    folder: Path,
) -> None:
    """Write ``grains.ctf``, ``marks.csv``, ``load.csv`` and ``outline.csv``."""
    random = np.random.default_rng(seed)
    write_grains(micro, study, errors, random, folder)
    write_load(time, load, errors, random, folder / "load.csv")
    write_outline(micro, folder / "outline.csv")
