"""The measured sheet as the solver sees it: its study, its mesh and its microstructure file."""

from __future__ import annotations

import numpy as np
import shapely
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.dataset.contract import MICROSTRUCTURE, label_variables, variable
from slipfield.kinds.slip.measure.grains import GrainMap, nearest_grain, outlines
from slipfield.kinds.slip.measure.noise import reading_noise
from slipfield.kinds.slip.measure.times import frame_groups, group_means, solver_times
from slipfield.kinds.slip.specimen.geometry import cell_centres
from slipfield.kinds.slip.specimen.microstructure import polygon_vertices
from slipfield.kinds.slip.specimen.orientation import draw_orientations
from slipfield.kinds.slip.specimen.size import grain_size
from slipfield.kinds.slip.study import Study, check_study

LARGEST_UNCOVERED = 0.05
VOTE_WIDTH, VOTE_REACH = 1.5, 4
"""Standard deviation and reach, in pixels, of the vote on the grain of a point."""

PATH_TOLERANCE = 2e-3
"""Deviation from the measured displacements, relative to their range, that corners may leave."""

PATH_STRAIN = 2e-5
"""The same as strain of the sheet, where the displacements are that precise: metals are unloaded by
1e-3, and the slope of the load tells the section."""

NOISE_WIDTHS = 4.0
"""Standard deviations of the displacements' noise that corners do not follow."""


def measured_study(data: xr.Dataset, model: Study, cells: tuple[int, int] | None = None) -> Study:
    """Study of a measured sheet: its size, grains and loading, physics as the model was trained.

    The solver writes at the frames and at the outputs of the model.

    Parameters
    ----------
    cells : elements along x and y; by default those of the model.

    Raises
    ------
    SlipfieldError
        If the specimen does not fit a study, for example with fewer grains than one needs.
    """
    facts, content = data.attrs, model.model_dump(mode="json")
    outputs = model.loading.outputs
    frames = group_means(data["time"].values, frame_groups(data["time"].values, outputs))
    path = loading_path(data)
    stretch = path[-1][0] / model.loading.path[-1][0]
    across, along = cells or (model.specimen.cells_x, model.specimen.cells_y)
    content["name"] = "specimen"
    content["specimen"] |= {
        "width_mm": facts["sheet_width_mm"],
        "height_mm": facts["sheet_height_mm"],
        "thickness_mm": facts.get("thickness_mm", 1.0),
        "neck_depth_mm": 0.0,
        "necks_per_side": 0,
        "cells_x": across,
        "cells_y": along,
        "grains": data.sizes["grain"],
        "microstructures": 1,
        "bands": [{"name": "sheet", "height_fraction": 1, "grain_fraction": 1, "kind": "equiaxed"}],
    }
    times = solver_times(frames, path[-1][0], outputs)[0]
    content["loading"] = {"path": path, "outputs": len(times), "output_times_s": times.tolist()}
    for name in ("first_step_s", "max_step_s", "min_step_s"):
        content["solver"][name] *= stretch
    content["learning"], content["crossval"] = {"split": "random"}, {"folds": 2}
    return check_study(content, "specimen")


def loading_path(data: xr.Dataset) -> list[tuple[float, float]]:
    """Corner points (time in s, displacement in mm) that follow the measured displacements."""
    if "displacement" not in data:
        raise SlipfieldError("specimen: no displacement; import it with the strains or the load")
    time, displacement = data["time"].values, data["displacement"].values
    later = time > 0
    points = np.column_stack([time[later], displacement[later]])
    scale = np.array([time[-1], np.ptp(np.append(displacement, 0.0))])
    line = shapely.LineString(np.vstack([[0.0, 0.0], points / scale]))
    noise = NOISE_WIDTHS * reading_noise(points[:, 0], points[:, 1]) / scale[1]
    fine = PATH_STRAIN * data.attrs["sheet_height_mm"] / scale[1]
    tolerance = min(PATH_TOLERANCE, max(fine, noise if np.isfinite(noise) else PATH_TOLERANCE))
    corners = shapely.get_coordinates(line.simplify(tolerance)) * scale
    return [(float(t), float(u)) for t, u in corners]


def sheet_nodes(data: xr.Dataset, study: Study) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of the mapped mesh of the sheet: x and y, each (cells_y + 1, cells_x + 1), mm."""
    specimen = study.specimen
    y = np.linspace(0, specimen.height_mm, specimen.cells_y + 1)
    left, right = sheet_edges(data, y)
    share = np.linspace(0, 1, specimen.cells_x + 1)
    return left[:, None] + (right - left)[:, None] * share, np.repeat(y[:, None], len(share), 1)


def sheet_edges(data: xr.Dataset, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Left and right edge of the sheet at the heights ``y``, mm."""
    if "outline_y" in data:
        at = data["outline_y"].values
        return tuple(np.interp(y, at, data[f"outline_{e}"].values) for e in ("left", "right"))
    return np.zeros_like(y), np.full_like(y, data.attrs["sheet_width_mm"])


def measured_microstructure(
    data: xr.Dataset, study: Study, random: np.random.Generator | None = None
) -> tuple[xr.Dataset, Study]:
    """Microstructure file of a measured sheet and the study, its number of grains corrected.

    Grains outside the sheet are left out. Grain sizes stay those of the whole grains in the map.

    Parameters
    ----------
    random : draws orientations where the specimen has none.

    Raises
    ------
    SlipfieldError
        If the map leaves more than 5 % of the sheet uncovered, or holds no orientations and
        ``random`` is not given.
    """
    x, y = sheet_nodes(data, study)
    at_nodes, _ = grain_lookup(data, x, y)
    at_centres, covered = grain_lookup(data, cell_centres(x), cell_centres(y))
    if covered.mean() < 1 - LARGEST_UNCOVERED:
        raise SlipfieldError(
            f"grain map: covers {100 * covered.mean():.0f} % of the sheet; shift or scale it "
            "(--origin, --affine, --control-points), and look at `import check --overlay`"
        )
    polygons = grain_polygons(data, x, y)
    kept = np.unique(np.concatenate([at_nodes.ravel(), at_centres.ravel()]))
    number = np.full(data.sizes["grain"], -1, dtype=np.int32)
    number[kept] = np.arange(len(kept))
    study = check_study(_with_grains(study, len(kept)), "specimen: grains inside the sheet")
    corners, starts = polygon_vertices(polygons[kept])
    ellipse = data["ellipse"].values[kept]
    values = {
        "grain_id": number[at_nodes],
        "element_grain": number[at_centres],
        "euler": _orientations(data, random)[kept] % (2 * np.pi),
        "size": grain_size(ellipse),
        "ellipse": ellipse,
        "band": np.zeros(len(kept), dtype=np.int32),
        "x_mm": x,
        "y_mm": y,
        "polygon_x": corners[:, 0],
        "polygon_y": corners[:, 1],
        "polygon_start": starts,
    }
    variables = {name: variable(MICROSTRUCTURE, name, array) for name, array in values.items()}
    labels = label_variables(MICROSTRUCTURE)
    return xr.Dataset({**variables, **labels}, attrs={"microstructure_index": 0}), study


def _with_grains(study: Study, count: int) -> dict:
    content = study.model_dump(mode="json")
    content["specimen"]["grains"] = count
    return content


def _orientations(data: xr.Dataset, random: np.random.Generator | None) -> np.ndarray:
    if "euler" in data:
        return data["euler"].values
    if random is None:
        raise SlipfieldError("specimen: no orientations; import them with `import ebsd`")
    return draw_orientations("so3_uniform", data.sizes["grain"], random)


def grain_lookup(data: xr.Dataset, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Grain of each point (mm) and whether the map holds one there, shapes of ``x``.

    The pixels around a point vote, with Gaussian weights: that takes the staircase off the
    boundaries and puts half as many elements into the wrong grain as the nearest pixel does.
    """
    affine, grain = data["affine"].values, data["grain_id"].values
    in_map = np.linalg.solve(affine[:, :2], np.stack([x.ravel(), y.ravel()]) - affine[:, 2:])
    column, row = (
        _pixels(data[name].values, along)
        for name, along in zip(("grain_x_mm", "grain_y_mm"), in_map, strict=True)
    )
    columns, rows = (np.rint(p).astype(int) for p in (column, row))
    clipped = [np.clip(p, 0, n - 1) for p, n in zip((rows, columns), grain.shape, strict=True)]
    near = (np.abs(rows - clipped[0]) <= 1) & (np.abs(columns - clipped[1]) <= 1)
    covered = near & (grain[clipped[0], clipped[1]] >= 0)
    found = _vote(nearest_grain(grain), row, column)
    return found.reshape(x.shape), covered.reshape(x.shape)


def _pixels(centres: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Positions in pixels."""
    return (places - centres[0]) * (len(centres) - 1) / (centres[-1] - centres[0])


def _vote(grain: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Grain (n,) with most weight around positions (n,) in pixels."""
    offset = np.arange(-VOTE_REACH, VOTE_REACH + 1)
    down, across = (part.ravel() for part in np.meshgrid(offset, offset, indexing="ij"))
    rows, columns = (
        np.rint(p).astype(int)[:, None] + o for p, o in ((row, down), (column, across))
    )
    distance = (rows - row[:, None]) ** 2 + (columns - column[:, None]) ** 2
    weight = np.exp(-distance / (2 * VOTE_WIDTH**2))
    inside = [np.clip(p, 0, n - 1) for p, n in zip((rows, columns), grain.shape, strict=True)]
    label = grain[inside[0], inside[1]]
    best, most = label[:, 0].copy(), np.zeros(len(label))
    for candidate in label.T:
        total = np.where(label == candidate[:, None], weight, 0).sum(axis=1)
        best = np.where(total > most, candidate, best)
        most = np.maximum(total, most)
    return best


def grain_polygons(data: xr.Dataset, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Outlines (grain,) of the grains in specimen axes, mm, clipped by the sheet where they can be.

    A grain of which the sheet holds less than a pixel keeps its whole outline.
    """
    grains = GrainMap(
        data["grain_x_mm"].values, data["grain_y_mm"].values, data["grain_id"].values, None
    )
    affine = data["affine"].values
    whole = shapely.transform(outlines(grains), lambda p: p @ affine[:, :2].T + affine[:, 2])
    ring = np.vstack(
        [np.column_stack([x[:, -1], y[:, -1]]), np.column_stack([x[:, 0], y[:, 0]])[::-1]]
    )
    clipped = shapely.intersection(whole, shapely.Polygon(ring))
    parts = [_largest_polygon(shape) for shape in clipped]
    return shapely.orient_polygons(
        [part or shape for part, shape in zip(parts, whole, strict=True)]
    )


def _largest_polygon(shape: shapely.Geometry) -> shapely.Polygon | None:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return max(parts, key=shapely.area, default=None)
