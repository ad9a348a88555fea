"""Measurements of the solver and the learners: what a sample and a training step cost."""
