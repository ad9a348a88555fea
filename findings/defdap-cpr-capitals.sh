#!/usr/bin/env bash
# DefDAP 1.3.0 (PyPI): the reader of Channel 5 projects (.cpr/.crc) looks for the lattice of a phase under "a", "b", ...,
# "alpha". Other projects spell them "A", "B", ..., "Alpha" (for example data/EBSD/martensite.cpr of MTEX, whose own reader
# takes either). DefDAP ends with a KeyError on them.
# Output with 1.3.0:
#   a, b, c: 4 pixels; A, B, C: KeyError 'a'
# Exit status 1 if the behaviour changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet DefDAP==1.3.0
"$folder/env/bin/python" - "$folder" <<'PYTHON'
import struct
import sys
from pathlib import Path

from defdap.file_readers import OxfordBinaryLoader

PROJECT = """[Fields]
Field1=3
Field2=4
Field3=5
Field4=6
Field5=7
Field6=8
Count=6
[Job]
GridDistX=1
GridDistY=1
xCells=2
yCells=2
[Acquisition Surface]
Euler1=0
Euler2=0
Euler3=0
[Phases]
Count=1
[Phase1]
StructureName=Copper
{lattice}
LaueGroup=11
SpaceGroup=225
[EDX Windows]
Count=0
"""
NAMES = ("a", "b", "c", "alpha", "beta", "gamma")
results = []
for number, names in enumerate((NAMES, [name.capitalize() for name in NAMES])):
    lattice = "\n".join(f"{n}={v}" for n, v in zip(names, [3.615] * 3 + [90] * 3))
    path = Path(sys.argv[1]) / f"map{number}.cpr"
    path.write_text(PROJECT.format(lattice=lattice))
    record = struct.pack("<B4f2B", 1, 0.1, 0.2, 0.3, 0.5, 100, 120)
    path.with_suffix(".crc").write_bytes(4 * record)
    loader = OxfordBinaryLoader()
    try:
        loader.load(path)
        results.append(f"{loader.loaded_data.phase.size} pixels")
    except KeyError as error:
        results.append(f"KeyError {error}")
print(f"a, b, c: {results[0]}; A, B, C: {results[1]}")
raise SystemExit(0 if results == ["4 pixels", "KeyError 'a'"] else 1)
PYTHON
