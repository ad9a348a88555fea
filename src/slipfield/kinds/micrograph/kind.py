"""The kind of study that this folder holds."""

from slipfield.core.kind import Kind

KIND = Kind(
    name="micrograph",
    question="How well are grain boundaries and second phase found on micrographs, and by what?",
    study="slipfield.kinds.micrograph.study:MicrographStudy",
    stale="slipfield.kinds.micrograph.stale:stale",
    rules="micrograph",
)
