"""What the verb `curve` does."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.datasheet import Datasheet
from slipfield.kinds.curves.exports import FORMATS, other_exports, write_export
from slipfield.kinds.curves.measured import score as score_curve
from slipfield.kinds.curves.product import DEFAULT_LAW, make_curve
from slipfield.kinds.curves.writing import write_curve

TestFile = tuple[Path, float | None, float | None, str | None]
"""A measured test: file, gauge length, mm, cross-section, mm², and unit of the load."""


def run_curve(
    sheet: Datasheet,
    folder: Path,
    law_name: str | None = None,
    test_file: TestFile | None = None,
    solvers: Iterable[str] = (),
) -> list[str]:
    """Make a curve, score it if there is a test, and write everything into a folder.

    Returns
    -------
    list of str
        What to tell the user, line by line.

    Raises
    ------
    SlipfieldError
        If datasheet, law, test or solver are wrong, or a file cannot be written.
    """
    solvers = list(solvers)
    for solver in solvers:
        if solver not in FORMATS:
            raise SlipfieldError(f"export: given {solver!r}; expected one of {', '.join(FORMATS)}")
    curve = make_curve(sheet, law_name or DEFAULT_LAW)
    test = score = None
    doubts: list[str] = []
    if test_file is not None:
        from slipfield.kinds.curves.mismatch import mismatches
        from slipfield.kinds.curves.reading import read_test  # pandas: half a second

        test = read_test(*test_file)
        score = score_curve(test, curve.law, sheet, curve.band)
        doubts = mismatches(test, sheet)
    write_curve(curve, folder, test, score, doubts)
    top = curve.necking
    lines = [
        f"{curve.law_name}: necks at {top.engineering_strain:.4f} engineering strain, "
        f"{top.true_strain:.4f} true, {top.true_stress_MPa:.1f} MPa ({curve.elongation_source})",
        *(f"warning: {text}" for text in (*curve.warnings, *doubts)),
    ]
    if score is not None:
        lines.append(
            f"measured: R² {score.similarity:.3f}, median error {score.median_error:.1%}, largest "
            f"{score.largest_error:.1%}, to true strain {score.true_strain_to:.3f}; "
            f"{'inside' if score.covered else 'outside'} the band"
        )
    lines += [str(write_export(curve, solver, folder)) for solver in solvers]
    lines += [f"warning: {path} is of an earlier curve" for path in other_exports(folder, solvers)]
    lines.append(str(folder / "curve.csv"))
    return lines
