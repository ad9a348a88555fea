"""Which alloys are learnt from and which are tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.alloys import Alloy

GROUPS: dict[str, tuple[str, ...]] = {
    "group1": (
        *("M2", "M42", "3105", "C10300", "C10500", "N06333", "Nickel200", "1151 steel"),
        *("C-110M", "C-130AM"),
    ),
    "group2": (
        *("S2", "T1", "7050", "C35300", "C36200", "718SPF", "MA754", "1110 steel"),
        *("UNS R54520", "Timetal 21S"),
    ),
    "group3": (
        *("5754", "C43000", "C61400", "718 Plus", "AF955", "5115 steel", "Ti15 Mo0.5 Si"),
        *("5621-S", "FX", "H10"),
    ),
}
"""The paper's groups of ten test alloys; 718 Plus stands for its "718", which is in no row."""

TRAINING, VALIDATION, TEST = 80, 10, 10


@dataclass(frozen=True)
class Split:
    """Rows to learn from, to validate on and to test on; alloys of one curve stay on one side."""

    name: str
    training: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]


def named_groups(alloys: Sequence[Alloy], seed: int) -> list[Split]:
    """The paper's three test groups, the others drawn at random (sections 2.4 and 3.1)."""
    rows = {alloy.name: row for row, alloy in enumerate(alloys)}
    splits = []
    for number, (name, members) in enumerate(GROUPS.items()):
        if missing := [member for member in members if member not in rows]:
            raise SlipfieldError(f"splits: {name}: the table has no alloy {missing[0]!r}")
        test = tuple(rows[member] for member in members)
        others = np.setdiff1d(np.arange(len(alloys)), test)
        np.random.default_rng((seed, number)).shuffle(others)
        splits.append(_split(name, alloys, others, test))
    return splits


def random_splits(alloys: Sequence[Alloy], count: int, seed: int) -> list[Split]:
    """Random test groups of ten of a hundred alloys, as in the paper's section 2.4."""
    splits = []
    for number in range(count):
        order = np.random.default_rng((seed, 1000 + number)).permutation(len(alloys))
        size = min(TEST, max(1, len(order) // 10))
        test = tuple(int(row) for row in order[:size])
        splits.append(_split(f"random{number + 1}", alloys, order[size:], test))
    return splits


def leave_one_out(alloys: Sequence[Alloy]) -> list[Split]:
    """Every alloy once; alloys of the same curve are left out together."""
    rows = range(len(alloys))
    return [_without(alloys, alloys[row].name, (row,)) for row in rows]


def leave_one_class_out(alloys: Sequence[Alloy]) -> list[Split]:
    """Every class of alloys once."""
    groups = dict.fromkeys(alloy.group for alloy in alloys)
    members = {
        group: tuple(row for row, alloy in enumerate(alloys) if alloy.group == group)
        for group in groups
    }
    return [_without(alloys, group, rows) for group, rows in members.items()]


def _without(alloys: Sequence[Alloy], name: str, test: tuple[int, ...]) -> Split:
    """All others to learn from; every ninth of them, by number, validates."""
    others = _apart(alloys, np.setdiff1d(np.arange(len(alloys)), test), test)
    validation = tuple(others[4::9])
    training = tuple(row for row in others if row not in validation)
    return Split(name, training, validation, test)


def _split(name: str, alloys: Sequence[Alloy], others: np.ndarray, test: tuple[int, ...]) -> Split:
    rest = _apart(alloys, others, test)
    validating = VALIDATION if len(rest) > 2 * VALIDATION else max(1, len(rest) // 5)
    training = tuple(rest[: min(TRAINING, len(rest) - validating)])
    return Split(name, training, tuple(rest[len(training) : len(training) + validating]), test)


def _apart(alloys: Sequence[Alloy], rows: np.ndarray, test: tuple[int, ...]) -> list[int]:
    """Rows whose curve is not that of a test alloy."""
    known = {alloys[row].curve_key for row in test}
    return [int(row) for row in rows if alloys[row].curve_key not in known]
