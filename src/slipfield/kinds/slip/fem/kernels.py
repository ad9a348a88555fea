"""The C++ kernels of sheets and solids, and which of them a study loads."""

from __future__ import annotations

from pathlib import Path

from slipfield.kinds.slip.crystal.build import Precision, law_variants, sheet_variants
from slipfield.kinds.slip.study import Study

FEM = Path(__file__).parent
ELEMENTS = FEM / "elements.cpp"
SENSITIVITIES = FEM / "sensitivities.cpp"
HEXAHEDRA = FEM / "hexahedra.cpp"
CHOLESKY = FEM / "cholesky.cpp"


def study_kernels(study: Study, precision: Precision) -> list[tuple[Path, tuple[str, ...]]]:
    """Source and variants of every kernel that a study's samples and reference runs load.

    But for rates to q, of systems that harden alike: their kernel is compiled when it is needed.
    """
    law, alike = law_variants(study.material), sheet_variants(study.material)
    sheet = [(source, (*alike, precision)) for source in (ELEMENTS, SENSITIVITIES)]
    solid = [(HEXAHEDRA, (*law, "double"))] if study.solid else []
    return list(dict.fromkeys([*sheet, (CHOLESKY, (precision,)), *solid]))
