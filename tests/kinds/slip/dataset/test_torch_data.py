"""The torch face: layout, scaling, and the same batches with and without worker processes."""

import numpy as np
import pytest
import torch

from slipfield.kinds.slip.dataset.fields import decode
from slipfield.kinds.slip.dataset.scaling import Scaling
from slipfield.kinds.slip.dataset.torch_data import CPU, FieldDataset, SeededOrder, hold, loader


@pytest.fixture(params=["memory", "stream"])
def dataset(request, collection, study):
    fields = decode(collection.with_noise(study.noise), 2, request.param)
    rows = np.arange(0, 23, 2)
    return FieldDataset(fields, rows, Scaling.fit(fields, rows))


def test_layout_and_scaling(dataset):
    sample = dataset[3]
    shapes = {name: tuple(tensor.shape) for name, tensor in sample.items()}
    assert shapes == {
        "strain": (4, 3, 9, 9),
        "orientation": (3, 9, 9),
        "load": (4,),
        "labels": (3,),
    }
    assert {tensor.dtype for tensor in sample.values()} == {torch.float32}
    batch = dataset.__getitems__(range(len(dataset)))
    for name, axes in (("strain", (0, 1, 3, 4)), ("orientation", (0, 2, 3)), ("load", (0, 1))):
        values = batch[name].double()
        assert torch.allclose(values.mean(axes), torch.zeros(()).double(), atol=1e-5), name
        assert torch.allclose(values.std(axes, correction=0), torch.ones(()).double(), rtol=1e-4)
    assert batch["labels"].min() == pytest.approx(0.1) and batch["labels"].max() == 1.0
    assert torch.equal(batch["strain"][3], sample["strain"])


def test_workers_give_the_same_batches(dataset):
    order = SeededOrder(len(dataset), seed=4)
    alone, shared = (loader(dataset, 5, workers=workers, order=order) for workers in (0, 2))
    for epoch in (1, 2):
        order.epoch = epoch
        pairs = list(zip(alone, shared, strict=True))
        assert len(pairs) == 3
        for one, other in pairs:
            assert all(torch.equal(one[name], other[name]) for name in one)


def test_order_depends_on_seed_and_epoch():
    orders = []
    for seed, epoch in ((1, 1), (1, 1), (1, 2), (2, 1)):
        order = SeededOrder(50, seed)
        order.epoch = epoch
        orders.append(list(order))
    assert orders[0] == orders[1]
    assert orders[0] != orders[2] and orders[0] != orders[3]
    assert sorted(orders[3]) == list(range(50))


@pytest.mark.parametrize("storage", ["memory", "disk"])
def test_held_fields_give_the_same_batches(collection, study, storage, monkeypatch):
    """The path of a GPU, with the CPU as the device: one copy, in blocks of a few rows."""
    monkeypatch.setattr("slipfield.kinds.slip.dataset.torch_data.COPY_BYTES", 3 * 4 * 3 * 9 * 9 * 2)
    fields = decode(collection.with_noise(study.noise), 2, storage)
    held = hold(fields, CPU, room=1e9)
    assert held.strain.dtype == torch.float16
    rows = np.arange(0, 23, 2)
    scaling = Scaling.fit(fields, rows)
    one, other = (
        FieldDataset(source, rows, scaling).__getitems__([4, 0, 7]) for source in (fields, held)
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_only_what_fits_a_gpu_is_held(collection, study):
    fields = decode(collection.with_noise(study.noise), 2, "memory")
    assert hold(fields, CPU) is fields
    assert hold(fields, CPU, room=fields.strain.nbytes - 1) is fields
    streamed = decode(collection.with_noise(study.noise), 2, "stream")
    assert hold(streamed, CPU, room=1e9) is streamed
