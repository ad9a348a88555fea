"""The kind of study that this folder holds."""

from slipfield.core.kind import Kind

KIND = Kind(
    name="search",
    question="Which values of the variables are best, found in as few trials as possible?",
    study="slipfield.kinds.search.study:SearchStudy",
    check="slipfield.kinds.search.evaluate:check_evaluator",
    stale="slipfield.kinds.search.stale:stale",
    rules="search",
)
