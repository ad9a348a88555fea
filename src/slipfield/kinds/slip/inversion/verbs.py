"""The verb `invert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def invert(
    specimen: Annotated[Path, typer.Argument(help="Specimen file that `import` made.")],
    model: Annotated[list[Path], typer.Option(help="Folder of a trained inverter; repeatable.")],
    output: Annotated[Path, typer.Option(help="Folder of the result; must not hold one yet.")],
    refine: Annotated[
        int, typer.Option(min=0, help="Forward runs that a refinement may take.")
    ] = 0,
    start: Annotated[
        str, typer.Option(help="Refine from: prediction, or centre (of the sampling box).")
    ] = "prediction",
    cells: Annotated[
        tuple[int, int] | None,
        typer.Option(help="Elements along x and y; default: those of the model."),
    ] = None,
    draws: Annotated[
        int, typer.Option(help="Draws of the orientations where the specimen has none.")
    ] = 3,
    finer: Annotated[
        bool,
        typer.Option(help="Refine on a mesh twice as fine where more than the noise is left."),
    ] = True,
    register: Annotated[
        bool,
        typer.Option(help="Let a refinement move the grain map to where the strain maps want it."),
    ] = True,
    membrane: Annotated[
        bool,
        typer.Option("--membrane", help="Take the sheet for a membrane, whatever its thickness."),
    ] = False,
    subsurface: Annotated[
        int,
        typer.Option(
            min=0, help="Subsurface sheets: runs of this face in 3D with other grains drawn below."
        ),
    ] = 0,
    free: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A constant that a refinement estimates beside k1, k2, k3, with nothing known of "
            "it: h0, n, q, g0, or elastic (a common factor of C11, C12, C44). Repeatable.",
        ),
    ] = None,
    prior: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=LOW..HIGH",
            help="The same with what is known of it: a 95 % interval (factors for elastic). By "
            "default h0 within a factor of 1.25 and n within 2 of the model's; LOW = HIGH: exact.",
        ),
    ] = None,
    known: Annotated[
        Path | None, typer.Option(help="True parameters, if simulated (truth.json of `export`).")
    ] = None,
    live: Annotated[
        Path | None,
        typer.Option(help="Folder in which frames and load table of a running test arrive."),
    ] = None,
    enough: Annotated[
        float | None,
        typer.Option(help="Live: half-width of the 95 % intervals, %, at which to say stop."),
    ] = None,
    end: Annotated[
        float | None,
        typer.Option(help="Live: time at which the model's elongation is reached, s."),
    ] = None,
    load_table: Annotated[
        str | None,
        typer.Option(help="Live: name of the load table in the folder; default: as imported."),
    ] = None,
    idle: Annotated[
        float,
        typer.Option(min=0, help="Live: seconds without a new frame that end it; 0: at once."),
    ] = 600.0,
) -> None:
    """Find k1, k2 and k3 of a measured specimen; write inversion.json and report.html."""
    from slipfield.core.errors import SlipfieldError
    from slipfield.kinds.slip.inversion.console import answer_lines, table_lines
    from slipfield.kinds.slip.inversion.run import invert as invert_specimen

    if live is None and (enough, end, load_table) != (None, None, None):
        raise SlipfieldError("enough, end, load-table: only with --live FOLDER")
    if live is not None:
        if subsurface or start != "prediction" or free or prior:
            raise SlipfieldError(
                "live: takes none of --subsurface, --start, --free and --prior; `invert` the "
                "finished specimen"
            )
        from slipfield.kinds.slip.live.run import invert_live

        options = (enough, end, load_table, idle, refine, cells, membrane, known)
        content = invert_live(
            specimen, live, model, output, *options, finer=finer, register=register
        )
        from slipfield.kinds.slip.live.record import summary_lines

        typer.echo(f"frames: {output / 'live.csv'}, picture: {output / 'live.png'}")
        typer.echo(f"report: {output / 'result' / 'report.html'}")
        for line in summary_lines(content):
            typer.echo(line)
        return
    found = invert_specimen(
        specimen,
        model,
        output,
        refine,
        cells,
        start,
        draws,
        finer,
        known,
        membrane,
        subsurface,
        free=free or (),
        priors=prior or (),
        register=register,
    )
    report = f"report: {output / 'report.html'}"
    said = (*table_lines(found), *found.notes, *found.warnings, report, *answer_lines(found))
    for line in said:
        typer.echo(line)
