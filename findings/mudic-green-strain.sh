#!/usr/bin/env bash
# muDIC 0.2.1 (PyPI): `Fields.green_strain` is documented as 0.5 (F'F - I), the Green-Lagrange strain, and returns
# 0.5 (F F' - I), the strain of the left Cauchy-Green tensor. With a rotation of 90 degrees after a stretch of 1.2 along x
# the stretch shows along y: E_xx = 0 and E_yy = 0.22 instead of 0.22 and 0. `eng_strain` and `true_strain` follow from it.
# Output with 0.2.1:
#   documented (F'F - I)/2: xx 0.2200 yy 0.0000; returned: xx 0.0000 yy 0.2200
# Exit status 1 if the behaviour changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet muDIC==0.2.1 numpy==1.26.4 scipy==1.11.4 matplotlib==3.8.4
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
from muDIC.post.viz import Fields

turn, stretch = np.array([[0.0, -1.0], [1.0, 0.0]]), np.diag([1.2, 1.0])
f = turn @ stretch
found = Fields._green_strain_(f.reshape(1, 2, 2, 1, 1, 1))[0, :, :, 0, 0, 0]
documented = 0.5 * (f.T @ f - np.eye(2))
print(
    f"documented (F'F - I)/2: xx {documented[0, 0]:.4f} yy {documented[1, 1]:.4f}; "
    f"returned: xx {found[0, 0]:.4f} yy {found[1, 1]:.4f}"
)
raise SystemExit(0 if np.allclose(found, 0.5 * (f @ f.T - np.eye(2))) else 1)
PYTHON
