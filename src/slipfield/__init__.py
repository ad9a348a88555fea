"""Slipfield: slip-law parameters of gradient-grained metals from measured strain fields."""

__version__ = "0.1.0"
