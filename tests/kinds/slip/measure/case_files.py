"""Small inputs as real programs write them, of known content: what users and issue threads showed.

Strain maps: NX x NX points every 10 px, y down, a homogeneous gradient that grows with the frame.
Orientation maps: CELLS x CELLS pixels, a grain of orientation A on the left and of B on the right,
and a hole of pixels inside A that were not indexed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

GRADIENT = np.array([[-0.004, 0.002], [0.001, 0.01]])
NX = 9
STEP_PX = 10.0
SCALE = 0.01

CELLS = 16
A, B = (30.0, 40.0, 15.0), (110.0, 70.0, 60.0)
HOLE = np.zeros((CELLS, CELLS), dtype=bool)
HOLE[5:8, 2:7] = True


def strain_of(frame: float, measure: str = "green_lagrange") -> np.ndarray:
    """Components xx, yy, xy in the file's axes, y down."""
    h = frame * GRADIENT
    if measure == "engineering":
        values, vectors = np.linalg.eigh((h + np.eye(2)).T @ (h + np.eye(2)))
        tensor = vectors @ np.diag(np.sqrt(values) - 1) @ vectors.T
    else:
        tensor = 0.5 * (h + h.T + h.T @ h)
    return np.array([tensor[0, 0], tensor[1, 1], tensor[0, 1]])


def specimen_strain(frame: float) -> np.ndarray:
    """Green-Lagrange components in specimen axes, y up."""
    return strain_of(frame) * [1, 1, -1]


def point_columns(frame: float, measure: str = "green_lagrange") -> dict[str, np.ndarray]:
    """Columns x, y, u, v, exx, eyy, exy of all points, px."""
    x, y = (v.ravel() for v in np.meshgrid(*[100 + STEP_PX * np.arange(NX)] * 2))
    u, v = frame * GRADIENT @ [x - 120, y - 140]
    exx, eyy, exy = np.outer(strain_of(frame, measure), np.ones_like(x))
    return {"x": x, "y": y, "u": u, "v": v, "exx": exx, "eyy": eyy, "exy": exy}


def write_points(
    path: Path,
    frame: float,
    header: str = '"x","y","u","v","exx","eyy","exy"',
    *,
    before: str = "",
    delimiter: str = ",",
    decimal: str = ".",
    extra: tuple[np.ndarray, ...] = (),
    measure: str = "green_lagrange",
    scale: float = 1.0,
    end: str = "",
    encoding: str = "utf-8",
) -> Path:
    """Table of points of a frame; ``scale`` multiplies the strains."""
    columns = point_columns(frame, measure)
    table = [columns[name] * (scale if name[0] == "e" else 1.0) for name in columns]
    rows = np.column_stack([*table, *extra])
    lines = [delimiter.join(f"{v:.9f}".replace(".", decimal) for v in row) + end for row in rows]
    path.write_text(before + "\n".join([header, *lines]) + "\n", encoding=encoding)
    return path


def grain_of() -> np.ndarray:
    """Grain (CELLS, CELLS) of each pixel."""
    return np.tile(np.arange(CELLS) // (CELLS // 2), (CELLS, 1))


def ctf_text(
    *,
    step: float = 50.0,
    start: float = 0.0,
    digits: int = 5,
    columns: int = 11,
    sparse: bool = False,
    decimal: str = ".",
    author: str = "[Unknown]",
    mode: str = "Grid",
    acquisition: float = 0.0,
    specks: int = 0,
    hole: bool = True,
) -> str:
    """Channel text file of the two grains; positions with so many digits, as Channel 5 writes."""
    names = "Phase X Y Bands Error Euler1 Euler2 Euler3 MAD BC BS".split()[:columns]
    head = ["Channel Text File", "Prj\tmap.cpr", f"Author\t{author}", f"JobMode\t{mode}"]
    head += [f"{n}Cells\t{CELLS}" for n in "XY"] + [f"{n}Step\t{step:g}" for n in "XY"]
    head += [f"AcqE1\t{acquisition:g}", "AcqE2\t0", "AcqE3\t0"]
    head += ["Euler angles refer to Sample Coordinate system (CS0)!\tMag\t200", "Phases\t1"]
    head += ["3.615;3.615;3.615\t90;90;90\tCopper\t11\t225\t\t\t[Copper.cry]", "\t".join(names)]
    rows = []
    for row, column in np.ndindex(CELLS, CELLS):
        lost = hole and HOLE[row, column]
        if lost and sparse:
            continue
        angles = (0.0,) * 3 if lost else (A, B)[grain_of()[row, column]]
        if specks and not lost and (row * CELLS + column) % specks == 1:
            angles = (angles[0] + 40, angles[1] - 30, angles[2] + 70)
        places = [f"{start + step * column:.{digits}g}", f"{step * row:.{digits}g}"]
        entries = ["0" if lost else "1", *places, "8", "3" if lost else "0"]
        entries += [f"{angle:.3f}" for angle in angles] + ["0.5", "100", "120"]
        rows.append("\t".join(entries[:columns]))
    text = "\n".join([*head, *rows]) + "\n"
    return text.replace(".", decimal) if decimal != "." else text


ANG_HEAD = """# TEM_PIXperUM          1.000000
# x-star                0.372300
#
# Phase 1
# MaterialName  \tCopper
# Formula     \tCu
# Symmetry              {symmetry}
# LatticeConstants      3.615 3.615 3.615  90.000  90.000  90.000
#
{more}# GRID: {grid}
# XSTEP: 50.000000
# YSTEP: {dy:.6f}
# NCOLS_ODD: {columns}
# NCOLS_EVEN: {even}
# NROWS: {rows}
#
"""
SECOND_PHASE = """# Phase 2
# MaterialName  \t{name}
# Formula     \tFe
# Symmetry              {symmetry}
# LatticeConstants      3.60 3.60 3.60  90.000  90.000  90.000
#
"""


def ang_text(
    *,
    extra: str = "",
    confidence: bool = True,
    second: np.ndarray | None = None,
    second_symmetry: str = "43",
    from_zero: bool = False,
    hexagonal: bool = False,
) -> str:
    """EDAX map of the two grains; pixels of the hole have angles of 4 pi and confidence -1.

    ``extra`` ends each row; ``second`` (CELLS, CELLS) are the pixels of a second phase.
    """
    dy = 50 * np.sqrt(0.75) if hexagonal else 50.0
    more = SECOND_PHASE.format(name="Austenite", symmetry=second_symmetry)
    text = ANG_HEAD.format(
        symmetry=43,
        more="" if second is None else more,
        grid="HexGrid" if hexagonal else "SqrGrid",
        dy=dy,
        columns=CELLS,
        even=CELLS - 1 if hexagonal else CELLS,
        rows=CELLS,
    )
    rows = []
    for row, column in np.ndindex(CELLS, CELLS):
        shifted = hexagonal and row % 2 == 1
        if shifted and column == CELLS - 1:
            continue
        lost = HOLE[row, column]
        angles = [4 * np.pi] * 3 if lost else np.radians((A, B)[grain_of()[row, column]])
        phase = 0 if second is None else 1 + int(second[row, column]) - int(from_zero)
        x = 50.0 * (column + 0.5 * shifted)
        ci = -1.0 if lost and confidence else 0.6
        rows.append(
            " ".join(f"{angle:.5f}" for angle in angles)
            + f" {x:.5f} {dy * row:.5f} 90.1 {ci:.3f} {phase} 1 0.900{extra}"
        )
    return text + "\n".join(rows) + "\n"
