#!/usr/bin/env bash
# SciPy 1.17.1 (PyPI): `scipy.stats.qmc.Sobol` reads its table of direction numbers when it is first used. Where that read
# fails, as in a process that has too many files open, the error is printed as "Exception ignored" and not raised, and the
# sequence goes on with zeros: all points are 0, or with scrambling all are one and the same point.
# Output with 1.17.1 (beside the ignored error):
#   distinct points among 8: without scrambling 1, with scrambling 1; once the table can be read 8
# Exit status 1 if the behaviour changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet scipy==1.17.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import os
import resource

import numpy as np
from scipy.stats import qmc


def distinct(scramble):
    return len(np.unique(qmc.Sobol(2, scramble=scramble, rng=0).random(8), axis=0))


limits = resource.getrlimit(resource.RLIMIT_NOFILE)
free = os.open(os.devnull, os.O_RDONLY)
os.close(free)
resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))  # no further file can be opened
plain, scrambled = distinct(False), distinct(True)
resource.setrlimit(resource.RLIMIT_NOFILE, limits)
whole = distinct(True)
print(
    f"distinct points among 8: without scrambling {plain}, with scrambling {scrambled}; "
    f"once the table can be read {whole}"
)
raise SystemExit(0 if (plain, scrambled, whole) == (1, 1, 8) else 1)
PYTHON
