"""The solver compared with known solutions: what `make verify` runs."""
