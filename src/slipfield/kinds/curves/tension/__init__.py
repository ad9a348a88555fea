"""The tension test of a flat specimen on DOLFINx: J2 plasticity at small and finite strain."""
