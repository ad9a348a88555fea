"""Whole microstructures: what the file contract and the physics ask of them."""

import subprocess
import sys

import numpy as np
import pytest
import shapely
import xarray as xr
import yaml
from matplotlib.path import Path as Polygon

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf
from slipfield.kinds.slip.specimen.geometry import cell_centres, sheet_outline
from slipfield.kinds.slip.specimen.microstructure import make_microstructure, polygons_of
from slipfield.kinds.slip.specimen.size import enclosing_ellipses, grain_size
from slipfield.kinds.slip.specimen.tessellation import grains_per_band
from slipfield.kinds.slip.study import Band, Specimen, Study
from slipfield.kinds.slip.study.recorded import study_of

MESH_FREE = ("euler", "size", "ellipse", "band", "polygon_x", "polygon_y", "polygon_start")


def study(**specimen):
    """Return a small study; the grains are those of a full one."""
    settings = {"cells_x": 40, "cells_y": 50, "microstructures": 3, **specimen}
    return Study(name="test", specimen=settings)


@pytest.fixture(scope="module")
def full():
    """One microstructure with 300 grains."""
    return make_microstructure(study(), 0)


def test_contract(full):
    """Dimensions, types and units of the file contract."""
    sizes = dict(full.sizes)
    vertices = sizes.pop("vertex")
    assert sizes == {
        "y": 51, "x": 41, "cell_y": 50, "cell_x": 40, "grain": 300, "angle": 3, "axis": 2
    }  # fmt: skip
    assert full["grain_id"].dtype == full["element_grain"].dtype == full["band"].dtype == np.int32
    assert full["euler"].dtype == full["size"].dtype == full["x_mm"].dtype == np.float64
    assert list(full["angle"].values) == ["phi1", "Phi", "phi2"]
    assert all({"units", "long_name"} <= set(full[name].attrs) for name in full.data_vars)
    assert full.attrs["microstructure_index"] == 0
    starts = full["polygon_start"].values
    assert starts[0] == 0 and np.all(np.diff(starts) >= 3) and starts[-1] <= vertices - 3


def test_polygons_partition_the_sheet(full):
    """300 valid, connected, counter-clockwise polygons; no gap, no overlap."""
    polygons = polygons_of(full)
    outline = sheet_outline(study().specimen)
    assert len(polygons) == 300
    assert all(p.is_valid and p.area > 0 and p.exterior.is_ccw for p in polygons)
    assert shapely.area(polygons).sum() == pytest.approx(outline.area, rel=1e-12)
    assert shapely.union_all(polygons).symmetric_difference(outline).area < 1e-9


def test_grain_size_is_that_of_the_polygon(full):
    """D and the axes follow from the polygons in the file."""
    rings = [np.asarray(p.exterior.coords) for p in polygons_of(full)]
    axes = enclosing_ellipses(rings)
    assert full["ellipse"].values == pytest.approx(axes, rel=1e-9)
    assert np.all(axes[:, 0] >= axes[:, 1])
    assert full["size"].values == pytest.approx(grain_size(axes), rel=1e-9)
    area = shapely.area(polygons_of(full))
    assert np.all(np.pi / 4 * axes.prod(axis=1) >= area)


def test_maps_agree_with_a_second_point_in_polygon_test(full):
    """Every node and element centre well inside a polygon carries its number (matplotlib)."""
    x, y = full["x_mm"].values, full["y_mm"].values
    maps = ((x, y, "grain_id"), (cell_centres(x), cell_centres(y), "element_grain"))
    for px, py, name in maps:
        points, given = np.column_stack((px.ravel(), py.ravel())), full[name].values.ravel()
        seen = 0
        for number, polygon in enumerate(polygons_of(full)):
            inside = Polygon(polygon.exterior.coords).contains_points(points, radius=-1e-9)
            inside &= Polygon(polygon.exterior.coords).contains_points(points, radius=1e-9)
            assert np.all(given[inside] == number)
            seen += inside.sum()
        assert seen > 0.9 * len(points)


def test_edge_nodes_take_the_grain_beside_them(full):
    """Nodes of the curved side edges may lie outside the polygons by a hair only."""
    polygons = polygons_of(full)
    for column in (0, -1):
        at = full["grain_id"].values[:, column]
        points = shapely.points(full["x_mm"].values[:, column], full["y_mm"].values[:, column])
        assert shapely.distance(points, polygons[at]).max() < 2e-5


@pytest.mark.slow
@pytest.mark.parametrize("orientations", ["euler_uniform", "so3_uniform"])
def test_mesh_does_not_matter(orientations):
    """Grains, sizes and orientations are bit-identical on other meshes, maps agree at nodes."""
    coarse = make_microstructure(study(cells_x=20, cells_y=20, orientations=orientations), 1)
    fine = make_microstructure(study(cells_x=60, cells_y=100, orientations=orientations), 1)
    for name in MESH_FREE:
        assert coarse[name].identical(fine[name])
    assert np.array_equal(coarse["grain_id"].values, fine["grain_id"].values[::5, ::3])


@pytest.mark.slow
def test_indices_and_seeds_differ(full):
    """Another index or seed is another specimen; the number of specimens changes nothing."""
    assert full.identical(make_microstructure(study(microstructures=1), 0))
    for other in (make_microstructure(study(), 1), make_microstructure(study(seed=1), 0)):
        assert not np.isclose(full["size"], other["size"]).any()
        assert not np.isclose(full["euler"], other["euler"]).any()


def test_orientations_do_not_change_the_grains(full):
    """Grains and orientations are drawn from streams of their own."""
    other = make_microstructure(study(orientations="euler_uniform"), 0)
    assert full["polygon_x"].identical(other["polygon_x"])
    assert not np.isclose(full["euler"], other["euler"]).all()


def test_gradient(full):
    """Small grains at both surfaces, columns between, large equiaxed grains in the core."""
    polygons, band = polygons_of(full), full["band"].values
    area = [shapely.area(polygons[band == number]).mean() for number in range(5)]
    assert area[2] > 2 * area[1] > 6 * area[0]
    assert area[4] == pytest.approx(area[0], rel=0.05)
    assert area[3] == pytest.approx(area[1], rel=0.05)
    centre = shapely.get_y(shapely.centroid(polygons))
    means = [centre[band == number].mean() for number in range(5)]
    assert means == pytest.approx([0.14, 0.46, 1.0, 1.54, 1.86], abs=0.03)
    root = full["size"].values ** -0.5
    assert root.min() == pytest.approx(1.25, abs=0.1) and root.max() == pytest.approx(3.3, abs=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("grains", [100, 300])
def test_columns_are_columnar(grains):
    """Columnar grains are taller than wide and most cross their band."""
    for index in range(3):
        data = make_microstructure(study(grains=grains), index)
        columns = polygons_of(data)[np.isin(data["band"].values, (1, 3))]
        x0, y0, x1, y1 = shapely.bounds(columns).T
        assert np.all(y1 - y0 > x1 - x0)
        assert np.mean(y1 - y0 > 0.8 * 0.36) > 0.85


@pytest.mark.slow
def test_areas_are_lognormal():
    """ln(area) scatters in every band of many grains as configured."""
    for sigma in (0.0, 0.35, 0.6):
        data = make_microstructure(study(grains=1000, size_sigma=sigma), 0)
        logarithm = np.log(shapely.area(polygons_of(data)))
        for number in (0, 4):
            spread = logarithm[data["band"].values == number].std()
            assert spread == pytest.approx(sigma, rel=0.15, abs=2e-3)


def test_number_of_grains_of_the_bands():
    """Shares are met to within one grain, each band has one, all together are exact."""
    bands = Specimen().bands
    for grains in (5, 6, 17, 100, 299, 300):
        number = grains_per_band(Specimen(grains=grains))
        assert number.sum() == grains and number.min() >= 1
        if grains >= 100:
            share = [band.grain_fraction * grains for band in bands]
            assert np.abs(number - share).max() <= 1


@pytest.mark.parametrize(
    "specimen",
    [
        {"grains": 5},
        {"grains": 40, "neck_depth_mm": 0.3},
        {"grains": 30, "neck_depth_mm": 0.0, "size_sigma": 1.0},
        {"grains": 60, "width_mm": 1.0, "height_mm": 6.0, "necks_per_side": 1},
    ],
    ids=["fewest", "deep necks", "rectangle", "long"],
)
def test_unusual_specimens(specimen):
    """Exactly the grains asked for, which fill the sheet."""
    asked = study(**specimen)
    polygons = polygons_of(make_microstructure(asked, 0))
    assert len(polygons) == asked.specimen.grains
    assert shapely.area(polygons).sum() == pytest.approx(sheet_outline(asked.specimen).area)


def test_errors_name_the_field():
    """One line for an index that does not exist, too few grains, impossible necks."""
    with pytest.raises(SlipfieldError, match="index: given 3; .* allows 0 to 2"):
        make_microstructure(study(), 3)
    bands = [
        Band(name=str(i), height_fraction=1 / 6, grain_fraction=1 / 6, kind="equiaxed")
        for i in range(6)
    ]
    with pytest.raises(SlipfieldError, match="specimen.grains: given 5; 6 bands"):
        make_microstructure(study(grains=5, bands=bands), 0)
    with pytest.raises(SlipfieldError, match="specimen.neck_depth_mm: given 0.5"):
        make_microstructure(study(grains=5, neck_depth_mm=0.5, necks_per_side=10), 0)


@pytest.mark.slow
def test_command_line_in_other_processes(tmp_path):
    """The verb writes the same grains as this process, on any mesh, with their study."""
    made = {}
    for cells in (12, 18):
        settings = {"cells_x": cells, "cells_y": cells, "microstructures": 3}
        config, output = tmp_path / "study.yaml", tmp_path / f"{cells}.nc"
        config.write_text(yaml.safe_dump({"name": "test", "specimen": settings}))
        other = tmp_path / f"other-{cells}.nc"
        command = ["microstructure", "--config", config, "--index", "1", "--output", other]
        command += ["--index", "2", "--output", output]
        subprocess.run([sys.executable, "-m", "slipfield", *command], check=True)
        with open_netcdf(other) as data:
            assert data.attrs["microstructure_index"] == 1
        with open_netcdf(output) as data:
            assert study_of(data, output).specimen.cells_x == cells
            made[cells] = data.load()
    here = make_microstructure(study(), 2)
    for data in made.values():
        assert isinstance(data, xr.Dataset) and data.attrs["microstructure_index"] == 2
        for name in MESH_FREE:
            assert np.array_equal(data[name].values, here[name].values)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--index", "9"], "index: given 9;"),
        (["--index", "0", "--index", "0"], "output: 1 given for 2 grain maps;"),
    ],
)
def test_command_line_error_is_one_line(tmp_path, given, expected):
    """No traceback for a wrong index, or for an index without a file."""
    config = tmp_path / "study.yaml"
    config.write_text("name: test\n")
    command = ["microstructure", "--config", config, *given, "--output", tmp_path / "m.nc"]
    done = subprocess.run(
        [sys.executable, "-m", "slipfield", *command], capture_output=True, text=True
    )
    assert done.returncode == 2 and not (tmp_path / "m.nc").exists()
    assert done.stderr.startswith(f"slipfield: error: {expected}")
    assert done.stderr.count("\n") == 1
