"""The file contract, its validator, and the readers that feed the inverters."""
