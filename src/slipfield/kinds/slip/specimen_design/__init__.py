"""What a sheet and its test would tell, and how strong it is, before anybody makes it.

A search may ask for it: see :class:`slipfield.core.kind.Evaluation`.
"""
