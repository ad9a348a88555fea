"""Picture of a curve: true and engineering stress, band, pins, and a measured test beside it."""

from __future__ import annotations

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from slipfield.kinds.curves.measured import TensionTest
from slipfield.kinds.curves.product import Curve
from slipfield.report.style import BLUE, GREY, ORANGE, RED, save_figure, use_style


def draw_curve(curve: Curve, path: Path, test: TensionTest | None = None) -> None:
    """Draw a curve into a file; a test is drawn up to its maximum load."""
    use_style()
    columns, sheet, top = curve.columns, curve.sheet, curve.necking
    figure = Figure(figsize=(6.2, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    percent = 100 * columns["true_strain"]
    axes.fill_between(
        percent,
        columns["low_MPa"],
        columns["high_MPa"],
        color=BLUE,
        alpha=0.18,
        linewidth=0,
        label=f"band of true stress ({curve.band.coverage:.0%} of whole curves)",
    )
    axes.plot(percent, columns["true_stress_MPa"], color=BLUE, label=f"true ({curve.law_name})")
    axes.plot(
        100 * columns["engineering_strain"],
        columns["engineering_stress_MPa"],
        color=ORANGE,
        label="engineering",
    )
    if test is not None:
        axes.plot(
            100 * test.true_strain,
            test.true_stress_MPa,
            color=GREY,
            ls="--",
            label="true, measured",
        )
        axes.plot(100 * test.strain, test.stress_MPa, color=GREY, ls=":", label="eng., measured")
    pins = [
        (point.engineering_strain, point.engineering_stress_MPa)
        for point in (sheet.proof_point, sheet.late_proof_point, top)
        if point is not None
    ]
    names = "Rp0.2" if sheet.late_proof_point is None else "Rp0.2, Rp1.0"
    axes.plot(
        [100 * strain for strain, _ in pins],
        [stress for _, stress in pins],
        ls="",
        marker="o",
        ms=4,
        color=RED,
        label=f"{names}; Rm with necking at {top.engineering_strain:.1%}",
    )
    axes.set(xlabel="strain (%)", ylabel="stress (MPa)", xlim=(0, None), ylim=(0, None))
    axes.legend(loc="lower right")
    save_figure(figure, path)
