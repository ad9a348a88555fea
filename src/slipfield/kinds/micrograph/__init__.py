"""Micrographs: rendered with exact truth; grains and second phase of real ones; measures."""
