#!/usr/bin/env bash
# orix 0.15.0 (PyPI): an EDAX .ang map with three columns of element counts behind the usual ten (OIM Analysis writes them
# for EDS maps) is read as of an "unknown" vendor, so that points of confidence index -1, which have angles of 4 pi, count
# as indexed. The same map with ten columns has them as not indexed. A warning speaks of the number of columns alone.
# Last line of the output with 0.15.0:
#   10 columns: 1 of 4 not indexed; 13 columns: 0 of 4 not indexed
# Exit status 1 if the behaviour changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet orix==0.15.0
"$folder/env/bin/python" - "$folder" <<'PYTHON'
import sys
import warnings
from pathlib import Path

from orix.io import load

warnings.simplefilter("ignore")
HEAD = """# TEM_PIXperUM          1.000000
#
# Phase 1
# MaterialName  \tCopper
# Formula     \tCu
# Symmetry              43
# LatticeConstants      3.615 3.615 3.615  90.000  90.000  90.000
# NumberFamilies        0
#
# GRID: SqrGrid
# XSTEP: 1.000000
# YSTEP: 1.000000
# NCOLS_ODD: 2
# NCOLS_EVEN: 2
# NROWS: 2
#
"""
counts = []
for extra in ("", " 12 8 0"):
    rows = []
    for number in range(4):
        lost = number == 3
        angles = "12.56637 12.56637 12.56637" if lost else "0.5 0.6 0.7"
        place = f"{number % 2:.2f} {number // 2:.2f}"
        rows.append(f"{angles} {place} 90.1 {-1 if lost else 0.6:.3f} 0 1 0.9{extra}")
    path = Path(sys.argv[1]) / f"map{len(extra)}.ang"
    path.write_text(HEAD + "\n".join(rows) + "\n")
    counts.append(int((~load(str(path)).is_indexed).sum()))
print(f"10 columns: {counts[0]} of 4 not indexed; 13 columns: {counts[1]} of 4 not indexed")
raise SystemExit(0 if counts == [1, 0] else 1)
PYTHON
