"""The kind of study that this folder holds."""

from slipfield.core.kind import Kind

KIND = Kind(
    name="curves",
    question="What is the stress-strain curve of an alloy, from what its datasheet says?",
    study="slipfield.kinds.curves.study:CurvesStudy",
    check="slipfield.kinds.curves.check:check",
    stale="slipfield.kinds.curves.stale:stale",
    rules="curves",
)
