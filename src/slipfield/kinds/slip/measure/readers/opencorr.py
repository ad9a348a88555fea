"""OpenCorr: CSV of ``IO2D::saveTable2D``, one file a frame, pixels, y down.

Columns ``x, y, u, v, u0, v0, ZNCC, iteration, convergence, feature, exx, eyy, exy`` (oc_io.cpp in
github.com/vincentjzy/OpenCorr); a negative ZNCC tells why a point has no result (oc_icgn.cpp), and
strains are left at zero where too few neighbours correlate. The shear is the tensor's
(oc_strain.cpp). Whether strains are Cauchy's or Green's is a setting that the file does not tell,
so the measure has to be given. A table without strains is differentiated.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slipfield.kinds.slip.measure.readers.displacements import (
    DisplacementLayout,
    read_displacements,
)
from slipfield.kinds.slip.measure.readers.frames import Frames, numbered
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.point_tables import (
    STRAINS,
    Layout,
    from_first,
    table_of,
)

NAME = "opencorr"
TITLE = "OpenCorr"
COLUMNS = {name: name for name in ("x", "y", "u", "v", *STRAINS)}
LAYOUT = Layout(TITLE, COLUMNS, "px", "px", "down", None)
PLAIN = DisplacementLayout(TITLE, {n: n for n in ("x", "y", "u", "v")}, "px", "px", "down")


def recognises(head: Head) -> bool:
    """Whether a file has the columns of OpenCorr."""
    return head.has("x", "y", "u", "v", "u0", "v0", "ZNCC")


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read tables of points, one a frame."""
    files = numbered(files, gaps)
    first = table_of(files[0], [LAYOUT])
    if not first.keys() >= set(STRAINS):
        return read_displacements(files, PLAIN, gaps)
    return from_first(files, first, [LAYOUT])
