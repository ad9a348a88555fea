"""Stages of a study that maps inputs to outputs: design to report."""
