"""The kind of study that this folder holds."""

from slipfield.core.kind import Kind

KIND = Kind(
    name="composite",
    question="Which fibres, matrices and fractions keep bounds of a composite's stiffness?",
    study="slipfield.kinds.composite.study:CompositeStudy",
    stale="slipfield.kinds.composite.stale:stale",
    rules="composite",
)
