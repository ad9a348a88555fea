"""What a result says of itself: witnesses that come last, and what is kept for the next run."""

import html
import json
import os
import resource

import h5py
import pytest

from slipfield.core.cache import cached_rows
from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import check_any_study
from slipfield.core.places import RUN_VARIABLE
from slipfield.core.recorded import (
    claim_contents,
    forget,
    made_otherwise,
    missing_beside,
    names_beside,
    recorded_attributes,
    refuse_others,
    stale_results,
    witnessed,
)


def study(**sections):
    return check_any_study({"name": "a", "kind": "beam", **sections}, "x")[0]


def test_a_witness_goes_first_and_comes_last(tmp_path):
    witness = tmp_path / "made.json"
    with witnessed(study(), witness) as content:
        content["rows"] = [1]
    assert json.loads(witness.read_text())["rows"] == [1]
    assert made_otherwise(witness, study(), ("beam", "physics_hash")) == ""
    with pytest.raises(KeyboardInterrupt), witnessed(study(), witness):
        assert not witness.exists()
        raise KeyboardInterrupt
    assert not witness.exists()
    assert made_otherwise(witness, study(), ()) == "no readable study"


def test_an_orphan_leaves_the_witness_of_the_next_run(tmp_path, monkeypatch):
    witness, place = tmp_path / "made.json", tmp_path / ".running"
    with witnessed(study(), witness):
        pass
    monkeypatch.setenv(RUN_VARIABLE, f"first:{place}")
    place.write_text("second")
    with pytest.raises(SlipfieldError, match="not written: the run that started this job"):
        forget(witness)
    assert witness.exists()


def test_what_differs_is_named_with_both_values(tmp_path):
    witness = tmp_path / "made.json"
    with witnessed(study(), witness):
        pass
    other = study(beam={"height_mm": 12.0}, crossval={"folds": 3})
    differs = "beam.height_mm = 10.0, but the study has 12.0"
    assert made_otherwise(witness, other, ("beam",)) == differs
    assert made_otherwise(witness, other, ("crossval.folds",)).startswith("crossval.folds = 5, but")
    assert made_otherwise(witness, other, ("sampling", "crossval.repeats")) == ""
    assert made_otherwise(witness, other, ("physics_hash",)).startswith("physics_hash = ")
    with pytest.raises(SlipfieldError, match="made.json: made with beam.*; run the study again"):
        refuse_others({witness: differs})


def test_results_are_of_the_study_and_as_their_witness_saw_them(tmp_path):
    witness, first, second = (tmp_path / name for name in ("made.json", "a.csv", "b.csv"))
    first.write_text("1")
    second.write_text("2")
    with witnessed(study(), witness, first, second):
        pass
    assert stale_results(witness, study(), ("beam",)) == {}
    other = study(beam={"height_mm": 12.0})
    differs = "beam.height_mm = 10.0, but the study has 12.0"
    assert stale_results(witness, other, ("beam",)) == {witness: differs}
    second.write_text("3")
    changed = {second: "other content than it has now"}
    assert stale_results(witness, study(), ("beam",)) == changed
    assert stale_results(witness, other, ("beam",), [first]) == {first: differs} | changed


@pytest.mark.parametrize("damage", ["", "[", "[1]", "{}", '{"study": 3}', '{"study": {"name": 1}}'])
def test_a_damaged_witness_is_that_of_no_study(damage, tmp_path):
    witness = tmp_path / "made.json"
    witness.write_text(damage)
    assert made_otherwise(witness, study(), ("beam",)).endswith(
        ("no readable study", "a study that this version cannot read")
    )


@pytest.mark.parametrize("damage", [b"", b"[", b"[1, 2]", b"{}", b"\xff\xfe"])
def test_damaged_rows_are_made_again(damage, tmp_path):
    path = tmp_path / "case.json"
    rows = [{"error": 0.5, "held": True}]
    assert cached_rows(path, lambda: rows) == rows
    assert cached_rows(path, lambda: 1 / 0) == rows
    path.write_bytes(damage)
    assert cached_rows(path, lambda: rows) == rows
    assert json.loads(path.read_text()) == rows


def test_a_folder_holds_what_it_says(tmp_path):
    path = tmp_path / "bench.json"
    claim_contents(path, {"cells": 8, "noise": (1, 2)}, "bench")
    claim_contents(path, {"cells": 8, "noise": (1, 2), "weights": "a"}, "bench")
    with pytest.raises(SlipfieldError, match="holds another bench .weights = a, but given is b.;"):
        claim_contents(path, {"cells": 8, "noise": (1, 2), "weights": "b"}, "bench")
    former = {"sha256": "{'a': 1}"}
    path.write_text(json.dumps({"cells": 8, **former}))
    with pytest.raises(SlipfieldError, match="sha256 = {'a': 1}, but given is {'a': 2}"):
        claim_contents(path, {"cells": 8, "hash": "x"}, "bench", {"sha256": "{'a': 2}"})
    claim_contents(path, {"cells": 8, "hash": "x"}, "bench", former)
    assert json.loads(path.read_text()) == {"cells": 8, "hash": "x"}
    for damage in (b"", b"[1]", b"\xff"):
        path.write_bytes(damage)
        with pytest.raises(SlipfieldError, match="bench.json: not readable, and it says which ben"):
            claim_contents(path, {"cells": 8}, "bench")
        assert path.read_bytes() == damage


def test_a_file_that_the_system_does_not_open_is_not_taken_for_a_damaged_one(tmp_path):
    """Damaged results are made again; with too many open files, all of them would be."""
    path = tmp_path / "shard.nc"
    with h5py.File(path, "w") as file:
        file.attrs["physics_hash"] = "ours"
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(path, os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
    try:
        with pytest.raises(SlipfieldError, match="shard.nc: cannot be read: Too many open files"):
            recorded_attributes(path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert recorded_attributes(path) == {"physics_hash": "ours"}
    path.write_bytes(path.read_bytes()[:100])
    assert recorded_attributes(path) == {}


def test_a_page_and_a_card_tell_which_of_their_files_are_gone(tmp_path):
    page, card, odd = tmp_path / "p.html", tmp_path / "model.json", 'a "b" & <c>\n.png'
    names = names_beside(["figures/x.png", odd, "figures/x.png"])
    page.write_text(f'<meta name="files" content="{html.escape(names)}">')
    card.write_text(json.dumps({"written_beside": ["i.csv"], "weights_sha256": {"w": "0"}}))
    assert missing_beside(page) == [tmp_path / "figures/x.png", tmp_path / odd]
    assert missing_beside(card) == [tmp_path / "i.csv", tmp_path / "w"]
    for name in (odd, "i.csv", "w"):
        (tmp_path / name).touch()
    assert (missing_beside(page), missing_beside(card)) == ([tmp_path / "figures/x.png"], [])


@pytest.mark.parametrize("content", [b"", b"\xff", b"[1]", b'{"written_beside": 1}', None])
@pytest.mark.parametrize("name", ["p.html", "model.json"])
def test_what_names_no_files_misses_none(tmp_path, name, content):
    """Damaged, of an older version, or not there."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert missing_beside(tmp_path / name) == []
