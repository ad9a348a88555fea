"""`simulate --solid`: shards that say which model made them, ParaView files."""

from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_netcdf
from slipfield.kinds.slip.dataset.contract import violations
from slipfield.kinds.slip.fem.batch import simulate_batch
from slipfield.kinds.slip.fem.forward import solid_microstructure
from slipfield.kinds.slip.fem.sheet import Microstructure
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.study import Solid, Study, check_study


def small_study(**more):
    specimen = {"cells_x": 8, "cells_y": 8, "grains": 12, "thickness_mm": 0.4}
    return Study(
        name="solid",
        specimen=specimen,
        sampling={"samples": 2},
        crossval={"folds": 2},
        loading={"outputs": 2, "path": [[0, 0], [40, 0.02]]},
        **more,
    )


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("solid")
    study = small_study()
    write_netcdf(make_microstructure(study, 0), folder / "map.nc", study)
    row = "0,0,112.0,24.5,12.2"
    (folder / "design.csv").write_text(f"sample,microstructure,k1,k2,k3\n{row}\n")
    solid = study.model_copy(update={"solid": Solid(layers=2)})
    for name, one in (("membrane", study), ("solid", solid)):
        fields = folder / "fields" if name == "solid" else None
        inputs = (folder / "map.nc", folder / "design.csv", (0, 1), folder / f"{name}.nc")
        simulate_batch(one, *inputs, fields=fields)
    return folder


@pytest.mark.parametrize("model", ["membrane", "solid"])
def test_shards_are_valid_and_name_their_model(shards, model):
    assert violations(shards / f"{model}.nc") == []
    with xr.open_dataset(shards / f"{model}.nc") as data:
        assert data.attrs["forward_model"] == model
        assert ("roughness" in data) == (model == "solid")


def test_solid_is_stronger_than_the_membrane_and_rough(shards):
    loads = []
    for name in ("membrane", "solid"):
        with xr.open_dataset(shards / f"{name}.nc") as data:
            loads.append(data["load"].values[0])
            strain = data["strain"].values
            if name == "solid":
                assert (data["roughness"].values > 1e-5).all()  # mm
                assert (data["mean_lattice_rotation"].values > 0).all()
    assert (loads[1] > 1.01 * loads[0]).all()
    assert (loads[1] < 1.4 * loads[0]).all()
    assert strain[0, -1, 1].mean() == pytest.approx(0.01, rel=0.05)


def test_shard_that_lies_about_its_model_is_refused(shards, tmp_path):
    with xr.open_dataset(shards / "solid.nc") as data:
        data.load().attrs["forward_model"] = "membrane"
        data.to_netcdf(tmp_path / "wrong.nc")
    (problem,) = violations(tmp_path / "wrong.nc")
    assert "forward_model" in problem


def test_shard_of_an_older_version_is_a_membrane(shards, tmp_path):
    with xr.open_dataset(shards / "membrane.nc") as data:
        del data.load().attrs["forward_model"]
        data.to_netcdf(tmp_path / "old.nc")
    assert violations(tmp_path / "old.nc") == []


def test_paraview_file_holds_the_body_at_every_output(shards):
    tree = ElementTree.parse(shards / "fields" / "000000" / "fields.xdmf")
    grids = tree.findall(".//Grid[@GridType='Uniform']")
    assert len(grids) == 2
    names = {a.attrib["Name"] for a in grids[0].findall("Attribute")}
    assert {"displacement_mm", "strain", "cauchy_stress_MPa", "grain"} <= names
    assert grids[0].find("Topology").attrib["TopologyType"] == "Hexahedron"


def test_section_of_the_study_is_checked():
    with pytest.raises(SlipfieldError, match=r"solid.layers: given 0"):
        check_study({"name": "a", "solid": {"layers": 0}}, "study")
    with pytest.raises(SlipfieldError, match="layer"):
        check_study({"name": "a", "solid": {"layer": 3}}, "study")


def test_hash_knows_the_solid_and_studies_without_it_keep_theirs():
    plain, solid = small_study(), small_study(solid={"layers": 3})
    assert "solid" not in plain.physics()
    assert plain.physics_hash() != solid.physics_hash() != small_study().as_solid().physics_hash()


def test_columns_reach_through_and_seeds_differ():
    study = small_study()
    micro = Microstructure.from_dataset(make_microstructure(study, 0), "test")
    columns = solid_microstructure(study, micro, Solid(layers=3, grains="columns"))
    assert (columns.layer_grain == micro.element_grain).all()
    one, other = (solid_microstructure(study, micro, Solid(layers=3, seed=s)) for s in (0, 1))
    assert np.array_equal(one.layer_grain[-1], micro.element_grain)
    assert not np.array_equal(one.layer_grain, other.layer_grain)
