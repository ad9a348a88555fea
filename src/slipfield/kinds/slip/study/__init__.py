"""The study configuration: one pydantic model, every field with unit, default and description.

The YAML files in ``config/`` are instances of :class:`Study`; ``config/schema.json`` is generated
from it (``slipfield schema``) and a test fails when the two drift apart.
Working units are mm, s, MPa, N and rad.
"""

from slipfield.kinds.slip.study.learning import CrossValidation, Curves, Learning, Noise, Sweep
from slipfield.kinds.slip.study.physics import (
    Band,
    Loading,
    Material,
    SlipFamily,
    Solid,
    Solver,
    Specimen,
    layers_of_cubes,
)
from slipfield.kinds.slip.study.sampling import PARAMETER_UNITS, PARAMETERS, Execution, Sampling
from slipfield.kinds.slip.study.study import Study, check_study, load_study

__all__ = [
    "Band",
    "CrossValidation",
    "Curves",
    "Execution",
    "Learning",
    "Loading",
    "Material",
    "Noise",
    "PARAMETERS",
    "PARAMETER_UNITS",
    "Sampling",
    "SlipFamily",
    "Solid",
    "Solver",
    "Specimen",
    "Study",
    "Sweep",
    "check_study",
    "layers_of_cubes",
    "load_study",
]
