"""A made-up grain map and writers of the files that EBSD programs export from it.

Columns of grains, 8 pixels wide, in two rows that meet at a third of the height; pixel 0.02 mm. The
orientations are given in specimen axes.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

PIXEL = 0.02
NX, NY = 48, 60
LOWER_ROWS = 20
EULER = np.radians(
    [
        [10, 20, 30],
        [75, 40, 15],
        [130, 60, 70],
        [200, 35, 80],
        [255, 50, 5],
        [310, 25, 45],
        [40, 70, 60],
        [95, 10, 20],
        [160, 45, 35],
        [220, 65, 50],
        [280, 30, 10],
        [345, 55, 25],
    ]
)


def grain_pixels() -> np.ndarray:
    """Grain (NY, NX) of every pixel, row 0 at the bottom."""
    row, column = np.divmod(np.arange(NX * NY), NX)
    return (column // 8 + 6 * (row >= LOWER_ROWS)).reshape(NY, NX)


def pixel_euler(scatter: float = 0.0) -> np.ndarray:
    """Angles (NY, NX, 3), rad, with a scatter inside the grains, rad."""
    random = np.random.default_rng(0)
    return EULER[grain_pixels()] + scatter * random.standard_normal((NY, NX, 3))


CTF_HEAD = """Channel Text File
Prj\ttest
Author\t[Unknown]
JobMode\tGrid
XCells\t{nx}
YCells\t{ny}
XStep\t{step}
YStep\t{step}
AcqE1\t0
AcqE2\t0
AcqE3\t0
Euler angles refer to Sample Coordinate system (CS0)!\tMag\t100\tCoverage\t100\tDevice\t0\tKV\t20
Phases\t1
3.615;3.615;3.615\t90;90;90\tCopper\t11\t225\t\t\tx
Phase\tX\tY\tBands\tError\tEuler1\tEuler2\tEuler3\tMAD\tBC\tBS
"""


def _scan_rows(euler: np.ndarray):
    """Rows from the top left corner: x and y in um (y down) and angles."""
    for row in range(NY):
        for column in range(NX):
            yield 1e3 * PIXEL * column, 1e3 * PIXEL * row, euler[NY - 1 - row, column]


def write_ctf(path: Path, euler: np.ndarray, unindexed=(), head: str = CTF_HEAD) -> Path:
    """Channel text file; angles in degrees refer to x right, y up."""
    lines = []
    for number, (x, y, angles) in enumerate(_scan_rows(euler)):
        phase = 0 if number in unindexed else 1
        e1, e2, e3 = np.degrees(angles) % 360 if phase else (0, 0, 0)
        lines.append(
            f"{phase}\t{x:.4f}\t{y:.4f}\t8\t{0 if phase else 3}\t{e1:.4f}\t{e2:.4f}\t{e3:.4f}"
            "\t0.5\t120\t200"
        )
    path.write_text(head.format(nx=NX, ny=NY, step=1e3 * PIXEL) + "\n".join(lines) + "\n")
    return path


ANG_HEAD = """# TEM_PIXperUM          1.000000
# x-star                0.5
# y-star                0.5
# z-star                0.5
# WorkingDistance       15.0
#
# Phase 1
# MaterialName  \tCopper
# Formula     \tCu
# Info
# Symmetry              43
# LatticeConstants      3.615 3.615 3.615  90.000  90.000  90.000
# NumberFamilies        0
#
# GRID: {grid}
# XSTEP: {step}
# YSTEP: {step}
# NCOLS_ODD: {nx}
# NCOLS_EVEN: {nx}
# NROWS: {ny}
#
# OPERATOR: \ttest
#
"""


def write_ang(path: Path, euler: np.ndarray, grid: str = "SqrGrid") -> Path:
    """EDAX map; angles in rad refer to x down the picture, y to its right.

    Turning the reference axes by -90 degrees about z adds 90 degrees to phi1.
    """
    lines = []
    for x, y, angles in _scan_rows(euler):
        e1, e2, e3 = (angles + [np.pi / 2, 0, 0]) % (2 * np.pi)
        lines.append(f"  {e1:.5f}  {e2:.5f}  {e3:.5f}  {x:.5f}  {y:.5f}  900.0  0.950  0  1  0.800")
    head = ANG_HEAD.format(grid=grid, nx=NX, ny=NY, step=1e3 * PIXEL)
    path.write_text(head + "\n".join(lines) + "\n")
    return path


def write_h5oina(path: Path, euler: np.ndarray, pixels: int = NX * NY) -> Path:
    """Oxford HDF5 map with the mandatory datasets; angles in rad refer to x right, y up."""
    angles = np.array([row[2] for row in _scan_rows(euler)])
    with h5py.File(path, "w") as file:
        file["Format Version"] = np.array([b"5.0"])
        file["Index"] = np.array([b"1"])
        head = file.create_group("1/EBSD/Header")
        for name, cells in (("X", NX), ("Y", NY)):
            head[f"{name} Cells"] = np.array([cells], np.int32)
            head[f"{name} Step"] = np.array([1e3 * PIXEL], np.float32)
        head["Phases/1/Phase Name"] = np.array([b"Copper"])
        head["Phases/1/Laue Group"] = np.array([11], np.int32)
        data = file.create_group("1/EBSD/Data")
        data["Phase"] = np.ones((pixels, 1), np.uint8)
        data["Euler"] = angles[:pixels].astype(np.float32)
    return path


def write_euler_table(path: Path, labels, header: str = "label,phi1,Phi,phi2") -> Path:
    """Table of angles in degrees, one row for each label."""
    rows = [",".join(f"{v:.10g}" for v in (n, *np.degrees(EULER[i]))) for i, n in enumerate(labels)]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path
