"""Kinds of study, a package each."""
