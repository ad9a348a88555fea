"""A command like the solver's: `formula_solver.py reference --config ... --output ...`."""

from slipfield.core import dask

if __name__ == "__main__":
    with dask.hidden():
        from tests.kinds.slip.inversion.formula_runs import main

        main()
