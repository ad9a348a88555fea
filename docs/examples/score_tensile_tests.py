"""Score datasheet curves against measured tension tests.

envs/run python docs/examples/score_tensile_tests.py steel:205:dp.csv aluminium:70:5005.csv ...

Each test is CLASS:MODULUS_GPa:FILE. Rp0.2, Rm and the uniform elongation are taken from the test
itself; then every law predicts the test from them, with the uniform elongation and without, and the
default law with Rp1.0 as well. A last line gives the medians.
"""

import sys
from dataclasses import replace
from pathlib import Path
from statistics import median

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.measured import nonconformity, score
from slipfield.kinds.curves.pinning import BENDING_LAW, LAWS, PAPER_LAW
from slipfield.kinds.curves.product import make_curve
from slipfield.kinds.curves.reading import read_test

tests = []
for argument in sys.argv[1:]:
    material, modulus, path = argument.split(":", 2)
    test = read_test(Path(path))
    tests.append((Path(path).stem, test, test.datasheet(float(modulus), material)))

print("law,elongation,test,similarity,median_error,score")
RULES = [(law, kind) for law in LAWS for kind in ("given", "correlated")]
RULES.remove((PAPER_LAW, "given"))
RULES += [(BENDING_LAW, "given and Rp1.0"), (BENDING_LAW, "correlated and Rp1.0")]
for law, kind in RULES:
    found = []
    for name, test, sheet in tests:
        known = sheet
        if kind.startswith("correlated"):
            known = replace(known, uniform_elongation=None)
        if not kind.endswith("Rp1.0"):
            known = replace(known, proof_stress_1_MPa=None)
        try:
            curve = make_curve(known, law)
        except SlipfieldError as error:
            print(f"# {name}: {error}")
            continue
        result = score(test, curve.law, known, curve.band)
        width = nonconformity(test, curve.law, known, curve.band.elongation_given)
        found.append((result.similarity, result.median_error, width))
        print(f"{law},{kind},{name},{result.similarity:.4f},{result.median_error:.4f},{width:.4f}")
    middle = [median(column) for column in zip(*found, strict=True)]
    print(f"# {law}, {kind}: median R² {middle[0]:.3f}, median error {middle[1]:.1%}")
