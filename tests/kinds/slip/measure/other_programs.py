"""Writers of further DIC programs' files, of the test in `measurement.py`.

Layouts: OpenCorr, IO2D::saveTable2D (oc_io.cpp); pyALDIC 1.0.3, export/export_csv.py and
export_mat.py; muDIC, exportCSV (IO/readWriteUtils.py) and post/viz.py; DaVis 8 text as DefDAP
reads it; DaVis 10 text as published velocity fields have it; DICe's fields of stereo; VIC-3D CSV;
nodemaps of crackpy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import savemat

from tests.kinds.slip.measure.measurement import Test


def _table(path: Path, header: str, columns, delimiter: str = ",", end: str = "") -> Path:
    rows = np.column_stack([np.ravel(column) for column in columns])
    lines = [delimiter.join(f"{value:.10g}" for value in row) + end for row in rows]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def write_opencorr(test: Test, folder: Path) -> list[Path]:
    """OpenCorr: a delimiter at the end of every line, ZNCC -3 and no strain where lost."""
    header = "x,y,u,v,u0,v0,ZNCC,iteration,convergence,feature,exx,eyy,exy,subset_rx,subset_ry,"
    x, y, u, v, *strain = test.picture()
    paths = []
    for frame, lost in enumerate(test.mask):
        one = np.ones_like(x)
        zncc = np.where(lost, -3.0, 0.997)
        columns = [x, y, u[frame], v[frame], one, one, zncc, 4 * one, 1e-4 * one, 0 * one]
        columns += [np.where(lost, 0.0, part[frame]) for part in strain] + [16 * one, 16 * one]
        paths.append(_table(folder / f"poi_{frame + 1}.csv", header, columns, end=","))
    return paths


def _world(test: Test):
    """Pixels with y down; displacements and strains with y up, NaN where lost."""
    x, y, u, v, exx, eyy, exy = test.picture()
    fields = {"disp_u": u, "disp_v": -v, "strain_exx": exx, "strain_eyy": eyy, "strain_exy": -exy}
    return x, y, {name: np.where(test.mask, np.nan, value) for name, value in fields.items()}


def write_pyaldic(test: Test, folder: Path) -> list[Path]:
    """pyALDIC CSV: a mark of UTF-8, nan where lost, frames counted from 2."""
    x, y, fields = _world(test)
    header = ",".join(["\ufeffnode_id", "x_px", "y_px", *fields])
    paths = []
    for frame in range(len(test.elongation)):
        columns = [np.arange(x.size), x, y, *(value[frame] for value in fields.values())]
        paths.append(_table(folder / f"frame_{frame + 2}.csv", header, columns))
    return paths


def write_pyaldic_mat(test: Test, folder: Path, um2px: float = 2.5) -> list[Path]:
    """pyALDIC MATLAB: (nodes, frames), displacements in units of its calibration."""
    x, y, fields = _world(test)
    arrays = {name: value.reshape(len(value), -1).T for name, value in fields.items()}
    arrays |= {name: um2px * arrays[name] for name in ("disp_u", "disp_v")}
    nodes = np.column_stack([x.ravel(), y.ravel()])
    content = {"coordinates": nodes, "n_nodes": len(nodes), "n_frames": len(test.elongation)}
    gauge = {"winsize": 32, "winstepsize": 8, "strain_plane_fit_rad": 20.0}
    content["DICpara"] = {"um2px": um2px, "strain_type": 2, **gauge}
    savemat(folder / "results.mat", {**content, **arrays})
    return [folder / "results.mat"]


def write_mudic(test: Test, folder: Path) -> list[Path]:
    """muDIC: positions of the frame; stretches less one and half the change of angle."""
    names = [f"{kind}_strain_{n}" for kind in ("true", "eng") for n in ("xx", "yy", "xy")]
    header = ",".join(["id", "x", "y", "ux", "uy", *names, "F_xx", "F_yy", "F_xy"])
    x, y, u, v, xx, yy, xy = test.picture()
    across, along = np.sqrt(1 + 2 * xx), np.sqrt(1 + 2 * yy)
    eng = [across - 1, along - 1, 0.5 * np.arcsin(2 * xy / (across * along))]
    paths = []
    for frame, lost in enumerate(test.mask):
        blank = np.where(lost, np.nan, 0.0)
        strain = [each[frame] + blank for each in eng]
        columns = [np.arange(x.size), x + u[frame], y + v[frame], u[frame], v[frame]]
        columns += [np.log1p(each) for each in strain] + strain + [blank] * 3
        paths.append(_table(folder / f"fields{frame}.csv", header, columns))
    return paths


def write_davis(test: Test, folder: Path) -> list[Path]:
    """DaVis 8 text: one line of facts, tabs, zeros where there is no vector."""
    x, y, u, v, *_ = test.picture()
    units = '"" "pixel" "" "pixel" "displacement" "pixel"'
    paths = []
    for frame, lost in enumerate(test.mask):
        header = f"#DaVis 8.4.0 2D-vector 8 {test.ny} {test.nx} {units}"
        vectors = [np.where(lost, 0.0, each[frame]) for each in (u, v)]
        columns = [np.flipud(each) for each in (x, y, *vectors)]
        paths.append(_table(folder / f"B{frame + 1:05d}.txt", header, columns, "\t"))
    return paths


def write_davis_10(test: Test, folder: Path, unit: str = "mm") -> list[Path]:
    """DaVis 10 text: names and units in one line of facts, semicolons, y up and falling."""
    x, y = np.meshgrid(test.x, test.y)
    names = ";".join(
        f'"{n} [{u}]"' for n, u in (("x", "mm"), ("y", "mm"), ("Vx", unit), ("Vy", unit))
    )
    paths = []
    for frame, lost in enumerate(test.mask):
        header = f"#DaVis 10.x 2C vector field 4 {test.ny} {test.nx} {names}"
        vectors = [np.where(lost, 0.0, each[frame]) for each in (test.u, test.v)]
        columns = [np.flipud(each) for each in (x, y, *vectors)]
        paths.append(_table(folder / f"B{frame + 1:05d}.txt", header, columns, ";"))
    return paths


def write_davis_csv(test: Test, folder: Path) -> list[Path]:
    """DaVis 10 CSV: a plain header."""
    header = "x [mm];y [mm];Displacement x [mm];Displacement y [mm]"
    paths = write_davis_10(test, folder)
    for path in paths:
        rows = path.read_text().split("\n", 1)[1]
        path.write_text(f"{header}\n{rows}")
    return paths


def write_dice_stereo(test: Test, folder: Path, axes: tuple[int, int] = (1, 1)) -> list[Path]:
    """DICe, stereo: pixels of the left camera; model coordinates with ``axes`` (1: right, up)."""
    x, y, *_ = test.picture()
    names = [f"COORDINATE_{n}" for n in "XY"]
    names += [f"MODEL_{kind}_{n}" for kind in ("COORDINATES", "DISPLACEMENT") for n in "XYZ"]
    header = ",".join([*names, "SIGMA", *(f"VSG_STRAIN_{n}" for n in ("XX", "YY", "XY"))])
    right, up = axes
    mm = [right * np.meshgrid(test.x, test.y)[0], up * np.meshgrid(test.x, test.y)[1]]
    paths = []
    for frame, lost in enumerate(test.mask):
        exx, eyy, exy = test.strain[frame]
        columns = [x, y, *mm, 0 * x + 500, right * test.u[frame], up * test.v[frame], 0 * x]
        columns += [np.where(lost, -1, 0.01), exx, eyy, right * up * exy]
        paths.append(_table(folder / f"DICe_solution_{frame:02d}.txt", header, columns))
    return paths


def write_vic3d(test: Test, folder: Path, turn: float = 0.0, measure: str = "Lagrange"):
    """VIC-3D: metric positions that lie on no grid where the camera is turned, y up."""
    column, row = np.meshgrid(np.arange(test.nx), np.arange(test.ny))
    x, y = np.meshgrid(test.x, test.y)
    shift = 1e-4 * np.random.default_rng(1).standard_normal((2, *x.shape))
    x, y = x + turn * y + shift[0], y - turn * x + shift[1]
    names = [f"{n} [mm]" for n in "XYZUVW"]
    names += [f"{n} [1] - {measure}" for n in ("exx", "eyy", "exy")]
    names += ["x [pixel]", "y [pixel]", "sigma [pixel]"]
    header = ",".join(f'"{name}"' for name in names)
    paths = []
    for frame, lost in enumerate(test.mask):
        keep = ~lost
        columns = [x, y, 0 * x, test.u[frame], test.v[frame], 0 * x, *test.strain[frame]]
        columns += [10.0 * column, 10.0 * row, 0.01 + 0 * x]
        kept = [each[keep] for each in columns]
        paths.append(_table(folder / f"pull-{frame + 1:04d}_0.csv", header, kept, ", "))
    return paths


def write_nodemap(test: Test, folder: Path) -> list[Path]:
    """Nodemap of crackpy: the header is a comment, units differ between the strains."""
    names = "ID; x_undeformed [mm]; y_undeformed [mm]; z_undeformed [mm]; u [mm]; v [mm]; w [mm]"
    header = f"# Stage 1\n# {names}; eps_x [%]; eps_y [%]; eps_xy [1]; eps_eqv [%]"
    x, y = np.meshgrid(test.x, test.y)
    paths = []
    for frame, lost in enumerate(test.mask):
        blank = np.where(lost, np.nan, 0.0)
        exx, eyy, exy = (each + blank for each in test.strain[frame])
        columns = [np.arange(x.size), x, y, 0 * x, test.u[frame], test.v[frame], 0 * x]
        columns += [100 * exx, 100 * eyy, exy, 100 * eyy]
        paths.append(_table(folder / f"File_F_{frame + 1}.txt", header, columns, ";"))
    return paths
