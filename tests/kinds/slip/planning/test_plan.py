"""Batches of samples, against the assignment rule written out sample by sample."""

from pathlib import Path

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.planning.plan import (
    batches,
    crossval_minutes,
    learning_gpus,
    learning_memory_mb,
    map_jobs,
    parse_batch,
    samples_of,
    simulation_minutes,
    training_minutes,
)
from slipfield.kinds.slip.study import check_study, load_study


def study(samples, microstructures, per_job):
    return check_study(
        {
            "name": "plan",
            "specimen": {"microstructures": microstructures},
            "sampling": {"samples": samples},
            "execution": {"samples_per_job": per_job},
            "crossval": {"folds": 2},
        },
        "plan",
    )


@pytest.mark.parametrize(("samples", "maps", "per_job"), [(24, 3, 5), (23, 7, 2), (7, 7, 3)])
def test_batches_cover_each_sample_once_on_its_microstructure(samples, maps, per_job):
    given = study(samples, maps, per_job)
    owner = {s: s * maps // samples for s in range(samples)}
    found = {}
    for batch in batches(given):
        assert 1 <= len(batch) <= per_job
        for sample in range(batch.first, batch.last + 1):
            assert sample not in found
            found[sample] = batch.microstructure
    assert found == owner
    for index in range(maps):
        assert list(samples_of(given, index)) == [s for s in owner if owner[s] == index]


@pytest.mark.parametrize(
    ("maps", "tens", "rest"),
    [(4, 0, range(4)), (10, 1, ()), (16, 1, range(10, 16)), (120, 12, ())],
)
def test_jobs_of_maps_make_each_map_once(maps, tens, rest):
    full, left = map_jobs(study(maps, maps, 1))
    assert len(full) == tens
    assert list(map(int, left)) == list(rest)
    made = [int(f"{ten}{last}") for ten in full for last in range(10)] + list(map(int, left))
    assert made == list(range(maps))


def test_name_and_rows_of_a_batch():
    batch = batches(study(100, 2, 20))[3]
    assert batch.name == "m00001_r000050-000069"
    assert parse_batch(batch.name) == batch
    low, high = map(int, batch.rows.split(":"))
    assert list(range(low, high)) == list(range(batch.first, batch.last + 1))


def test_foreign_name_is_refused():
    with pytest.raises(SlipfieldError, match="shard.nc"):
        parse_batch("shard.nc")


def test_only_the_network_asks_for_a_gpu_and_for_its_hours():
    paper = load_study(Path(__file__).parents[4] / "config" / "paper.yaml")
    learning = paper.learning.model_copy(update={"device": "cuda"})
    study = paper.model_copy(update={"learning": learning})
    assert learning_gpus(study) == learning_gpus(study, "cnn_lstm") == 1
    assert learning_gpus(paper) == 0
    for model in ("projection", "equilibrium"):
        assert learning_gpus(study, model) == 0
        assert training_minutes(study, model) == training_minutes(paper, model)
        assert training_minutes(study, model) < training_minutes(paper)
        assert crossval_minutes(study, 10, model) < crossval_minutes(study, 20, model)
        assert learning_memory_mb(study, model) < learning_memory_mb(study)


def test_paper_study_is_440_jobs_that_fit_a_day():
    paper = load_study(Path(__file__).parents[4] / "config" / "paper.yaml")
    assert len(batches(paper)) == 440
    assert 10 < simulation_minutes(paper, 50) < 24 * 60
