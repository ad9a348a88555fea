"""Inversion by projection on a specimen's own sensitivities.

One forward run on the grain map of a specimen (its reference) gives the strain, the load and their
derivatives to ln k1, ln k2, ln k3. What is measured minus that run is projected on the derivative
fields: a few numbers a frame, in which the noise is averaged out and most of the microstructure is
gone. From those numbers a small statistical model finds the parameters.
"""
