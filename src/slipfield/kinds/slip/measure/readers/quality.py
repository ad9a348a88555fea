"""Columns that tell how good a point is: which values mean that there is no result."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

Test = Callable[[np.ndarray], np.ndarray]


def _not_negative(values: np.ndarray) -> np.ndarray:
    return ~(values < 0) & ~np.isnan(values)


def _positive(values: np.ndarray) -> np.ndarray:
    return values > 0


LEAST_CORRELATION = 0.8
"""Normalised cross-correlation below which a match is none: a subset that is the same but for noise
has more than 0.9, which is OpenCorr's limit for strains; one of another place less than 0.5."""


def _correlated(values: np.ndarray) -> np.ndarray:
    """Values from ``LEAST_CORRELATION``, or from that many percent where they run to 100."""
    percent = np.nanmax(values) > 1.5
    return values >= LEAST_CORRELATION * (100.0 if percent else 1.0)


STRAIN_TESTS: tuple[tuple[re.Pattern[str], Test], ...] = (
    (re.compile(r"match([_ ]?quality)?"), _not_negative),
)
TESTS: tuple[tuple[re.Pattern[str], Test], ...] = (
    (re.compile(r"sigma|confidence"), _not_negative),
    (re.compile(r"(r1r2 |r1t1 |r1t2 )?zncc|z?ncc"), _correlated),
    (re.compile(r"correlation(_| )?(value|coefficient)?"), _positive),
    (re.compile(r"corr(_| )?(coef\w*|value)?|cc|quality|correlation\.correlation\w*"), _positive),
    (re.compile(r"is_?valid|valid|mask|converged|validity"), _positive),
    (re.compile(r"znssd|zssd|ssd|cost|residual\w*|epsilon_corr"), _not_negative),
)
"""Name of a column in small letters, and the test that its values pass where there is a result.

VIC, DICe: sigma is -1 where the match failed; MATCH of DICe is -1 where only the strains are lost
(``STRAIN_TESTS``). OpenCorr: ZNCC is negative (-1 to -5 tell why), and below 0.8 the match is not
believed. Correlation coefficients of others: 0 or less. DaVis: isValid is 0.
"""


def valid_points(
    columns: dict[str, np.ndarray], tests: tuple[tuple[re.Pattern[str], Test], ...] = TESTS
) -> np.ndarray | None:
    """Points that hold a result by all columns of quality; None if there is no such column.

    A column that rejects every point has another meaning, or the frame is lost; so says who reads
    it.
    """
    found: np.ndarray | None = None
    for name, values in columns.items():
        test = next((t for pattern, t in tests if pattern.fullmatch(name.lower())), None)
        if test is None or np.isnan(values).all():
            continue
        found = test(values) if found is None else found & test(values)
    return found
