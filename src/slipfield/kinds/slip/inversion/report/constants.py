"""Tables of what an answer rests on: the material that is assumed, and what the data say of it."""

from __future__ import annotations

from slipfield.kinds.slip.inversion.constants import UNITS
from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.report.page import Table


def assumed_table(found: Inversion) -> Table:
    """Constants that the answer rests on."""
    material, sheet = found.study.material, found.study.specimen
    stiffness = (material.c11_MPa, material.c12_MPa, material.c44_MPa)
    found_too = {one.name for one in found.assumed if one.estimated}

    def constant(name: str, text: str) -> str:
        return f"{text}; estimated, see below" if name in found_too else text

    stiff = ", ".join(f"{value / 1e3:g}" for value in stiffness) + " GPa"
    rows = [
        ("C11, C12, C44", constant("elastic", stiff)),
        ("h0", constant("h0", f"{material.h0_MPa:g} MPa")),
        ("rate exponent n", constant("n", f"{material.rate_exponent:g}")),
        ("reference slip rate", constant("g0", f"{material.reference_slip_rate_per_s:g} /s")),
        ("latent hardening q", constant("q", f"{material.latent_ratio:g}")),
        ("slip family", material.slip_family),
        ("saturation of hardening", material.saturation),
        (
            "thickness",
            f"{sheet.thickness_mm:g} mm"
            + ("" if "thickness_mm" in found.data.attrs else " (not given; no load, no matter)"),
        ),
    ]
    return Table(
        "Assumed beforehand",
        rows,
        note="Those of the model's study, and the thickness as imported. An error of the "
        "thickness goes into all three parameters and h0.",
        text_columns=2,
    )


def constants_table(found: Inversion) -> list[Table]:
    """What was known of each constant, what the data tell, and what a wrong one would do."""
    if not found.assumed:
        return []
    rows = [
        (
            one.title,
            f"{one.value:.4g} {UNITS[one.name]}".strip(),
            "taken as it is" if one.prior is None else one.prior.text,
            one.estimate_text,
            one.told_text,
            one.effect_text,
        )
        for one in found.assumed
    ]
    header = (
        "constant",
        "assumed",
        "known before (95 %)",
        "estimated (95 %)",
        "do the data tell it? (95 %)",
        "an estimate that trusts a value 10 % too high is off by",
    )
    return [
        Table(
            "Constants of the slip law",
            rows,
            header,
            "What the data tell is by the Fisher information of the run at the first estimate, one "
            "constant at a time, k1, k2 and k3 being free, with what that run leaves of the strain "
            "maps for an error: a refinement that leaves less, on a finer mesh, tells more. Those "
            "known before only within an interval are estimated "
            "with the parameters by a refinement, whose intervals hold what is left of that.",
            6,
        )
    ]
