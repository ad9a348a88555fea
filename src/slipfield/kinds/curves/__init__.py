"""Stress-strain curves: from a datasheet, from a simulated tension test, and by learning.

Stresses are MPa, strains 1. The true stress s (1 + e) of a tension test (engineering stress s and
strain e) is the Kirchhoff stress, and ln(1 + e) the logarithmic strain, without an assumption on
volume: with the axial stretch 1 + e, J sigma = (F / A) (A / A0) (1 + e) = s (1 + e).
"""
