"""Measured path with real correlation: images of simulated specimens, inverted and compared."""
