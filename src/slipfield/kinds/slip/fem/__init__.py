"""Crystal-plasticity finite elements on DOLFINx; the one room that imports it."""
