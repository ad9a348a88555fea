"""What a specimen file holds, in a reader's words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from slipfield.core.numbers import percent, short
from slipfield.kinds.slip.measure.gauge import gauge_of
from slipfield.kinds.slip.measure.noise import strain_noise
from slipfield.kinds.slip.measure.specimen_file import remarks
from slipfield.kinds.slip.specimen.told import SizeContrast
from slipfield.kinds.slip.thickness.prior import THIN, carried_on, diameters_text, expected, ratios

MEASURES = {
    "green_lagrange": "Green-Lagrange strain",
    "hencky": "Hencky (logarithmic) strain",
    "engineering": "engineering strain",
    "almansi": "Euler-Almansi strain",
}

UNKNOWN_GAUGE = (
    "not given; taken for two steps, which is too little for most programs (--subset, --step, "
    "--strain-window)"
)


EXPECTED = "k2 and k3"
"""Name of the line that says what the grain sizes let an inversion tell, before there is one."""


def summary_lines(data: xr.Dataset, inverted: bool = False) -> Iterator[tuple[str, str]]:
    """Name and text of each fact about a specimen.

    Parameters
    ----------
    inverted : it was, and the reader has been told what the inversion made of the thickness.
    """
    facts = data.attrs
    if "strain" in data:
        yield from _strain_lines(data)
    if "grain_id" in data:
        yield from _grain_lines(data)
    if "load" in data:
        load = data["load"].values
        yield "load", f"up to {np.abs(load).max():.4g} N; thickness {facts['thickness_mm']:g} mm"
    elif "strain" in data:
        yield "load", "none: the scale of k1, k2 and k3 is then hardly determined"

    if "grain_id" in data and "thickness_mm" in facts:
        yield "thickness", _thickness_text(data, inverted)
    yield from (("note", text) for text in remarks(data, "notes"))


def _thickness_text(data: xr.Dataset, inverted: bool) -> str:
    """What the sheet's thickness in grain diameters does to the parameters."""
    grain, linear = data["grain_id"].values, data["affine"].values[:, :2]
    steps = (np.diff(data[name].values).mean() for name in ("grain_x_mm", "grain_y_mm"))
    pixel = abs(np.prod(list(steps)) * np.linalg.det(linear))
    ratio, alike = ratios(data.attrs["thickness_mm"], pixel * np.bincount(grain[grain >= 0]))
    thickness = data.attrs["thickness_mm"]
    text = f"{thickness:g} mm, {diameters_text(ratio, thickness / ratio)}"
    if ratio < THIN:
        return f"{text}: thin, as the forward model's membrane is"
    mean, deviation = expected(alike)
    allowed = (
        "what was made of that is said above"
        if inverted
        else "unless it is told --membrane, `invert` allows for that, and k1's interval holds it"
    )
    return (
        f"{text}: sheets as thick are about {percent(np.expm1(mean))} ({percent(deviation)} "
        f"standard deviation{carried_on(mean)}) stronger than the forward model's membrane; "
        f"{allowed}. Thinner than "
        f"{THIN:g} diameters would be better"
    )


def _strain_lines(data: xr.Dataset) -> Iterator[tuple[str, str]]:
    facts, strain = data.attrs, data["strain"].values
    rows, columns = strain.shape[2:]
    step = np.diff(data["x_mm"].values).mean()
    masked = 100 * np.isnan(strain[:, 0]).mean()
    times = data["time"].values
    along = 100 * np.nanmean(strain[-1, 1])
    yield (
        "sheet",
        (
            f"{facts['sheet_width_mm']:.4g} mm wide, {facts['sheet_height_mm']:.4g} mm between the "
            f"edges, {'outline given' if 'outline_y' in data else 'rectangular'}"
        ),
    )
    yield (
        "strain maps",
        (
            f"{len(strain)} frames, {times[0]:g} to {times[-1]:g} s, of "
            f"{columns} x {rows} points every {step:.4g} mm; {masked:.1f} % masked"
        ),
    )
    yield (
        "strain",
        f"{MEASURES[facts['strain_measure']]}; mean along the load {short(along, 3)} % at the end",
    )
    gauge = gauge_of(data)
    yield "strain gauge", gauge.text if gauge else UNKNOWN_GAUGE
    seen = strain_noise(strain, times)
    if "strain_noise" in facts:
        yield "strain noise", f"{facts['strain_noise']:.2g}, as given"
    elif np.isfinite(seen):
        yield "strain noise", f"{seen:.2g}, as the frames show"
    if "displacement" in data:
        share = 100 * data["displacement"].values[-1] / facts["sheet_height_mm"]
        yield "elongation", f"{short(share, 3)} % at the end, from {facts['displacement_source']}"


def _grain_lines(data: xr.Dataset) -> Iterator[tuple[str, str]]:
    size = data["size"].values
    rows, columns = data["grain_id"].shape
    step = 1e3 * np.diff(data["grain_x_mm"].values).mean()
    yield (
        "grains",
        (
            f"{len(size)} on {columns} x {rows} pixels of {step:.3g} um; D from "
            f"{size.min():.3g} to {size.max():.3g} mm, median {np.median(size):.3g} mm"
        ),
    )
    area = np.bincount(data["grain_id"].values.ravel() + 1, minlength=len(size) + 1)[1:]
    contrast = SizeContrast.of(size, area)
    yield "grain sizes", contrast.sizes
    yield EXPECTED, contrast.told
    known = "Bunge angles of every grain" if "euler" in data else "none: drawn at random if needed"
    yield "orientations", known
    linear = data["affine"].values[:, :2]
    turn = np.degrees(np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1]))
    turn, shift = round(turn, 1) + 0.0, data["affine"].values[:, 2].round(3) + 0.0
    yield (
        "map to sheet",
        f"lower left corner at ({shift[0]:.3f}, {shift[1]:.3f}) mm, turned by {turn:.1f} degrees",
    )
