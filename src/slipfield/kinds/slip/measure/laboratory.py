"""A simulated sample as measurement files: VIC-2D strain maps, a .ctf map, load curve, outline.

For trying out an inversion whose answer is known, with the very files that a laboratory would have.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf, write_text
from slipfield.kinds.slip.dataset.noise import add_noise
from slipfield.kinds.slip.specimen.mesh import Mesh, bilinear_weights
from slipfield.kinds.slip.specimen.microstructure import grain_at, polygons_of
from slipfield.kinds.slip.study import PARAMETERS, Noise, Study
from slipfield.kinds.slip.study.recorded import study_of

PIXELS_PER_STEP = 10
SPACE_GROUPS = {"fcc": 225, "bcc": 229}
CTF_HEAD = """Channel Text File
Prj\tslipfield
Author\t[slipfield]
JobMode\tGrid
XCells\t{columns}
YCells\t{rows}
XStep\t{step_x:.6g}
YStep\t{step_y:.6g}
AcqE1\t0
AcqE2\t0
AcqE3\t0
Euler angles refer to Sample Coordinate system (CS0)!\tMag\t100\tCoverage\t100\tDevice\t0\tKV\t20
Phases\t1
3.6;3.6;3.6\t90;90;90\t{name}\t11\t{group}\t\t\tsimulated
Phase\tX\tY\tBands\tError\tEuler1\tEuler2\tEuler3\tMAD\tBC\tBS
"""


@dataclass(frozen=True)
class Instruments:
    """What the imagined laboratory measures with; lengths in mm.

    Attributes
    ----------
    step : distance of the strain maps' points.
    pixel : step of the orientation map.
    strain_std, load_std : standard deviations of the noise, 1 and relative.
    seed : of the noise.
    """

    step: float
    pixel: float
    strain_std: float = 5e-4
    load_std: float = 5e-3
    seed: int = 1


def export_sample(
    shard: Path, sample: int, microstructure: Path, instruments: Instruments, folder: Path
) -> None:
    """Write one simulated sample as measurement files into ``folder``.

    ``dic/frame_001.csv`` and so on, ``grains.ctf``, ``load.csv``, ``outline.csv``, and
    ``truth.json`` with the scale of the images (mm per pixel) and the true parameters.

    Raises
    ------
    SlipfieldError
        If the shard does not hold the sample, or it failed.
    """
    if not (0 < instruments.step < np.inf and 0 < instruments.pixel < np.inf):
        raise SlipfieldError(
            f"step, pixel: given {instruments.step:g}, {instruments.pixel:g}; expected mm above 0"
        )
    with open_netcdf(shard) as data, open_netcdf(microstructure) as grains:
        study = study_of(data, shard)
        found = np.flatnonzero(data["sample"].values == sample)
        if not len(found) or data["status"].values[found[0]]:
            raise SlipfieldError(f"{shard}: sample {sample} is not there or failed")
        one, micro = data.isel(sample=found[0]).load(), grains.load()
    write_laboratory(one, micro, study, instruments, folder)


def write_laboratory(
    one: xr.Dataset, micro: xr.Dataset, study: Study, instruments: Instruments, folder: Path
) -> None:
    """Write one sample as measurement files into ``folder``, as :func:`export_sample` says.

    Parameters
    ----------
    one : variables of a shard without the dimension of samples: strain, load, time, displacement,
        k1, k2, k3.
    micro : its grain map.
    """
    _write_strain(one, micro, study, instruments, folder / "dic")
    _write_load(one, instruments, folder / "load.csv")
    write_outline(micro, folder / "outline.csv")
    _write_ctf(micro, study, instruments.pixel, folder / "grains.ctf")
    truth = {name: float(one[name]) for name in PARAMETERS}
    facts = {
        "scale_mm_per_pixel": instruments.step / PIXELS_PER_STEP,
        **_frame_times(one["time"].values, folder),
        "thickness_mm": study.specimen.thickness_mm,
        "sheet_mm": [study.specimen.width_mm, study.specimen.height_mm],
        "parameters": truth,
        "noise": {
            "strain_std": instruments.strain_std,
            "load_relative_std": instruments.load_std,
        },
    }
    write_text(folder / "truth.json", json.dumps(facts, indent=1) + "\n")


def _frame_times(times: np.ndarray, folder: Path) -> dict[str, Any]:
    """What tells the times (n,) of the frames, s: an interval, or a file where they are uneven."""
    if np.allclose(np.diff(times, prepend=0.0), times[0], rtol=1e-6):
        return {"interval_s": float(times[0])}
    lines = ["time_s", *(f"{time:.10g}" for time in times)]
    write_text(folder / "times.csv", "\n".join(lines) + "\n")
    return {"times": "times.csv"}


def _write_strain(
    sample: xr.Dataset, micro: xr.Dataset, study: Study, instruments: Instruments, folder: Path
) -> None:
    """Strain maps at points of the sheet, every ``step`` mm, y down, sigma -1 off the sheet."""
    width, height, step = study.specimen.width_mm, study.specimen.height_mm, instruments.step
    columns, rows = (int(np.floor(size / step + 1e-9)) + 1 for size in (width, height))
    column, row = (v.ravel() for v in np.meshgrid(np.arange(columns), np.arange(rows)))
    mesh = Mesh(micro["x_mm"].values, micro["y_mm"].values)
    inside, weights = bilinear_weights(mesh, column * step, row * step)
    pixels = np.column_stack([column, rows - 1 - row]) * PIXELS_PER_STEP
    random = np.random.default_rng(instruments.seed)
    names = ("x", "y", "sigma", "exx", "eyy", "exy")
    for frame, field in enumerate(sample["strain"].values):
        values = np.zeros((3, len(column)))
        there = (weights @ field.reshape(3, -1).T.astype(float)).T
        values[:, inside] = there + instruments.strain_std * random.standard_normal(there.shape)
        values[2] *= -1
        table = np.vstack([pixels.T, np.where(inside, 0.01, -1), values])
        lines = [", ".join(f'"{name}"' for name in names)]
        lines += [", ".join(f"{value:.7g}" for value in line) for line in table.T]
        write_text(folder / f"frame_{frame + 1:03d}.csv", "\n".join(lines) + "\n")


def _write_load(sample: xr.Dataset, instruments: Instruments, path: Path) -> None:
    noise = Noise(load_relative_std=instruments.load_std, seed=instruments.seed)
    _, load = add_noise(sample["strain"].values, sample["load"].values, noise, 0)
    rows = zip(sample["time"].values, load, sample["displacement"].values, strict=True)
    lines = ["time_s,load_N,displacement_mm", "0,0,0"]
    lines += [f"{t:.6g},{f:.6g},{u:.8g}" for t, f, u in rows]
    write_text(path, "\n".join(lines) + "\n")


def write_outline(micro: xr.Dataset, path: Path) -> None:
    """Write the side edges of a sheet: y, left, right, mm."""
    x, y = micro["x_mm"].values, micro["y_mm"].values[:, 0]
    lines = ["y,left,right"]
    lines += [f"{h:.8g},{a:.8g},{b:.8g}" for h, a, b in zip(y, x[:, 0], x[:, -1], strict=True)]
    write_text(path, "\n".join(lines) + "\n")


def _write_ctf(micro: xr.Dataset, study: Study, pixel: float, path: Path) -> None:
    """Orientation map of the sheet, rows from the top down; pixels off the sheet not indexed."""
    width, height = study.specimen.width_mm, study.specimen.height_mm
    columns, rows = (int(round(size / pixel)) for size in (width, height))
    x = (np.arange(columns) + 0.5) * width / columns
    y = height - (np.arange(rows) + 0.5) * height / rows
    at_x, at_y = np.meshgrid(x, y)
    grain = grain_at(polygons_of(micro), at_x, at_y).ravel()
    mesh = Mesh(micro["x_mm"].values, micro["y_mm"].values)
    inside, _ = bilinear_weights(mesh, at_x.ravel(), at_y.ravel())
    degrees = np.degrees(micro["euler"].values)[grain]
    step_x, step_y = 1e3 * width / columns, 1e3 * height / rows
    lines = []
    for number in range(len(grain)):
        row, column = divmod(number, columns)
        angles = "\t".join(f"{a:.4f}" for a in degrees[number]) if inside[number] else "0\t0\t0"
        lines.append(
            f"{int(inside[number])}\t{column * step_x:.4f}\t{row * step_y:.4f}\t8\t"
            f"{0 if inside[number] else 3}\t{angles}\t0.5\t120\t200"
        )
    text = CTF_HEAD.format(
        columns=columns,
        rows=rows,
        step_x=step_x,
        step_y=step_y,
        name=f"{study.name} ({study.material.slip_family})",
        group=SPACE_GROUPS[study.material.slip_family],
    )
    write_text(path, text + "\n".join(lines) + "\n")
