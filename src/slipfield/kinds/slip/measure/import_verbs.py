"""The verbs of `slipfield import`: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import xarray as xr

app = typer.Typer(
    no_args_is_help=True,
    help="Make a specimen file from DIC strain maps, an EBSD or labelled grain map and loads.",
)

Files = Annotated[list[Path], typer.Argument(help="Files, one a frame (Ncorr: one in all).")]
Specimen = Annotated[Path, typer.Option(help="Specimen file to add to.")]
Output = Annotated[Path, typer.Option(help="Specimen file to write; must not exist yet.")]
YAxis = Annotated[str, typer.Option(help="Where y points in the file: down or up.")]
LoadAxis = Annotated[
    str, typer.Option(help="Axis of the file that lies along the load, upright: y, x, -y or -x.")
]
Origin = Annotated[
    tuple[float, float],
    typer.Option(help="Specimen coordinates of the map's lower left corner, mm."),
]
Affine = Annotated[
    tuple[float, float, float, float, float, float] | None,
    typer.Option(help="a b c d e f: x' = a x + b y + c, y' = d x + e y + f, mm."),
]
Control = Annotated[
    Path | None, typer.Option(help="CSV: map_x, map_y, specimen_x, specimen_y, mm.")
]
EulerAxes = Annotated[
    str | None,
    typer.Option(help="Reference axes of the angles as seen in the map, e.g. 'x,y' or '-y,x'."),
]
Fewest = Annotated[int, typer.Option(help="Grains of fewer pixels are dropped.")]
Gap = Annotated[int, typer.Option(help="Widest gap between grains that is filled, pixels.")]


@app.command()
def dic(
    files: Files,
    output: Output,
    format: Annotated[
        str,
        typer.Option(
            help="auto, vic2d, vic3d, vic2d-mat, matchid, dice, gom, nodemap, ncorr, opencorr, "
            "pyaldic, mudic or davis."
        ),
    ] = "auto",
    scale: Annotated[float | None, typer.Option(help="Size of an image pixel, mm.")] = None,
    interval: Annotated[
        float | None, typer.Option(help="Seconds between frames; default: in the files.")
    ] = None,
    start: Annotated[
        float | None, typer.Option(help="Time of the first frame, s; default: the interval.")
    ] = None,
    times: Annotated[Path | None, typer.Option(help="Times of the frames (CSV), s.")] = None,
    y_axis: Annotated[
        str | None, typer.Option(help="Where y points: down or up; default: by format.")
    ] = None,
    load_axis: LoadAxis = "y",
    strain_measure: Annotated[
        str | None,
        typer.Option(help="green_lagrange, hencky, engineering or almansi; default: by format."),
    ] = None,
    strain_unit: Annotated[
        str, typer.Option(help="one, percent, permille or microstrain.")
    ] = "one",
    engineering_shear: Annotated[
        bool, typer.Option("--engineering-shear", help="The shear is twice the tensor's.")
    ] = False,
    origin: Annotated[
        tuple[float, float] | None,
        typer.Option(help="Specimen coordinates of the lower left measured point, mm."),
    ] = None,
    corner: Annotated[
        tuple[float, float] | None,
        typer.Option(help="Pixel of the sheet's lower left corner; takes --sheet, too."),
    ] = None,
    sheet: Annotated[
        tuple[float, float] | None,
        typer.Option(help="Width and gauge length of the sheet, mm; default: the points."),
    ] = None,
    outline: Annotated[
        Path | None, typer.Option(help="Side edges (CSV: y, left, right), mm.")
    ] = None,
    thickness: Annotated[float | None, typer.Option(help="Thickness, mm.")] = None,
    strain_noise: Annotated[
        float | None, typer.Option(help="Standard deviation of the strains, if known.")
    ] = None,
    subset: Annotated[
        float | None, typer.Option(help="Width of a subset, pixels; default: in the files.")
    ] = None,
    step: Annotated[float | None, typer.Option(help="Distance of the subsets, pixels.")] = None,
    strain_window: Annotated[
        float | None, typer.Option(help="Full width of the strain fit, pixels.")
    ] = None,
) -> None:
    """Import strain maps of a DIC program.

    --interval (or --times) is always needed but for GOM. Pixels need --scale: VIC-2D without
    calibration, MatchID, DICe, OpenCorr, pyALDIC, muDIC, DaVis, Ncorr without units. MatchID, GOM,
    ARAMIS nodemaps, OpenCorr and pyALDIC (.csv) need --strain-measure. See docs/specimen.md.
    """
    from slipfield.kinds.slip.measure.specimen_file import refuse_existing, write_specimen
    from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain

    refuse_existing(output)
    options = StrainOptions(
        format=format,
        scale=scale,
        y_axis=y_axis,
        load_axis=load_axis,
        measure=strain_measure,
        strain_unit=strain_unit,
        engineering_shear=engineering_shear,
        interval=interval,
        start=start,
        times=times,
        origin=origin,
        corner=corner,
        sheet=sheet,
        outline=outline,
        thickness=thickness,
        strain_noise=strain_noise,
        subset=subset,
        step=step,
        strain_window=strain_window,
    )
    data = import_strain(files, options)
    write_specimen(data, output)
    _echo_doubts(data)


@app.command()
def ebsd(
    file: Annotated[
        Path,
        typer.Argument(help="Map: .ctf, .cpr/.crc, .h5oina, .ang, .h5 (EDAX, Bruker), .dream3d."),
    ],
    specimen: Specimen,
    output: Output,
    threshold: Annotated[
        float, typer.Option(help="Smallest misorientation of a grain boundary, degrees.")
    ] = 5.0,
    y_axis: Annotated[
        str | None, typer.Option(help="Where y points in the file; default: by format.")
    ] = None,
    load_axis: LoadAxis = "y",
    euler_axes: EulerAxes = None,
    origin: Origin = (0.0, 0.0),
    affine: Affine = None,
    control_points: Control = None,
    fewest_pixels: Fewest = 10,
    gap: Gap = 3,
) -> None:
    """Import grains and orientations from an EBSD map.

    Angles of .ang and EDAX HDF5 refer to -y,x, those of all others to x,y; --euler-axes overrides.
    """
    from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_orientation_map
    from slipfield.kinds.slip.measure.specimen_file import (
        read_specimen,
        refuse_existing,
        write_specimen,
    )

    refuse_existing(output)
    options = GrainOptions(
        y_axis, load_axis, euler_axes, threshold, fewest_pixels, gap, origin, affine, control_points
    )
    data = add_orientation_map(read_specimen(specimen), file, options)
    write_specimen(data, output)
    _echo_doubts(data)


@app.command()
def grains(
    file: Annotated[Path, typer.Argument(help="Labelled image: .png or .tif.")],
    specimen: Specimen,
    output: Output,
    pixel: Annotated[float, typer.Option(help="Size of a pixel, mm.")],
    euler: Annotated[
        Path | None, typer.Option(help="Orientations (CSV: label, phi1, Phi, phi2).")
    ] = None,
    angle_unit: Annotated[str, typer.Option(help="degrees or rad, if the header is silent.")] = (
        "degrees"
    ),
    background: Annotated[int | None, typer.Option(help="Label that is no grain.")] = None,
    y_axis: YAxis = "down",
    load_axis: LoadAxis = "y",
    euler_axes: EulerAxes = None,
    origin: Origin = (0.0, 0.0),
    affine: Affine = None,
    control_points: Control = None,
    fewest_pixels: Fewest = 10,
    gap: Gap = 3,
) -> None:
    """Import grains from a labelled image, with or without orientations."""
    from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_labelled_image
    from slipfield.kinds.slip.measure.specimen_file import (
        read_specimen,
        refuse_existing,
        write_specimen,
    )
    from slipfield.kinds.slip.measure.strain_maps import choice

    refuse_existing(output)
    degrees = choice("angle-unit", angle_unit, "degrees", "rad") == "degrees"
    options = GrainOptions(
        y_axis=y_axis,
        load_axis=load_axis,
        euler_axes=euler_axes,
        fewest_pixels=fewest_pixels,
        gap=gap,
        origin=origin,
        affine=affine,
        control_points=control_points,
    )
    data = read_specimen(specimen)
    data = add_labelled_image(data, file, pixel, euler, background, degrees, options)
    write_specimen(data, output)
    _echo_doubts(data)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="Load curve (CSV: time, load_N ...).")],
    specimen: Specimen,
    output: Output,
    load_unit: Annotated[
        str | None, typer.Option(help="N, kN or MPa, if the header is silent.")
    ] = None,
    time_offset: Annotated[float, typer.Option(help="Added to the curve's times, s.")] = 0.0,
    thickness: Annotated[float | None, typer.Option(help="Thickness, mm.")] = None,
    use_displacement: Annotated[
        bool,
        typer.Option(
            "--use-displacement",
            help="Take the elongation from this table instead of the strain maps.",
        ),
    ] = False,
) -> None:
    """Import the load curve; its displacements are compared with the strain maps."""
    from slipfield.kinds.slip.measure.loads import add_load, displacement_note
    from slipfield.kinds.slip.measure.specimen_file import (
        read_specimen,
        refuse_existing,
        write_specimen,
    )

    refuse_existing(output)
    before = read_specimen(specimen)
    data = add_load(before, file, load_unit, time_offset, thickness, use_displacement)
    write_specimen(data, output)
    if (note := displacement_note(data)) is not None:
        typer.echo(f"displacement of the load table: {note}")


@app.command()
def check(
    specimen: Annotated[Path, typer.Argument(help="Specimen file.")],
    overlay: Annotated[
        Path | None, typer.Option(help="Picture: grain boundaries over the strain.")
    ] = None,
) -> None:
    """Say what a specimen file holds; draw its grains over its strain."""
    from slipfield.kinds.slip.measure.specimen_file import read_specimen, refuse_existing
    from slipfield.kinds.slip.measure.summary import summary_lines

    if overlay is not None:
        refuse_existing(overlay)
    data = read_specimen(specimen)
    for name, text in summary_lines(data):
        typer.echo(f"{name}: {text}")
    _echo_doubts(data)
    if overlay is not None:
        from slipfield.kinds.slip.measure.overlay import figure_overlay
        from slipfield.report.style import save_figure

        save_figure(figure_overlay(data), overlay)


def _echo_doubts(data: xr.Dataset) -> None:
    """Print what in a specimen is hardly right."""
    from slipfield.kinds.slip.measure.doubts import doubts

    for doubt in doubts(data):
        typer.echo(f"warning: {doubt}")
