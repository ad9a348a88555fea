"""The kind of study that this folder holds."""

from slipfield.core.kind import Kind

KIND = Kind(
    name="hardness",
    question="How hard is an alloy, by its composition, grain size and second phase?",
    study="slipfield.kinds.hardness.study:HardnessStudy",
    check="slipfield.kinds.hardness.study:check",
    stale="slipfield.kinds.hardness.stale:stale",
    rules="hardness",
)
