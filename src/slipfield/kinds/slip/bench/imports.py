"""CPU seconds of importing one specimen: 20 strain maps of 35,000 points, an orientation map.

The files are those of a homogeneous tension of 2 % and of square grains. The same commands may be
run by the sources of another checkout in turn, for a ratio that the machine's load hardly touches.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.tables import write_summary

FRAMES, POINTS, STEP_PX, SCALE = 20, 187, 8, 0.0025
PIXELS, GRAIN_PIXELS = 400, 50
SHEET_MM = SCALE * STEP_PX * (POINTS - 1)
SOURCES = Path(__file__).parents[4]


def bench_imports(output: Path, repeats: int, beside: Path | None) -> list[dict[str, Any]]:
    """Measure imports ``repeats`` times; write the medians to ``output`` and as JSON beside it.

    Parameters
    ----------
    beside : root of another checkout, whose sources are measured in turn with these.

    Raises
    ------
    SlipfieldError
        If an import fails, or the other checkout has no sources.
    """
    trees = [SOURCES] if beside is None else [SOURCES, beside / "src"]
    if not all((tree / "slipfield").is_dir() for tree in trees):
        raise SlipfieldError(f"beside: no src/slipfield in {beside}; expected a checkout")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        dic, ebsd = _write_frames(work), _write_map(work / "map.ctf")
        seconds: dict[str, list[list[float]]] = {"strain maps": [], "orientation map": []}
        for number in range(repeats):
            for name in seconds:
                seconds[name].append([])
            for place, tree in enumerate(trees):
                own = work / f"{number}-{place}"
                own.mkdir()
                strain = own / "strain.nc"
                options = ["--scale", SCALE, "--interval", 5, "--thickness", 1, "--output", strain]
                seconds["strain maps"][-1].append(_cpu(tree, ["dic", *dic, *options]))
                options = ["--specimen", strain, "--output", own / "specimen.nc"]
                seconds["orientation map"][-1].append(_cpu(tree, ["ebsd", ebsd, *options]))
    rows = [_row(name, np.array(taken)) for name, taken in seconds.items()]
    rows.append(_row("both", np.sum(list(seconds.values()), axis=0)))
    write_summary(rows, output)
    return rows


def _row(name: str, taken: np.ndarray) -> dict[str, Any]:
    """Medians of CPU seconds (repeats, trees), and the median ratio to the other checkout."""
    row: dict[str, Any] = {"import": name, "repeats": len(taken)}
    row["cpu_s"] = round(statistics.median(taken[:, 0]), 3)
    if taken.shape[1] > 1:
        row["beside_cpu_s"] = round(statistics.median(taken[:, 1]), 3)
        row["ratio"] = round(statistics.median(taken[:, 0] / taken[:, 1]), 3)
    return row


def _cpu(tree: Path, arguments: Sequence[object]) -> float:
    """CPU seconds of one import by the sources of ``tree``, start of Python included."""
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-m", "slipfield", "import", *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SlipfieldError(f"import by {tree}: {done.stderr.strip().splitlines()[-1:]}")
    after = os.times()
    return after.children_user + after.children_system - before[2] - before[3]


def _write_frames(folder: Path) -> list[Path]:
    """Strain maps as VIC-2D writes them."""
    random = np.random.default_rng(0)
    column, row = (v.ravel() for v in np.meshgrid(np.arange(POINTS), np.arange(POINTS)))
    paths = []
    for frame in range(1, FRAMES + 1):
        along = 0.02 * frame / FRAMES
        x, y = STEP_PX * column, STEP_PX * row
        strain = [-0.35 * along, along, 0.0] + 5e-4 * random.standard_normal((len(x), 3))
        table = np.column_stack([x, y, 0 * x + 0.01, -0.35 * along * x, along * y, strain])
        lines = ['"x", "y", "sigma", "u", "v", "exx", "eyy", "exy"']
        lines += [", ".join(f"{value:.7g}" for value in line) for line in table]
        paths.append(folder / f"frame_{frame:03d}.csv")
        write_text(paths[-1], "\n".join(lines) + "\n")
    return paths


def _write_map(path: Path) -> Path:
    """Channel text file of square grains."""
    random = np.random.default_rng(1)
    across = PIXELS // GRAIN_PIXELS
    angles = random.uniform([0, 0, 0], [360, 90, 90], (across * across, 3))
    step = 1e3 * SHEET_MM / PIXELS
    facts = ["Channel Text File", "Prj\tbench", "Author\t", "JobMode\tGrid"]
    facts += [f"XCells\t{PIXELS}", f"YCells\t{PIXELS}", f"XStep\t{step:.5f}", f"YStep\t{step:.5f}"]
    facts += ["AcqE1\t0", "AcqE2\t0", "AcqE3\t0", "Phases\t1"]
    facts += ["3.615;3.615;3.615\t90;90;90\tCopper\t11\t225\t\t\t"]
    facts += ["Phase\tX\tY\tBands\tError\tEuler1\tEuler2\tEuler3\tMAD\tBC\tBS"]
    lines = []
    for row, column in np.ndindex(PIXELS, PIXELS):
        turn = angles[across * (row // GRAIN_PIXELS) + column // GRAIN_PIXELS]
        shown = "\t".join(f"{value:.4f}" for value in turn + 0.2 * random.standard_normal(3))
        lines.append(f"1\t{step * column:.4f}\t{step * row:.4f}\t8\t0\t{shown}\t0.5\t120\t200")
    write_text(path, "\n".join([*facts, *lines]) + "\n")
    return path
