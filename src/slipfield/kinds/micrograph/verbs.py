"""The verbs of micrographs: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Output
from slipfield.kinds.micrograph import study_verbs
from slipfield.kinds.micrograph.defaults import KEEP, SMALLEST_PX

app = typer.Typer(
    no_args_is_help=True,
    help="Micrographs: grains, second phase and grain size; rendered ones with exact truth.",
)
app.add_typer(study_verbs.app)


@app.callback()
def group() -> None:
    """Micrographs: grains, second phase and grain size; rendered ones with exact truth."""


@app.command()
def render(
    output: Output,
    preset: Annotated[
        str, typer.Option(help="etched-steel, mg-gd, sem-two-phase, twinned or tinted.")
    ] = "etched-steel",
    seed: Annotated[int, typer.Option(min=0, help="Seed; every one is another image.")] = 0,
    size: Annotated[tuple[int, int], typer.Option(help="Height and width of the image, px.")] = (
        512,
        512,
    ),
    labels: Annotated[
        str | None,
        typer.Option(
            help="Labelled image (PNG, TIFF) whose grains are drawn, e.g. of an EBSD map."
        ),
    ] = None,
) -> None:
    """Render a micrograph: image.png and, beside it, what is truly on it."""
    from slipfield.kinds.micrograph.files import write_rendered

    write_rendered(output, preset, seed, size, labels)


@app.command()
def segment(
    image: Annotated[Path, typer.Argument(help="Micrograph: TIFF, PNG, JPEG.")],
    output: Output,
    pixel_um: Annotated[
        float | None, typer.Option(help="Size of a pixel, um; default: the file's tags.")
    ] = None,
    bar_um: Annotated[
        float | None, typer.Option(help="Length of the scale bar on the image, um.")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(help="network, ridge, otsu, watershed or random-walker; default: the best."),
    ] = None,
    model: Annotated[Path | None, typer.Option(help="Network of boundaries of your own.")] = None,
    phase_method: Annotated[
        str | None,
        typer.Option(help="network or otsu; default: network, but otsu beside classical methods."),
    ] = None,
    phase_model: Annotated[
        Path | None, typer.Option(help="Network of the second phase of your own.")
    ] = None,
    keep: Annotated[
        float,
        typer.Option(min=0, max=1, help="Least probability of a line between grains, 1."),
    ] = KEEP,
    smallest_px: Annotated[
        int, typer.Option(min=1, help="Grains of fewer pixels are joined to a neighbour.")
    ] = SMALLEST_PX,
    window: Annotated[
        tuple[int, int, int, int] | None,
        typer.Option(help="Left, top, right, lower edge of the specimen, px; without the mount."),
    ] = None,
    zoom: Annotated[
        float | None,
        typer.Option(help="Scale at which grains are found, e.g. 0.5 or 2; default: by the image."),
    ] = None,
) -> None:
    """Find the grains and the second phase of a micrograph; look at overlay.png."""
    from slipfield.kinds.micrograph.segment import SegmentOptions, of_scale, segment

    options = SegmentOptions(
        pixel_um, bar_um, method, model, phase_model, keep, smallest_px, window, phase_method, zoom
    )
    facts = segment(image, output, options)
    window = facts["window_px"]  # type: ignore[assignment]
    pixel_mm = float(facts["pixel_um"]) / 1000  # type: ignore[arg-type]
    typer.echo(
        f"{facts['grains']} grains by {facts['method']}, {facts['pixel_um']:.6g} um a pixel "
        f"({facts['pixel_source']})"
    )
    for note in [*facts["surroundings"], *of_scale(facts)]:  # type: ignore[misc]
        typer.echo(note)
    typer.echo(f"look at {output / 'overlay.png'} before you believe them; then")
    typer.echo(f"  slipfield micrograph measure {output}")
    around = ""
    if window is not None:
        left, below = window[0], int(facts["height_px"]) - window[3]  # type: ignore[call-overload]
        around = f"--background 0 --origin {-left * pixel_mm:.6g} {-below * pixel_mm:.6g} "
    command = f"import grains {output / 'grains.png'} --pixel {pixel_mm:.6g} {around}..."
    typer.echo(f"  slipfield {command}")
    typer.echo(
        "without orientations (--euler) the grains' shapes alone are imported, and the load hardly "
        "tells k1, k2 and k3 apart"
    )


@app.command()
def measure(
    folder: Annotated[Path, typer.Argument(help="Folder that `micrograph segment` wrote.")],
    saltykov: Annotated[
        bool, typer.Option("--saltykov", help="Sizes in three dimensions, too.")
    ] = False,
    bands: Annotated[
        bool, typer.Option("--bands", help="Write bands.yaml, for the specimen of a study file.")
    ] = False,
    twins: Annotated[
        bool,
        typer.Option(
            "--twins/--no-twins",
            help="Count twins as grains, or join straight lamellae to the grain they cross.",
        ),
    ] = True,
) -> None:
    """Measure grain size by ASTM E112 and second phase by E562, with 95 % intervals."""
    from slipfield.kinds.micrograph.measure import measure, summary

    for line in summary(measure(folder, saltykov, bands, twins)):
        typer.echo(line)


@app.command()
def arms(
    image: Annotated[Path, typer.Argument(help="Micrograph of dendrites.")],
    line: Annotated[
        tuple[float, float, float, float],
        typer.Option(help="Ends x0 y0 x1 y1 of a line along a trunk, across its arms, px."),
    ],
    pixel_um: Annotated[float | None, typer.Option(help="Size of a pixel, um.")] = None,
    bar_um: Annotated[float | None, typer.Option(help="Length of the scale bar, um.")] = None,
) -> None:
    """Print the secondary dendrite arm spacing along a line."""
    from slipfield.kinds.micrograph.arms import arm_spacing
    from slipfield.kinds.micrograph.files import read_image
    from slipfield.kinds.micrograph.scale import scale_of

    picture = read_image(image)
    scale = scale_of(image, picture, pixel_um, bar_um)
    spacing, number = arm_spacing(picture, line, scale.pixel_um)
    typer.echo(
        f"secondary dendrite arm spacing: {spacing.value:.4g} um (95 %: {spacing.low:.4g} to "
        f"{spacing.high:.4g}) over {number} arms"
    )


@app.command()
def train(
    task: Annotated[str, typer.Option(help="boundaries or phases.")],
    output: Output,
    size: Annotated[
        str,
        typer.Option(help="default, published (slow without a GPU), or a variant without a part."),
    ] = ("default"),
    preset: Annotated[
        list[str] | None,
        typer.Option(help="Looks to render; repeatable. Default: all but tinted."),
    ] = None,
    marked: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Folders of images and of truths, to train on these instead."),
    ] = None,
    images: Annotated[int, typer.Option(min=1, help="Rendered images.")] = 120,
    steps: Annotated[int, typer.Option(min=1, help="Steps in all; more of them continue.")] = 400,
    seed: Annotated[int, typer.Option(min=0, help="Of weights and pieces.")] = 0,
) -> None:
    """Train a network on rendered micrographs (safetensors); a killed training continues."""
    from slipfield.core.errors import SlipfieldError
    from slipfield.kinds.micrograph.presets import LEARNT
    from slipfield.kinds.micrograph.training_run import train_named

    if marked and preset:
        raise SlipfieldError("--preset: given with --marked; leave out one of them")
    presets = preset or list(LEARNT)
    for line in train_named(task, size, presets, images, steps, seed, output, marked):
        typer.echo(line)


@app.command()
def closing(
    output: Output,
    images: Annotated[int, typer.Option(min=4, help="Rendered images.")] = 120,
) -> None:
    """Fit how lines of the classical methods are closed to grains, on rendered images (JSON)."""
    from slipfield.kinds.micrograph.closing_fit import write_classical
    from slipfield.kinds.micrograph.presets import LEARNT

    for line in write_classical(LEARNT, images, output):
        typer.echo(line)


@app.command()
def score(
    output: Output,
    task: Annotated[str, typer.Option(help="boundaries or phases.")] = "boundaries",
    preset: Annotated[
        list[str] | None, typer.Option(help="Looks to render; repeatable. Default: all.")
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(help="network or a classical method; repeatable. Default: all of the task."),
    ] = None,
    model: Annotated[Path | None, typer.Option(help="Network of your own.")] = None,
    images: Annotated[int, typer.Option(min=1, help="Images of each look.")] = 4,
    size: Annotated[int, typer.Option(min=64, help="Side of the images, px.")] = 384,
    keep: Annotated[
        float, typer.Option(min=0, max=1, help="Least probability of a line between grains, 1.")
    ] = KEEP,
    marked: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Folders of images and of truths, to score second phase on these."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the first image of each look.")] = 5000,
) -> None:
    """Score methods on rendered micrographs that no network has seen (CSV), and print the means."""
    from slipfield.kinds.micrograph.score import write_scores

    rows = write_scores(task, preset, method, images, size, output, model, keep, marked, seed)
    for line in rows:
        typer.echo(line)


@app.command()
def scales(
    output: Output,
    preset: Annotated[
        list[str] | None, typer.Option(help="Looks to render; repeatable. Default: all.")
    ] = None,
    images: Annotated[int, typer.Option(min=1, help="Images of each look and scale.")] = 2,
    size: Annotated[int, typer.Option(min=192, help="Side of the images, px.")] = 384,
) -> None:
    """Score the network on finer and coarser grains and on finer pixels (CSV); print the means."""
    from slipfield.kinds.micrograph.scales import write_scales

    for line in write_scales(preset, images, size, output):
        typer.echo(line)


@app.command()
def coverage(
    output: Output,
    preset: Annotated[str, typer.Option(help="Look whose grains and particles are drawn.")] = (
        "mg-gd"
    ),
    specimens: Annotated[int, typer.Option(min=2, help="Specimens.")] = 200,
    size: Annotated[int, typer.Option(min=128, help="Side of a specimen, px.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Of the look and of all specimens.")] = 0,
) -> None:
    """Count how often the 95 % intervals hold the truth, over rendered specimens (JSON)."""
    from slipfield.kinds.micrograph.coverage import write_coverage

    for line in write_coverage(preset, specimens, size, seed, output):
        typer.echo(line)


@app.command()
def bench(
    output: Output,
    size: Annotated[int, typer.Option(min=256, help="Side of the image, px.")] = 2048,
    published: Annotated[
        int, typer.Option(min=64, help="Side of the part that both networks take, px.")
    ] = 512,
) -> None:
    """Time image to labels and measures on one thread, beside the published network (JSON)."""
    from slipfield.kinds.micrograph.bench import bench

    for line in bench(size, min(published, size), output):
        typer.echo(line)


@app.command()
def round_trip(
    model: Annotated[Path, typer.Option(help="Folder of a projection inverter.")],
    output: Annotated[Path, typer.Option(help="Folder of the result; continued if it is there.")],
    preset: Annotated[
        list[str] | None, typer.Option(help="Looks to render; repeatable. Default: all.")
    ] = None,
    cells: Annotated[int, typer.Option(min=16, help="Elements of the specimen each way.")] = 128,
    size: Annotated[int, typer.Option(min=256, help="Side of the micrographs, px.")] = 1024,
    keep: Annotated[
        float, typer.Option(min=0, max=1, help="Least probability of a line between grains, 1.")
    ] = KEEP,
) -> None:
    """Invert a simulated specimen with micrographs of its grains in place of their true map."""
    from slipfield.kinds.micrograph.presets import PRESETS
    from slipfield.kinds.micrograph.round_trip import round_trip

    for row in round_trip(model, preset or list(PRESETS), cells, size, output, keep):
        shifts = ", ".join(
            f"{name} {100 * row[f'{name}_shift']:+.2f} %" for name in ("k1", "k2", "k3")
        )
        typer.echo(
            f"{row['map']}: {100 * row['matched']:.1f} % of {row['grains']} grains; {shifts}"
        )
