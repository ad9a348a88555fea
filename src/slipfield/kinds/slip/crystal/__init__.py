"""Slip systems, elasticity, and the point law (C++) with its Python face."""
