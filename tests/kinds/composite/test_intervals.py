"""Directed arithmetic against IntvalPy 2.0.3, and its algebra."""

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.composite.intervals import Directed

# operands, then sum, difference, product and quotient as IntvalPy 2.0.3 gives them (Python 3.11);
# no quotient where the divisor holds zero
INTVALPY = [
    ((1, 2), (3, 5), (4, 7), (-4, -1), (3, 10), (0.2, 2 / 3)),
    ((2, 1), (3, 5), (5, 6), (-3, -2), (6, 5), (0.4, 1 / 3)),
    ((-1, 2), (3, 5), (2, 7), (-6, -1), (-5, 10), (-1 / 3, 2 / 3)),
    ((2, -1), (3, 5), (5, 4), (-3, -4), (6, -3), (0.4, -0.2)),
    ((-1, 2), (-3, 5), (-4, 7), (-6, 5), (-6, 10), None),
    ((2, -1), (5, -3), (7, -4), (5, -6), (10, -6), None),
    ((-1, 2), (5, -3), (4, -1), (2, -3), (0, 0), None),
    ((-4, -2), (3, 1), (-1, -1), (-5, -5), (-4, -6), (-4 / 3, -2)),
    ((-2, -4), (-1, -3), (-3, -7), (1, -3), (12, 2), (4, 2 / 3)),
    ((2, -1), (-3, -5), (-1, -6), (7, 2), (5, -10), (1 / 3, -2 / 3)),
    ((-1.5, 2.5), (4, -3), (2.5, -0.5), (1.5, -1.5), (0, 0), None),
]


def ends(interval: Directed) -> tuple[float, float]:
    return interval.first, interval.last


@pytest.mark.parametrize(("a", "b", "total", "difference", "product", "quotient"), INTVALPY)
def test_operations_are_those_of_intvalpy(a, b, total, difference, product, quotient):
    a, b = Directed(*a), Directed(*b)
    assert ends(a + b) == pytest.approx(total)
    assert ends(a - b) == pytest.approx(difference)
    assert ends(a * b) == pytest.approx(product)
    assert ends(b * a) == pytest.approx(product)
    if quotient is None:
        with pytest.raises(SlipfieldError, match="holds 0"):
            a / b
    else:
        assert ends(a / b) == pytest.approx(quotient)


@pytest.mark.parametrize("a", [Directed(1, 2), Directed(5, 3), Directed(-4, -1)])
def test_opposite_and_inverse_cancel(a):
    assert ends(a.directed_difference(a)) == (0, 0)
    assert ends(a.directed_quotient(a)) == pytest.approx((1, 1))
    assert a.dual.dual == a and a.proper != a.dual.proper


def test_product_of_proper_intervals_is_the_range_of_products():
    values = [x * y for x in (-1.5, 2.5) for y in (-3.0, 4.0)]
    assert ends(Directed(-1.5, 2.5) * Directed(-3, 4)) == (min(values), max(values))


def test_numbers_take_part():
    assert ends(2 * Directed(1, 3) + 1) == (3, 7)
    assert ends(1 - Directed(1, 3)) == (-2, 0)
    assert ends(6 / Directed(2, 3)) == (2, 3)


def test_distance_of_the_ends():
    assert Directed(1, 2).distance(Directed(4, 6)) == 5
