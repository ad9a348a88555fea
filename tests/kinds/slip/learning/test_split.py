"""Parts are disjoint, complete, grouped as asked, and fixed by the seed."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.learning.split import split_fold, split_once
from tests.shards import tiny_study


def parts_of(split):
    return list(split.named().values())


@pytest.mark.parametrize("kind", ["random", "microstructure"])
def test_split_once(collection, kind):
    study = tiny_study(learning={"split": kind, "test_fraction": 0.3, "validation_fraction": 0.25})
    split = split_once(study, collection)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts_of(split))), np.arange(23))
    assert min(map(len, parts_of(split))) > 0
    again = split_once(study, collection)
    np.testing.assert_array_equal(again.test, split.test)
    if kind == "random":
        assert len(split.test) == 7 and len(split.validation) == 4
    else:
        maps = [set(collection.microstructures[part]) for part in parts_of(split)]
        assert all(len(part) == 1 for part in maps) and len(set.union(*maps)) == 3


@pytest.mark.parametrize("kind", ["random", "microstructure"])
@pytest.mark.parametrize("fraction", [1e-6, 0.999])
def test_every_part_gets_a_group_whatever_the_fractions(collection, kind, fraction):
    for name in ("test_fraction", "validation_fraction"):
        study = tiny_study(learning={"split": kind, name: fraction})
        split = split_once(study, collection)
        np.testing.assert_array_equal(np.sort(np.concatenate(parts_of(split))), np.arange(23))
        assert min(map(len, parts_of(split))) > 0


def test_split_needs_three_groups(collection):
    class TwoMaps:
        samples = np.arange(6)
        microstructures = np.array([0, 0, 0, 1, 1, 1])

    with pytest.raises(SlipfieldError, match="learning.split: given 'microstructure'"):
        split_once(tiny_study(), TwoMaps())


@pytest.mark.parametrize("grouping", ["random", "microstructure"])
def test_each_repeat_tests_every_sample_once(collection, grouping):
    study = tiny_study()
    tests = []
    for repeat in range(2):
        folds = [split_fold(study, collection, 3 * repeat + fold, grouping) for fold in range(3)]
        tests.append([fold.test.tolist() for fold in folds])
        np.testing.assert_array_equal(np.sort(np.concatenate(tests[-1])), np.arange(23))
        for fold in folds:
            np.testing.assert_array_equal(np.sort(np.concatenate(parts_of(fold))), np.arange(23))
            maps = [set(collection.microstructures[part]) for part in parts_of(fold)]
            if grouping == "microstructure":
                assert not (maps[0] & maps[1] or maps[0] & maps[2] or maps[1] & maps[2])
            assert len(fold.validation) > 0
    if grouping == "random":
        assert tests[0] != tests[1]
        assert {len(test) for test in tests[0]} == {7, 8}


def test_folds_need_groups(collection):
    with pytest.raises(SlipfieldError, match=r"crossval.folds: given 4, but .* 3 group"):
        split_fold(tiny_study(crossval={"folds": 4}), collection, 0, "microstructure")
    with pytest.raises(SlipfieldError, match="grouping: given 'grain'"):
        split_fold(tiny_study(), collection, 0, "grain")
