"""Gathering: what the manifest lists, and every refusal."""

import hashlib
import json
import shutil

import numpy as np
import pytest
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_netcdf
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.dataset.manifest import gather, planned_maps, planned_shards, summary
from slipfield.kinds.slip.dataset.moments import Moments
from tests.kinds.slip.dataset.conftest import FAILED
from tests.shards import make_microstructure, make_shard, tiny_study


def test_moments_merge_in_any_order_without_cancellation():
    values = 1e6 + np.random.default_rng(0).normal(size=(1000, 3))
    parts = [Moments.of(part, axis=0) for part in np.split(values, [1, 7, 500])]
    forwards = parts[0].merge(parts[1]).merge(parts[2]).merge(parts[3])
    pooled = Moments.stack(parts[::-1]).pool()
    for merged in (forwards, pooled):
        np.testing.assert_allclose(merged.std, values.std(axis=0), rtol=1e-9)
        np.testing.assert_allclose(merged.mean, values.mean(axis=0), rtol=1e-14)
    twice = Moments.stack(parts).pool(weights=np.array([2, 1, 1, 1]))
    repeated = np.concatenate([values[:1], values])
    np.testing.assert_allclose(twice.std, repeated.std(axis=0), rtol=1e-9)


def test_manifest_lists_files_and_failures(dataset_dir, study):
    manifest = json.loads((dataset_dir / "manifest.json").read_text())
    assert manifest["physics_hash"] == study.physics_hash()
    assert manifest["samples"] == 24
    assert [n for shard in manifest["shards"] for n in shard["failed"]] == [FAILED]
    assert sorted(n for shard in manifest["shards"] for n in shard["samples"]) == list(range(24))
    for shard in manifest["shards"]:
        content = (dataset_dir / shard["path"]).read_bytes()
        assert shard["bytes"] == len(content)
        assert shard["sha256"] == hashlib.sha256(content).hexdigest()
    assert (dataset_dir / manifest["references"]["2"]).exists()
    assert summary(manifest).startswith("23 of 24 samples in 6 shards on 3 grain maps")
    assert summary(manifest).endswith("failed: 5")


@pytest.fixture
def results(dataset_dir, tmp_path):
    """Copy of the result folder that a test may damage."""
    return shutil.copytree(dataset_dir.parent, tmp_path / "results")


def gather_all(study, results):
    files = (sorted((results / name).glob("*.nc")) for name in ("shards", "microstructures"))
    return gather(study, *files, [], results / "samples.csv", results / "dataset")


def first_shard(results):
    return sorted(results.glob("shards/*.nc"))[0]


def test_shards_of_an_older_version_go_with_new_ones(study, results):
    """They lack the lattice rotation; what an inverter reads is the same."""
    with xr.open_dataset(first_shard(results), decode_times=False) as data:
        older = data.load().drop_vars("mean_lattice_rotation")
    fields = older.strain.values[2], older["load"].values[2]
    write_netcdf(older, first_shard(results), study)
    assert summary(gather_all(study, results)).startswith("23 of 24 samples in 6 shards")
    collection = Collection.of_dataset(results / "dataset")
    np.testing.assert_array_equal(collection.strain(2), fields[0])
    np.testing.assert_array_equal(collection.load(2), fields[1])


def test_refuses_other_physics(study, results):
    other = tiny_study(material={"h0_MPa": 90.0})
    with pytest.raises(SlipfieldError, match=r"r000000-000003.nc: made under other physics"):
        shard = make_shard(
            other, make_microstructure(other, 0), np.arange(4), np.full((4, 3), 20.0)
        )
        write_netcdf(shard, first_shard(results), other)
        gather_all(study, results)


def test_grain_maps_outlive_a_change_of_material_but_not_of_the_specimen(results):
    other = tiny_study(material={"h0_MPa": 90.0})
    for path in results.glob("microstructures/*.nc"):
        write_netcdf(make_microstructure(other, int(path.stem)), path, other)
    assert gather_all(tiny_study(), results)["samples"] == 24
    wider = tiny_study(specimen={"width_mm": 2.5})
    write_netcdf(make_microstructure(wider, 1), results / "microstructures" / "00001.nc", wider)
    with pytest.raises(SlipfieldError, match=r"00001.nc: made with specimen.width_mm = 2.5"):
        gather_all(tiny_study(), results)


def test_refuses_a_missing_and_a_double_sample(study, results):
    extra = results / "shards" / "copy.nc"
    shutil.copy(first_shard(results), extra)
    with pytest.raises(SlipfieldError, match="sample 0 is also in .*delete one"):
        gather_all(study, results)
    extra.unlink()
    first_shard(results).unlink()
    with pytest.raises(SlipfieldError, match="4 of 24 samples are in no shard: 0, 1, 2, 3"):
        gather_all(study, results)
    with pytest.raises(SlipfieldError, match="missing; run `simulate --rows 0:8`"):
        planned_shards(study, results / "shards")


def test_refuses_a_shard_under_the_name_of_another(study, results):
    first, second, *_ = sorted((results / "shards").glob("*.nc"))
    shutil.copy(second, first)
    with pytest.raises(SlipfieldError, match=f"{first.name}: holds .* not those of its name"):
        gather_all(study, results)


def test_a_folder_gives_the_maps_that_the_study_plans(study, results):
    folder = results / "microstructures"
    planned = planned_maps(study, folder)
    assert planned == sorted(folder.glob("*.nc"))
    shutil.copy(planned[0], folder / "00003.nc")
    shutil.copy(planned[0], folder / "draft.nc")
    assert planned_maps(study, folder) == planned
    planned[2].unlink()
    with pytest.raises(SlipfieldError, match="00002.nc: missing; .*--index 2"):
        planned_maps(study, folder)


def test_refuses_parameters_that_differ_from_the_design(study, results):
    table = results / "samples.csv"
    lines = table.read_text().splitlines()
    number, owner, _, *rest = lines[3].split(",")
    lines[3] = ",".join([number, owner, "99.5", *rest])
    table.write_text("\n".join(lines) + "\n")
    with pytest.raises(SlipfieldError, match=r"sample 2 has .*simulate its batch again"):
        gather_all(study, results)


def test_refuses_a_damaged_shard_and_a_missing_map(study, results):
    (results / "microstructures" / "00001.nc").unlink()
    with pytest.raises(SlipfieldError, match="no grain map with microstructure_index 1"):
        gather_all(study, results)
    path = first_shard(results)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(SlipfieldError, match="simulate its batch again"):
        gather_all(study, results)


def test_refuses_a_file_of_another_kind(study, results):
    shutil.copy(results / "references" / "00000.nc", results / "shards" / "reference.nc")
    with pytest.raises(
        SlipfieldError, match="reference.nc: a reference file, expected a shard file"
    ):
        gather_all(study, results)


def lines_of(results):
    return (results / "samples.csv").read_text().splitlines()
