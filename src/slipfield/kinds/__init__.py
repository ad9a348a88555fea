"""Kinds of study: one room each."""
