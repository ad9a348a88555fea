"""Collections and decoded fields: the same numbers wherever they are kept, noise included."""

import subprocess
import sys

import netCDF4
import numpy as np
import pytest
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.dataset import fields
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.dataset.fields import choose_storage, decode
from slipfield.kinds.slip.dataset.noise import add_noise
from slipfield.kinds.slip.dataset.scaling import Scaling
from slipfield.kinds.slip.study import Noise
from tests.kinds.slip.dataset.conftest import FAILED
from tests.shards import write_dataset

pytestmark = pytest.mark.slow

QUIET = Noise()


def test_collection_reads_what_the_shards_hold(collection, dataset_dir):
    assert FAILED not in collection.samples and len(collection) == 23
    row = int(np.flatnonzero(collection.samples == 13)[0])
    (path,) = dataset_dir.parent.glob("shards/*_r000012-*.nc")
    with xr.open_dataset(path, decode_times=False) as data:
        sample = data.sel(sample=13)
        np.testing.assert_array_equal(collection.strain(row), sample.strain)
        np.testing.assert_array_equal(collection.load(row), sample["load"])
        assert collection.parameters[row].tolist() == [sample.k1, sample.k2, sample.k3]
        assert collection.microstructures[row] == sample.microstructure == 1
    assert collection.reference_path(1).name == "00001.nc"


def test_a_changed_shard_is_noticed(study, tmp_path):
    folder = write_dataset(study, tmp_path)
    shard = next(tmp_path.glob("shards/*.nc"))
    shard.write_bytes(shard.read_bytes() + b"more")
    with pytest.raises(SlipfieldError, match="changed since `gather`"):
        Collection.of_dataset(folder)
    with pytest.raises(SlipfieldError, match="no readable manifest"):
        Collection.of_dataset(tmp_path)


def test_loose_shards_need_their_grain_maps(dataset_dir):
    shards = sorted(dataset_dir.parent.glob("shards/*.nc"))
    maps = sorted(dataset_dir.parent.glob("microstructures/*.nc"))
    assert len(Collection.of_shards(shards[2:4], maps)) == 8
    with pytest.raises(SlipfieldError, match="no grain map with microstructure_index 1"):
        Collection.of_shards(shards[2:4], maps[:1])
    runs = sorted(dataset_dir.parent.glob("references/*.nc"))
    assert Collection.of_shards(shards, maps, runs).reference_path(2) == runs[2]
    with pytest.raises(SlipfieldError, match="references: none for microstructure 2"):
        Collection.of_shards(shards, maps).reference_path(2)
    with pytest.raises(SlipfieldError, match="not a reference file"):
        Collection.of_shards(shards, maps, maps)
    with pytest.raises(SlipfieldError, match="not a shard"):
        Collection.of_shards(maps, maps)


def test_the_hash_of_loose_shards_changes_with_any_of_them(study, tmp_path):
    write_dataset(study, tmp_path)
    shards, maps = (sorted(tmp_path.glob(f"{name}/*.nc")) for name in ("shards", "microstructures"))
    before = Collection.of_shards(shards, maps).data_hash
    assert before != Collection.of_shards(shards[1:], maps).data_hash
    with netCDF4.Dataset(shards[2], "a") as data:
        data["k1"][:] = 2 * data["k1"][:]
    after = Collection.of_shards(shards, maps)
    assert after.data_hash != before and after.study.physics_hash() == study.physics_hash()


@pytest.mark.parametrize("stride", [1, 3])
def test_every_storage_gives_the_same(collection, study, stride):
    memory, stream, disk, mapped = (
        decode(collection.with_noise(study.noise), stride, kind)
        for kind in ("memory", "stream", "disk", "disk")
    )
    rows = np.array([7, 0, 22])
    size = len(range(0, 17, stride))
    assert memory.strain[rows].shape == (3, 4, 3, size, size)
    np.testing.assert_array_equal(disk.strain[rows], stream.strain[rows])
    np.testing.assert_array_equal(disk.strain[rows], memory.strain[rows])
    for row, kept in zip(rows, memory.strain[rows], strict=True):
        exact, _ = collection.with_noise(study.noise).measured(int(row))
        np.testing.assert_allclose(kept, exact[..., ::stride, ::stride], rtol=1e-3, atol=1e-7)
    assert isinstance(mapped.strain, np.memmap)
    for other in (stream, disk):
        np.testing.assert_array_equal(other.load, memory.load)
        np.testing.assert_array_equal(other.strain_moments.squares, memory.strain_moments.squares)


JOB = """
import sys, time
from pathlib import Path
from slipfield.kinds.slip.dataset import fields
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.study import Noise

read_all = fields._read_all

def slowly(*arguments):
    print("decodes", flush=True)
    time.sleep(2)
    return read_all(*arguments)

fields._read_all = slowly
found = fields.decode(Collection.of_dataset(Path(sys.argv[1])).with_noise(Noise()), 1, "disk")
print(found.strain[:].sum(), found.load.sum())
"""


def test_one_of_two_jobs_decodes_and_the_other_waits(study, tmp_path):
    """Each copy is as large as all shards together; both at once would fill the disk."""
    folder = write_dataset(study, tmp_path)
    command = [sys.executable, "-c", JOB, str(folder)]
    jobs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [job.communicate()[0].splitlines() for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0]
    assert sorted(map(len, outputs)) == [1, 2]
    assert outputs[0][-1] == outputs[1][-1]


def test_a_copy_that_is_there_is_used_although_another_one_had_no_room(
    study, tmp_path, monkeypatch
):
    folder = write_dataset(study, tmp_path)
    decode(Collection.of_dataset(folder).with_noise(QUIET), 1, "disk")
    monkeypatch.setattr(fields, "choose_storage", lambda *_: "stream")
    assert isinstance(decode(Collection.of_dataset(folder).with_noise(QUIET), 1).strain, np.memmap)
    other = decode(Collection.of_dataset(folder).with_noise(QUIET), 2).strain
    assert isinstance(other, fields.StreamedStrain)


@pytest.mark.parametrize("end", [".npy", ".npz"])
@pytest.mark.parametrize("content", [b"", b"PK", "object"])
def test_a_damaged_or_foreign_copy_is_one_line(study, tmp_path, end, content):
    folder = write_dataset(study, tmp_path)
    decode(Collection.of_dataset(folder).with_noise(QUIET), 1, "disk")
    (copy,) = folder.glob(f"decoded-*{end}")
    if content == "object":
        save = np.save if end == ".npy" else lambda handle, value: np.savez(handle, load=value)
        with open(copy, "wb") as handle:
            save(handle, np.array([{}], dtype=object))
    else:
        copy.write_bytes(content)
    with pytest.raises(SlipfieldError, match=r"decoded-.*: not readable \(.*delete both"):
        decode(Collection.of_dataset(folder).with_noise(QUIET), 1, "disk")


def test_storage_follows_the_size(tmp_path):
    assert choose_storage((100, 20, 3, 49, 49), tmp_path) == "memory"
    assert choose_storage((10**9, 20, 3, 201, 201), tmp_path) == "stream"
    assert choose_storage((10**9, 20, 3, 201, 201), None) == "stream"


def test_noise_is_that_of_the_sample_alone(collection, study):
    noisy = decode(collection.with_noise(study.noise), 1, "memory")
    clean = decode(collection.with_noise(QUIET), 1, "memory")
    strided = decode(collection.with_noise(study.noise), 4, "memory")
    np.testing.assert_array_equal(noisy.strain[:, :, :, ::4, ::4], strided.strain)
    deviation = noisy.strain.astype(np.float64) - clean.strain
    assert deviation.std() == pytest.approx(study.noise.strain_std, rel=0.01)
    assert abs(deviation.mean()) < 5 * study.noise.strain_std / np.sqrt(deviation.size)
    relative = noisy.load / clean.load - 1
    assert relative.std() == pytest.approx(study.noise.load_relative_std, rel=0.25)
    first, second = deviation[0].ravel(), deviation[1].ravel()
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.05


def test_noise_depends_on_seed_and_number():
    strain, load = np.zeros((2, 3, 4, 4), np.float32), np.ones(2)
    noise = Noise(strain_std=1e-3, load_relative_std=0.01)
    again = [add_noise(strain, load, noise, 5) for _ in range(2)]
    np.testing.assert_array_equal(again[0][0], again[1][0])
    assert again[0][0].dtype == np.float32 and not strain.any()
    for other in (
        add_noise(strain, load, noise, 6),
        add_noise(strain, load, noise.model_copy(update={"seed": 8}), 5),
    ):
        assert not np.array_equal(other[0], again[0][0])
        assert not np.array_equal(other[1], again[0][1])


def test_scaling_is_that_of_the_training_rows(collection, study):
    fields = decode(collection.with_noise(study.noise), 2, "memory")
    rows = np.array([0, 1, 9, 20])
    scaling = Scaling.fit(fields, rows)
    measured = [collection.with_noise(study.noise).measured(int(row))[0] for row in rows]
    strain = np.stack(measured)[..., ::2, ::2].astype(np.float64)
    angles = fields.angles[fields.map_row[rows]].astype(np.float64)
    np.testing.assert_allclose(scaling.strain_mean, strain.mean((0, 1, 3, 4)), rtol=1e-6)
    np.testing.assert_allclose(scaling.strain_std, strain.std((0, 1, 3, 4)), rtol=1e-6)
    assert scaling.load_mean == pytest.approx(fields.load[rows].mean())
    assert scaling.load_std == pytest.approx(fields.load[rows].std())
    np.testing.assert_allclose(scaling.angle_mean, angles.mean((0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(scaling.angle_std, angles.std((0, 2, 3)), rtol=1e-6)
    labels = scaling.labels(fields.parameters[rows])
    np.testing.assert_allclose(labels.min(axis=0), 0.1)
    np.testing.assert_allclose(labels.max(axis=0), 1.0)
    np.testing.assert_allclose(
        scaling.parameters(scaling.labels(fields.parameters)), fields.parameters, rtol=1e-12
    )
    again = Scaling.from_json(scaling.to_json())
    np.testing.assert_array_equal(again.labels(fields.parameters[rows]), labels)
