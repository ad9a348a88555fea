"""The specimen: outline and mesh, grains, grain size D, orientations."""
