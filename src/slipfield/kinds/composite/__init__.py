"""Unidirectional composites: the exact cell, a surrogate of it, and designs that hold."""
