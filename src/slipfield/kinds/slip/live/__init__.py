"""Inversion while a specimen is being tested: frames and loads arrive, estimates follow."""
