"""Which samples train, which pick the best epoch, and which test: once, or in repeated folds.

Rows are split in groups that stay together: single samples ("random"), or all samples of one
grain map ("microstructure"), so that test specimens are ones the inverter has never seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.study import Study

GROUPINGS = ("random", "microstructure")


@dataclass(frozen=True)
class Split:
    """Row numbers of a collection, disjoint and sorted."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    def named(self) -> dict[str, np.ndarray]:
        """Rows by the name of their part."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def split_once(study: Study, collection: Collection) -> Split:
    """Split as ``learning.split``, ``test_fraction`` and ``validation_fraction`` say.

    Raises
    ------
    SlipfieldError
        If there are too few groups to give every part one.
    """
    learning = study.learning
    groups = groups_of(collection, learning.split)
    if len(np.unique(groups)) < 3:
        raise SlipfieldError(
            f"learning.split: given {learning.split!r}, but the dataset has "
            f"{len(np.unique(groups))} such group(s) and three parts need 3; "
            "use 'random' or more microstructures and samples"
        )
    rows, seed = np.arange(len(groups)), learning.seed
    rest, test = _hold_out(rows, groups, learning.test_fraction, seed, keep=2)
    train, validation = _hold_out(rest, groups, learning.validation_fraction, seed + 1)
    return Split(train, validation, test)


def split_fold(study: Study, collection: Collection, number: int, grouping: str) -> Split:
    """Give fold ``number`` of ``folds * repeats``; each repeat has a partition of its own.

    The fold held out is the test part. The part that picks the best epoch is taken from the
    other folds, so that the scores of a fold do not choose the weights they judge.

    Raises
    ------
    SlipfieldError
        If the grouping is unknown, there are fewer groups than folds, or a fold leaves fewer
        than two to the other parts.
    """
    from sklearn.model_selection import GroupKFold

    folds, seed = study.crossval.folds, study.learning.seed
    groups = groups_of(collection, grouping)
    count = len(np.unique(groups))
    if count < folds or count - math.ceil(count / folds) < 2:
        raise SlipfieldError(
            f"crossval.folds: given {folds}, but the dataset has {count} group(s) for the "
            f"grouping {grouping!r}; use fewer folds, or more microstructures and samples"
        )
    repeat, fold = divmod(number, folds)
    partition = GroupKFold(folds, shuffle=True, random_state=derived_seed(seed, repeat))
    rest, test = list(partition.split(groups, groups=groups))[fold]
    fraction = study.learning.validation_fraction
    train, validation = _hold_out(rest, groups, fraction, derived_seed(seed, repeat, fold))
    return Split(train, validation, test)


def derived_seed(*numbers: int) -> int:
    """Give a seed that depends on all ``numbers``, in [0, 2^32)."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def strictest_grouping(collection: Collection) -> str:
    """By microstructure if there are enough of them for three parts, else by sample."""
    return "random" if len(np.unique(collection.microstructures)) < 3 else "microstructure"


def groups_of(collection: Collection, grouping: str) -> np.ndarray:
    """Group of each row: itself, or its grain map."""
    if grouping not in GROUPINGS:
        raise SlipfieldError(f"grouping: given {grouping!r}; expected {' or '.join(GROUPINGS)}")
    return collection.samples if grouping == "random" else collection.microstructures


def _hold_out(
    rows: np.ndarray, groups: np.ndarray, fraction: float, seed: int, keep: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Split ``rows`` into (rest, held out): about ``fraction`` of the groups, at least one.

    At least ``keep`` groups stay in the rest.
    """
    names = np.random.default_rng(seed).permutation(np.unique(groups[rows]))
    count = min(max(1, round(fraction * len(names))), len(names) - keep)
    held = np.isin(groups[rows], names[:count])
    return rows[~held], rows[held]
