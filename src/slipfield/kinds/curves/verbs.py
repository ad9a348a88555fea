"""The verbs of stress-strain curves: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Output

app = typer.Typer()


@app.command()
def curve(
    proof_stress: Annotated[float, typer.Option(help="0.2 % proof stress Rp0.2, MPa.")],
    strength: Annotated[float, typer.Option(help="Tensile strength Rm, MPa.")],
    modulus: Annotated[float, typer.Option(help="Young's modulus, GPa.")],
    output: Output,
    uniform_elongation: Annotated[
        float | None, typer.Option(help="Total engineering strain at maximum load, 1.")
    ] = None,
    proof_stress_1: Annotated[
        float | None, typer.Option(help="1 % proof stress Rp1.0, MPa, of stainless steels.")
    ] = None,
    material_class: Annotated[
        str | None,
        typer.Option(
            "--class",
            help="steel, stainless, duplex, aluminium, nickel, copper or titanium; "
            "default: by modulus and Rp0.2/Rm.",
        ),
    ] = None,
    law: Annotated[
        str | None,
        typer.Option(help="hockett-sherby (default), voce, ludwik, swift or ludwik-paper."),
    ] = None,
    measured: Annotated[
        Path | None, typer.Option(help="Tension test (CSV) to score the curve against.")
    ] = None,
    gauge_length: Annotated[
        float | None, typer.Option(min=0, help="Of the test's extension, mm.")
    ] = None,
    area: Annotated[float | None, typer.Option(min=0, help="Of the test's load, mm².")] = None,
    load_unit: Annotated[
        str | None, typer.Option(help="N, kN or MPa, where the test's header names none.")
    ] = None,
    export: Annotated[
        list[str] | None,
        typer.Option(help="Also a table for abaqus, calculix or lsdyna; repeatable."),
    ] = None,
) -> None:
    """Make a stress-strain curve with band and necking point from a datasheet."""
    from slipfield.core.errors import SlipfieldError
    from slipfield.kinds.curves.datasheet import Datasheet
    from slipfield.kinds.curves.run import run_curve

    sheet = Datasheet(
        proof_stress, strength, modulus, uniform_elongation, material_class, proof_stress_1
    )
    of_test = {"gauge-length": gauge_length, "area": area, "load-unit": load_unit}
    given = next((name for name, value in of_test.items() if value is not None), None)
    if given and measured is None:
        raise SlipfieldError(f"{given}: belongs to a measured test; give it with --measured")
    test = (measured, gauge_length, area, load_unit) if measured else None
    for line in run_curve(sheet, output, law, test, export or ()):
        typer.echo(line)
