"""The cantilever's own section of the report: a figure from the dataset."""

from __future__ import annotations

from pathlib import Path

import xarray as xr
from matplotlib.figure import Figure

from slipfield.core.files import open_netcdf
from slipfield.kinds.beam.beam import BeamStudy
from slipfield.report.page import Section, picture_of
from slipfield.report.style import save_figure, use_style


def sections(study: BeamStudy, folder: Path) -> list[Section]:
    """What was simulated, as a picture."""
    path = folder / "figures" / "deflections.png"
    with open_netcdf(folder / "dataset.nc") as data:
        save_figure(figure_deflections(data), path)
    caption = f"Beams of E = {study.beam.youngs_modulus_GPa:g} GPa; those that failed are left out."
    picture = picture_of(path, "Deflection over the load", caption)
    return [Section("deflections", "What was simulated", pictures=[picture])]


def figure_deflections(data: xr.Dataset) -> Figure:
    """Deflection over the load, coloured by the length."""
    use_style()
    figure = Figure(figsize=(4.5, 3), layout="constrained")
    axes = figure.subplots()
    points = axes.scatter(data["load_N"], data["deflection_mm"], s=14, c=data["length_mm"])
    figure.colorbar(points, label="length (mm)")
    axes.set(xlabel="load (N)", ylabel="deflection of the tip (mm)", yscale="log")
    return figure
