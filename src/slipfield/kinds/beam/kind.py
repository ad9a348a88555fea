"""The study of a cantilever: how far its tip moves."""

from slipfield.core.kind import Kind, Model

KIND = Kind(
    name="beam",
    question="How far does the tip of a cantilever move, by its length and its load?",
    study="slipfield.kinds.beam.beam:BeamStudy",
    check="slipfield.spine.check:check",
    design="slipfield.kinds.beam.beam:design",
    simulate="slipfield.kinds.beam.beam:simulate",
    outputs="slipfield.kinds.beam.beam:OUTPUTS",
    models={
        "quadratic": Model("slipfield.kinds.beam.beam:Quadratic", "quadratic", "#0072B2"),
        "forest": Model("slipfield.kinds.beam.beam:forest", "random forest", "#E69F00", "s"),
    },
    sections="slipfield.kinds.beam.report:sections",
)
