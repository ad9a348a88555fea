"""Gradient-grained sheets: k1, k2, k3 of the slip law from strain fields, grain map and load."""
