"""Files of programs that are recognised but not read, and what to do instead."""

from __future__ import annotations

import re

from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.headers import split

VTK = ("a VTK file", "open it in ParaView and save its points as CSV (File, Save Data)")
BINARY = {
    ".vc7": ("DaVis vectors (binary)", "export them as text"),
    ".im7": ("DaVis images (binary)", "export vectors as text"),
    ".set": ("a DaVis data set (binary)", "export vectors as text"),
    ".out": ("results of VIC (binary)", "export CSV (File, Export)"),
    ".z2d": ("a VIC project", "export CSV (File, Export)"),
    ".z3d": ("a VIC project", "export CSV (File, Export)"),
    ".e": ("DICe results (Exodus)", "let DICe write text (output_spec)"),
    ".aramis": ("an ARAMIS project", "export a surface component as CSV"),
    ".gom": ("a GOM project", "export a surface component as CSV"),
    ".correlate": ("a GOM Correlate project", "export a surface component as CSV"),
    ".zinspect": ("a ZEISS INSPECT project", "export a surface component as CSV"),
    ".m2inp": ("settings of MatchID", "export the results as CSV"),
    ".m3inp": ("settings of MatchID", "export the results as CSV"),
    ".vtk": VTK,
    ".vtu": VTK,
    ".vti": VTK,
    ".zs2": ("a testXpert series (binary)", "export the readings of the test as text"),
    ".zse": ("a testXpert series (binary)", "export the readings of the test as text"),
    ".tdms": ("measurements of LabVIEW (binary)", "save the channels as CSV"),
    ".xlsx": ("an Excel workbook", "save the sheet as CSV"),
    ".xls": ("an Excel workbook", "save the sheet as CSV"),
    ".npz": ("NumPy arrays", "write a CSV as docs/howto-dic.md describes"),
    ".npy": ("a NumPy array", "write a CSV as docs/howto-dic.md describes"),
}
MATLAB = (
    ({"ResultDisp", "DICpara"}, "2D-ALDIC", "export points with pyALDIC"),
    ({"ResultDefGrad"}, "2D-ALDIC", "export points with pyALDIC"),
    ({"ResultStrain"}, "2D-ALDIC", "export points with pyALDIC"),
    ({"ResultStrainWorld"}, "2D-ALDIC", "export points with pyALDIC"),
    ({"DIC2DpairResults"}, "MultiDIC (image pairs)", "save the Ncorr analysis of the pair"),
    ({"DIC3DpairResults"}, "MultiDIC", "write a CSV as docs/howto-dic.md describes"),
    ({"DIC3DAllPairsResults"}, "MultiDIC", "write a CSV as docs/howto-dic.md describes"),
    ({"DIC3DPPresults"}, "MultiDIC", "write a CSV as docs/howto-dic.md describes"),
    ({"DIC3DAllPairsPPresults"}, "MultiDIC", "write a CSV as docs/howto-dic.md describes"),
)
TEXTS = (
    (r"# vtk DataFile|<VTKFile", *VTK),
    (r"(?i)VARIABLES *=", "a Tecplot file", "write a CSV as docs/howto-dic.md describes"),
    (
        "Imetrum|Video Gauge",
        "gauges of Imetrum, no map of strains",
        "its loads and extensions are for `import load`",
    ),
    (
        "ARAMIS",
        "a text of ARAMIS of another layout",
        "export a surface component as CSV, or nodemaps",
    ),
)
"""What the first lines of a text hold, its program, and the way out."""


def unread(head: Head) -> str | None:
    """One sentence on a file that no reader takes: its program, and the way out."""
    if head.suffix in BINARY:
        what, remedy = BINARY[head.suffix]
        return f"{what}, which is not read; {remedy}"
    for arrays, program, remedy in MATLAB:
        if arrays <= head.arrays:
            return f"results of {program}, which are not read; {remedy}"
    if head.arrays:
        shown = ", ".join(sorted(head.arrays)[:6])
        return (
            f"arrays {shown}: of no program that is known here; write a CSV as "
            "docs/howto-dic.md describes"
        )
    for pattern, what, remedy in TEXTS:
        if any(re.search(pattern, line) for line in head.lines[:20]):
            return f"{what}, which is not read; {remedy}"
    if _is_matrix(head):
        return (
            "a matrix of numbers without names, one field a file (MatchID, OpenCorr); export a "
            "table of points with positions and strains"
        )
    return None


def _is_matrix(head: Head) -> bool:
    rows = [line for line in head.lines[:20] if line.strip()]
    if len(rows) < 2 or head.columns:
        return False
    for delimiter in (";", "\t", ",", None):
        counts = {len([e for e in split(row, delimiter) if e]) for row in rows[:-1]}
        if len(counts) == 1 and counts.pop() >= 4:
            return True
    return False
