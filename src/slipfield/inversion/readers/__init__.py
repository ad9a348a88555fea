"""Readers of measurement files, one module per format; they keep the axes of the file."""
