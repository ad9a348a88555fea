"""A projection inverter, from the tests of the inversion."""

from tests.kinds.slip.inversion.conftest import dataset, formula_solver, projection, study

__all__ = ["dataset", "formula_solver", "projection", "study"]
