"""The study of gradient-grained sheets. Its stages have rules of their own (workflow/rules)."""

from slipfield.core.kind import Kind
from slipfield.kinds.slip.models import MODELS

KIND = Kind(
    name="slip",
    question="Which slip law has a gradient-grained metal, by strain fields, grain map and load?",
    study="slipfield.kinds.slip.study:Study",
    doubts="slipfield.kinds.slip.study.plausible:doubts",
    check="slipfield.kinds.slip.cnn_lstm.settings:check_depth",
    stale="slipfield.kinds.slip.planning.provenance:stale",
    rules="slip",
    evaluations={"sheet": "slipfield.kinds.slip.specimen_design.evaluation:SHEET"},
    models=MODELS,
)
