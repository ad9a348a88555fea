"""Readers of measurement files, one module per format; they keep the axes of the file.

`measure.axes` turns these into the axes of docs/conventions.md; docs/howto-dic.md
says how to add a format.
"""
