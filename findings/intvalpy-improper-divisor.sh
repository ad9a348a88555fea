#!/usr/bin/env bash
# IntvalPy 2.0.3 divides by an improper interval that holds zero and returns finite ends.
#
# In Kaucher's arithmetic an interval whose proper projection holds zero has no inverse. IntvalPy refuses the proper
# divisor [-3, 5] with a ValueError, but divides by its dual, the improper [5, -3], without a word:
#     [-1, 2] / [-3, 5]   ValueError
#     [-1, 2] / [5, -3]   [-0.8666666666666667, 0.7333333333333334]
#     [2, -1] / [5, -3]   [0.0, 0.0]
# (Python 3.11. mpmath is named below because IntvalPy imports it without asking for it.)
# Exit status: 0 as described, 1 if the behaviour changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet intvalpy==2.0.3 mpmath==1.4.1 numpy==2.4.6
cat >"$folder/divide.py" <<'END'
import sys

import intvalpy


def interval(first, last):
    return intvalpy.Interval(first, last, sortQ=False)


def quotient(a, b):
    try:
        found = interval(*a) / interval(*b)
        return float(found.a), float(found.b)
    except ValueError:
        return "ValueError"


found = [quotient((-1, 2), (-3, 5)), quotient((-1, 2), (5, -3)), quotient((2, -1), (5, -3))]
print("intvalpy", intvalpy.__version__, *found, sep="\n")
improper = all(isinstance(value, tuple) for value in found[1:])
sys.exit(0 if found[0] == "ValueError" and improper else 1)
END
"$folder/venv/bin/python" "$folder/divide.py"
