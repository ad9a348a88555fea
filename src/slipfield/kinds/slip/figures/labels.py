"""Names of the parameters on axes."""

from __future__ import annotations

from slipfield.kinds.slip.study import PARAMETER_UNITS


def parameter_label(name: str) -> str:
    """Axis label of k1, k2 or k3 with its unit."""
    unit = PARAMETER_UNITS[name].replace("^0.5", "$^{1/2}$")
    return f"${name[0]}_{name[1:]}$ ({unit})"
