"""Measured specimens: readers, resampling, prediction, refinement and their report."""
