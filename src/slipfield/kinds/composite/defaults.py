"""Defaults of verbs and study files alike, apart from what is slow to import."""

DEGREE = 6
"""Degree of the shape functions and of the curved cells."""
