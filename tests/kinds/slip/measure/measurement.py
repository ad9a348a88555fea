"""A made-up tension test and writers of the files that measuring programs export from it.

The displacement is a quadratic polynomial of the position, so that every strain measure follows in
closed form. Arrays are in specimen axes: (y, x), y up along the load.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
from scipy.io import loadmat, savemat

PIXELS_PER_STEP = 8
STEP_MM = 0.05
SCALE = STEP_MM / PIXELS_PER_STEP
INTERVAL = 10.0


@dataclass
class Test:
    """Positions (mm), displacements (time, y, x) in mm and Green-Lagrange strain."""

    __test__ = False

    nx: int = 21
    ny: int = 31
    elongation: tuple[float, ...] = (0.01, 0.02, 0.03, 0.04)
    lost: list[tuple[int, int, int]] = field(default_factory=lambda: [(1, 4, 7), (3, 20, 2)])

    def __post_init__(self):
        self.x, self.y = STEP_MM * np.arange(self.nx), STEP_MM * np.arange(self.ny)
        x, y = np.meshgrid(self.x, self.y)
        e = np.array(self.elongation)[:, None, None]
        self.u = e * (-0.35 * x + 0.02 * x * y + 0.03 * y)
        self.v = e * (y + 0.04 * x**2)
        self.gradient = np.stack(
            [
                np.stack([e * (-0.35 + 0.02 * y), e * (0.02 * x + 0.03)], axis=-1),
                np.stack([e * 0.08 * x, e * np.ones_like(x)], axis=-1),
            ],
            axis=-2,
        )
        h = self.gradient
        green = 0.5 * (h + np.swapaxes(h, -1, -2) + np.einsum("...ki,...kj->...ij", h, h))
        self.strain = np.stack([green[..., 0, 0], green[..., 1, 1], green[..., 0, 1]], axis=1)
        self.mask = np.zeros(self.u.shape, dtype=bool)
        for place in self.lost:
            self.mask[place] = True

    @property
    def measured(self) -> np.ndarray:
        """Strain with NaN where a point was lost."""
        return np.where(self.mask[:, None], np.nan, self.strain)

    def picture(self):
        """Pixels, displacements in px and strains as an image program sees them: y down."""
        column, row = np.meshgrid(np.arange(self.nx), np.arange(self.ny))
        x = 40.0 + PIXELS_PER_STEP * column
        y = 24.0 + PIXELS_PER_STEP * (self.ny - 1 - row)
        exx, eyy, exy = np.moveaxis(self.strain, 1, 0)
        return x, y, self.u / SCALE, -self.v / SCALE, exx, eyy, -exy


def _rows(test: Test, frame: int, keep_lost: bool):
    """Tuples of one frame's points: x, y, u, v, exx, eyy, exy, lost."""
    x, y, *fields = test.picture()
    for at in np.ndindex(x.shape):
        lost = test.mask[frame][at]
        if keep_lost or not lost:
            yield (x[at], y[at], *(f[frame][at] for f in fields), lost)


def write_vic2d(test: Test, folder: Path, delimiter: str = ", ") -> list[Path]:
    """VIC-2D CSV: quoted names, sigma -1 where the match was lost."""
    names = ["x", "y", "sigma", "u", "v", "exx", "eyy", "exy", "e1", "e2", "gamma"]
    paths = []
    for frame in range(len(test.elongation)):
        lines = [delimiter.join(f'"{name}"' for name in names)]
        for x, y, u, v, exx, eyy, exy, lost in _rows(test, frame, True):
            values = [x, y, -1 if lost else 0.01]
            values += [0.0] * 8 if lost else [u, v, exx, eyy, exy, 0, 0, 0]
            lines.append(delimiter.join(f"{value:.9g}" for value in values))
        paths.append(folder / f"specimen_{frame + 1:03d}.csv")
        paths[-1].write_text("\n".join(lines) + "\n")
    return paths


def write_vic2d_calibrated(test: Test, folder: Path) -> list[Path]:
    """VIC-2D CSV with calibrated columns in mm, y up, and descriptive headers."""
    names = ["X [mm]", "Y [mm]", "U [mm]", "V [mm]"]
    names += [f"{name} [1] - Lagrange" for name in ("exx", "eyy", "exy")]
    paths = []
    x, y = np.meshgrid(test.x - 3.0, test.y + 2.0)
    for frame in range(len(test.elongation)):
        keep = ~test.mask[frame]
        columns = [x, y, test.u[frame], test.v[frame], *test.strain[frame]]
        table = np.column_stack([column[keep] for column in columns])
        paths.append(folder / f"cal_{frame}.csv")
        header = ",".join(f'"{name}"' for name in names)
        np.savetxt(paths[-1], table, delimiter=",", header=header, comments="", fmt="%.9g")
    return paths


def write_vic2d_mat(test: Test, folder: Path) -> list[Path]:
    """VIC-2D MATLAB: one array per variable, zeros and sigma -1 where the match was lost."""
    paths = []
    x, y, *fields = test.picture()
    for frame in range(len(test.elongation)):
        keep = ~test.mask[frame]
        arrays = dict(zip(("u", "v", "exx", "eyy", "exy"), fields, strict=True))
        content = {name: np.where(keep, array[frame], 0) for name, array in arrays.items()}
        content |= {"x": np.where(keep, x, 0), "y": np.where(keep, y, 0)}
        content["sigma"] = np.where(keep, 0.01, -1.0)
        content = {name: np.flipud(array) for name, array in content.items()}
        paths.append(folder / f"out{frame:02d}.mat")
        savemat(paths[-1], content)
    return paths


MATCHID_2024 = (
    "Coordinates.Image X [Pixel]",
    "Coordinates.Image Y [Pixel]",
    "coor.X [mm]",
    "coor.Y [mm]",
    "disp.Horizontal Displacement U [mm]",
    "disp.Vertical Displacement V [mm]",
    "strain.Strain-global frame: Exx [ ]",
    "strain.Strain-global frame: Eyy [ ]",
    "strain.Strain-global frame: Exy [ ]",
)
MATCHID_2023 = ("x_pic", "y_pic", "x", "y", "u", "v", "exx", "eyy", "exy")


def write_matchid(test: Test, folder: Path, names=MATCHID_2024, delimiter=",") -> list[Path]:
    """MatchID CSV: lost points are left out; displacements in mm; decimal commas with ';'."""
    paths = []
    for frame in range(len(test.elongation)):
        lines = [delimiter.join(names)]
        for x, y, u, v, *strain, _ in _rows(test, frame, False):
            values = [x, y, x * SCALE, y * SCALE, u * SCALE, v * SCALE, *strain]
            line = delimiter.join(f"{value:.9g}" for value in values)
            lines.append(line.replace(".", ",") if delimiter == ";" else line)
        paths.append(folder / f"Frame{frame + 1:04d}.csv")
        paths[-1].write_text("\n".join(lines) + "\n")
    return paths


DICE_NAMES = (
    "SUBSET_ID,COORDINATE_X,COORDINATE_Y,DISPLACEMENT_X,DISPLACEMENT_Y,SIGMA,GAMMA,BETA,"
    "STATUS_FLAG,UNCERTAINTY,VSG_STRAIN_XX,VSG_STRAIN_YY,VSG_STRAIN_XY"
)


def write_dice(test: Test, folder: Path) -> list[Path]:
    """DICe solution files: a block of remarks, SIGMA -1 where the subset was lost."""
    paths = []
    for frame in range(len(test.elongation)):
        lines = ["***", "*** Digital Image Correlation Engine (DICe)", "***", DICE_NAMES]
        for number, (x, y, u, v, *strain, lost) in enumerate(_rows(test, frame, True)):
            sigma = -1 if lost else 0.005
            values = [number, x, y, u, v, sigma, 0.02, 0, 4, 0.001, *strain]
            lines.append(",".join(f"{value:.8E}" for value in values))
        paths.append(folder / f"DICe_solution_{frame:02d}.txt")
        paths[-1].write_text("\n".join(lines) + "\n")
    return paths


GOM_NAMES = (
    "id,x,y,z,displacement_x,displacement_y,displacement_z,"
    "epsilon_x,epsilon_y,epsilon_xy,mises_strain"
)


def write_gom(test: Test, folder: Path, delimiter: str = ";") -> list[Path]:
    """GOM Correlate CSV: times as file names, deformed positions, y up, no entry where lost."""
    paths = []
    x, y = np.meshgrid(test.x - 3.0, test.y + 2.0)
    for frame in range(len(test.elongation)):
        time = INTERVAL * (frame + 1) + 0.5
        u, v, keep = test.u[frame], test.v[frame], ~test.mask[frame]
        lines = ["# Units: length:mm angle:deg time:s ", f"# Stage: Stufe {frame + 2}"]
        lines.append("stage;index;relative_time;date".replace(";", delimiter))
        stage = [f'"Stufe {frame + 2}"', f"{frame + 2}", f"{time:.4f}", '"2023-02-10T13:54:18.404"']
        lines += [delimiter.join(stage), "# Name : Flächenkomponente 1"]
        lines.append(GOM_NAMES.replace(",", delimiter))
        for number, at in enumerate(np.ndindex(x.shape)):
            place = [x[at] + u[at], y[at] + v[at], -0.2]
            strain = [component[at] for component in test.strain[frame]]
            values = [*place, u[at], v[at], 0.0005, *strain, 0.001] if keep[at] else [*place]
            entries = [str(number), *(f"{value:.10f}" for value in values)]
            lines.append(delimiter.join(entries + [""] * (11 - len(entries))))
        paths.append(folder / f"Flächenkomponente 1_{time:.3f} s.csv")
        paths[-1].write_text("\n".join(lines) + "\n", encoding="utf-8")
    return paths


def ncorr_content(test: Test):
    """Structure that Ncorr saves, as nested dictionaries; maps from the top row down."""
    _, _, u, v, exx, eyy, exy = test.picture()
    strains, displacements = [], []
    for frame in range(len(test.elongation)):
        keep = ~test.mask[frame]
        maps = {"exx": exx, "eyy": eyy, "exy": exy}
        region = {"mask": np.flipud(keep)}
        strains.append(
            {
                f"plot_{n}_ref_formatted": np.flipud(np.where(keep, m[frame], 0))
                for n, m in maps.items()
            }
            | {"roi_ref_formatted": region}
        )
        displacements.append(
            {
                f"plot_{n}_ref_formatted": np.flipud(np.where(keep, m[frame] * SCALE, 0))
                for n, m in {"u": u, "v": v}.items()
            }
        )
    info = {"spacing": float(PIXELS_PER_STEP - 1), "pixtounits": SCALE, "units": "mm"}
    return {"strains": strains, "displacements": displacements, "dispinfo": info}


def write_ncorr(test: Test, folder: Path) -> list[Path]:
    """Ncorr's file in MATLAB's format 5."""
    content = ncorr_content(test)
    arrays = {name: np.array(content[name], dtype=object) for name in ("strains", "displacements")}
    path = folder / "ncorr.mat"
    savemat(path, {"data_dic_save": {**arrays, "dispinfo": content["dispinfo"]}})
    return [path]


def write_ncorr_73(test: Test, folder: Path) -> list[Path]:
    """Ncorr's file in MATLAB's format 7.3: HDF5 with references and transposed arrays."""
    content = ncorr_content(test)
    path = folder / "ncorr73.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        top = file.create_group("data_dic_save")
        pool = file.create_group("#refs#")

        def put(value, name: str) -> h5py.Reference:
            if isinstance(value, dict):
                group = pool.create_group(name)
                for key, inner in value.items():
                    group[key] = np.asarray(inner, dtype=np.uint8).T
                return group.ref
            return pool.create_dataset(name, data=np.asarray(value).T).ref

        for part in ("strains", "displacements"):
            group = top.create_group(part)
            for key in content[part][0]:
                refs = [put(e[key], f"{part}{i}{key}") for i, e in enumerate(content[part])]
                data = np.array(refs, dtype=h5py.ref_dtype).reshape(1, -1)
                group.create_dataset(key, data=data, dtype=h5py.ref_dtype)
        info = top.create_group("dispinfo")
        info["spacing"] = np.array([[content["dispinfo"]["spacing"]]])
        info["pixtounits"] = np.array([[content["dispinfo"]["pixtounits"]]])
        text = info.create_dataset("units", data=np.array([[ord(c)] for c in "mm"], np.uint16))
        text.attrs["MATLAB_class"] = np.bytes_("char")
    with open(path, "r+b") as handle:
        handle.write(b"MATLAB 7.3 MAT-file")
    return [path]


def saved_as_73(path: Path) -> Path:
    """The same MATLAB file as `save -v7.3` writes it: HDF5 behind a block of 512 bytes."""
    content = loadmat(path, simplify_cells=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in content.items():
            for key, entry in value.items() if isinstance(value, dict) else [("", value)]:
                if not name.startswith("__"):
                    file[f"{name}/{key}".rstrip("/")] = np.atleast_2d(entry).T
    with open(path, "r+b") as handle:
        handle.write(b"MATLAB 7.3 MAT-file")
    return path


def write_load(path: Path, test: Test, header: str = "time_s,load_N", factor: float = 1.0) -> Path:
    """Load curve that is denser than the frames: 100 N for each percent of elongation."""
    time = np.linspace(0, INTERVAL * len(test.elongation), 81)
    frames = INTERVAL * np.arange(len(test.elongation) + 1)
    elongation = np.interp(time, frames, [0.0, *test.elongation])
    table = np.column_stack([time, 1e4 * elongation * factor])
    np.savetxt(path, table, delimiter=",", header=header, comments="", fmt="%.9g")
    return path
