"""Training, splitting, metrics and cross-validation of the inverters."""
