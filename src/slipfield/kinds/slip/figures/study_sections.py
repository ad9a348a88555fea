"""Report sections on the study, its specimen, its simulations and their cost."""

from __future__ import annotations

import platform
from collections import Counter
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from slipfield import __version__
from slipfield.core.reading import read_json, reading
from slipfield.kinds.slip.figures.pictures import pictures_of
from slipfield.kinds.slip.figures.simulation import STRAIN_NAMES
from slipfield.kinds.slip.figures.sources import Results
from slipfield.kinds.slip.specimen.told import SizeContrast
from slipfield.kinds.slip.study import PARAMETER_UNITS, PARAMETERS
from slipfield.report.page import Card, Details, Section, Table, duration, unit_text

PACKAGES = ("numpy", "scipy", "xarray", "netCDF4", "torch", "scikit-learn", "snakemake")
ORIENTATIONS = {
    "so3_uniform": "uniform over all rotations",
    "euler_uniform": "three uniform Euler angles",
}
SLIP_SYSTEMS = {"fcc": "{111}<110> (fcc)", "bcc": "{110}<111> (bcc)"}


def summary(results: Results) -> str:
    """One sentence that says what the study does."""
    study, specimen = results.study, results.study.specimen
    return (
        f"{study.sampling.samples:,} crystal-plasticity simulations of a "
        f"{'gradient-grained ' if len(specimen.bands) > 1 else ''}sheet, "
        f"{specimen.width_mm:g} mm × {specimen.height_mm:g} mm with {specimen.grains} grains on "
        f"{specimen.cells_x} × {specimen.cells_y} elements, over {specimen.microstructures} "
        f"microstructure{'s' if specimen.microstructures > 1 else ''}, and what an inverter learns "
        "from them about the slip-law parameters k1, k2 and k3."
    )


def cards(results: Results) -> list[Card]:
    """Headline numbers of the simulations."""
    if not results.shards:
        return []
    runs = results.runs
    failed = int((runs["status"] != 0).sum())
    done, planned = runs.sizes["sample"], results.study.sampling.samples
    count = f"{done:,}"
    label = f"samples simulated, {failed} failed" if failed else "samples simulated, none failed"
    return [
        Card(count if done == planned else f"{count} of {planned:,}", label),
        Card(duration(float(np.median(runs["cpu_seconds"]))), "median CPU time of one sample"),
    ]


def study_section(results: Results) -> Section:
    """Say what was run, with units."""
    s = results.study
    bands = len(s.specimen.bands)
    box = [
        (name, f"{low:g} to {high:g} {unit_text(PARAMETER_UNITS[name])}")
        for name, (low, high) in zip(PARAMETERS, s.sampling.box, strict=True)
    ]
    corners = ", ".join(f"{u:g} mm at {t:g} s" for t, u in s.loading.path[1:])
    specimen = Table(
        "Specimen and loading",
        [
            (
                "Sheet",
                f"{s.specimen.width_mm:g} × {s.specimen.height_mm:g} mm, "
                f"{s.specimen.thickness_mm:g} mm thick",
            ),
            (
                "Necks",
                f"{s.specimen.necks_per_side} per side, {s.specimen.neck_depth_mm:g} mm deep"
                if s.specimen.necks_per_side and s.specimen.neck_depth_mm
                else "none: straight side edges",
            ),
            ("Mesh", f"{s.specimen.cells_x} × {s.specimen.cells_y} four-node elements"),
            ("Grains", f"{s.specimen.grains} in {bands} band{'s' if bands > 1 else ''}"),
            ("Orientations", ORIENTATIONS[s.specimen.orientations]),
            ("Microstructures", f"{s.specimen.microstructures:,}"),
            ("Top edge", corners),
            ("Outputs", f"{s.loading.outputs}, {STRAIN_NAMES[s.solver.strain_measure]}"),
        ],
        text_columns=2,
    )
    material = Table(
        "Material and sampling",
        [
            (
                "C11, C12, C44",
                f"{s.material.c11_MPa / 1e3:g}, {s.material.c12_MPa / 1e3:g}, "
                f"{s.material.c44_MPa / 1e3:g} GPa",
            ),
            ("Slip systems", SLIP_SYSTEMS[s.material.slip_family]),
            (
                "Slip rate",
                f"{s.material.reference_slip_rate_per_s:g} /s, "
                f"exponent {s.material.rate_exponent:g}",
            ),
            ("Hardening", f"h0 = {s.material.h0_MPa:g} MPa, q = {s.material.latent_ratio:g}"),
            ("Saturation", s.material.saturation),
            *box,
            ("Samples", f"{s.sampling.samples:,}, seed {s.sampling.seed}"),
            ("Noise", _noise(results)),
        ],
        text_columns=2,
    )
    return Section("study", "What was run", tables=[specimen, material], side_by_side=True)


def specimen_section(results: Results) -> Section | None:
    """Microstructure and grain sizes."""
    pictures = pictures_of(results, "specimen")
    if not pictures:
        return None
    texts = []
    if (results.folder / "microstructures" / f"{0:05d}.nc").exists():
        with results.microstructure(0) as data:
            size, elements = data["size"].values, data["element_grain"].values
        contrast = SizeContrast.of(size, np.bincount(elements.ravel(), minlength=len(size)))
        texts.append(f"What its sheets can tell, with {contrast.sizes}: {contrast.told}.")
    return Section("specimen", "Specimen", texts, pictures)


def design_section(results: Results) -> Section | None:
    """Sample design and its quality."""
    path = results.folder / "samples.json"
    pictures = pictures_of(results, "design")
    if not (pictures and path.exists()):
        return None
    facts = read_json(path, "design")
    with reading(path, "design"):
        check = "is" if facts["is_latin_hypercube"] else "is not"
        text = (
            f"Maximin design by {facts['method']}, seed {facts['seed']}: it {check} a Latin "
            f"hypercube, and its smallest distance in the unit cube is "
            f"{facts['minimum_distance']:.3g}."
        )
    return Section("design", "Sample design", [text], pictures)


def simulation_section(results: Results) -> Section | None:
    """Strain fields, load curves, and what became of the samples."""
    if not results.shards:
        return None
    runs = results.runs
    pictures = pictures_of(results, "simulation")
    failed = runs["status"].values != 0
    reasons = Counter(str(reason) for reason in runs["reason"].values[failed])
    planned = results.study.sampling.samples
    text = f"{int((~failed).sum()):,} of {failed.size:,} samples reached the end of the loading."
    if failed.size < planned:
        text = f"{failed.size:,} of {planned:,} samples are simulated so far. {text}"
    if reasons:
        listed = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common(3))
        text += f" The others failed and are left out of learning: {listed}."
    return Section("simulation", "Simulations", [text], pictures)


def cost_section(results: Results) -> Section | None:
    """Run times and memory, per sample and per stage."""
    stages = results.stages()
    if stages.empty or not results.shards:
        return None
    runs = results.runs
    rows = []
    for title, name, form in (
        ("CPU time (s)", "cpu_seconds", ".2f"),
        ("Peak memory (MB)", "peak_memory_mb", ",.0f"),
        ("Time steps", "steps", ".0f"),
        ("Rejected steps", "rejected_steps", ".0f"),
        ("Factorisations", "factorisations", ".0f"),
    ):
        quantiles = np.quantile(runs[name].values, [0.5, 0.95, 1])
        rows.append((title, *(f"{value:{form}}" for value in quantiles)))
    samples = Table("One sample", rows, ("", "median", "95 %", "largest"))
    lines = [
        (stage, f"{row.jobs:.0f}", duration(row.wall_seconds), _memory(row.peak_memory_mb))
        for stage, row in stages.sort_values("wall_seconds", ascending=False).iterrows()
    ]
    by_stage = Table(
        "Stages of the workflow",
        lines,
        ("stage", "jobs", "wall time", "peak memory"),
        note="Wall time is summed over the jobs of a stage; jobs may have run side by side. Memory "
        "is what Snakemake reads, every 30 s after the first 15: a late peak may be missed.",
    )
    pictures = pictures_of(results, "cost")
    return Section(
        "cost",
        "Run times",
        pictures=pictures,
        tables=[samples, by_stage],
        side_by_side=True,
    )


def provenance_section(results: Results) -> Section:
    """Versions, hash and the whole study file."""
    rows = [
        ("Slipfield", __version__),
        ("Python", platform.python_version()),
        *((package, _version(package)) for package in PACKAGES),
        ("Physics hash", results.study.physics_hash()),
    ]
    return Section(
        "provenance",
        "Provenance",
        tables=[Table("Versions", rows, text_columns=2)],
        details=Details("The study file as used", results.study.as_yaml()),
    )


def _noise(results: Results) -> str:
    noise = results.study.noise
    if noise.strain_std == noise.load_relative_std == 0:
        return "none"
    return f"strain {noise.strain_std:g}, load {100 * noise.load_relative_std:g} %"


def _memory(megabytes: float) -> str:
    return "-" if np.isnan(megabytes) else f"{megabytes:,.0f} MB"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
