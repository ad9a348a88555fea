"""What an inversion prints."""

from __future__ import annotations

from slipfield.core.numbers import percent
from slipfield.kinds.slip.inversion.methods import TITLES, method_name
from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.kinds.slip.study import PARAMETER_UNITS, PARAMETERS

WIDTH = max(map(len, TITLES.values()))
CELL = 28


def table_lines(found: Inversion) -> list[str]:
    """Lines of the table of estimates, the answer marked by a star, its reason and the verdict."""
    heads = [f"{name} ({PARAMETER_UNITS[name]})" for name in PARAMETERS]
    lines = [" " * (WIDTH + 2) + "".join(head.rjust(CELL) for head in heads)]
    for answer in found.answers:
        cells = [
            f"{value:.4g} ({low:.4g} to {high:.4g})".rjust(CELL)
            for value, low, high in zip(answer.parameters, answer.low, answer.high, strict=True)
        ]
        mark = "*" if found.answered and answer is found.answer else " "
        lines.append(f"{mark} {method_name(answer.method):{WIDTH}s}" + "".join(cells))
    if found.known is not None:
        known = "".join(f"{value:.4g}".rjust(CELL) for value in found.known)
        lines.append(f"  {'known':{WIDTH}s}{known}")
    if found.answered:
        lines.append(
            f"* the answer, with its {percent(found.answer.level, 3)} interval. {found.choice.why}"
        )
    else:
        lines.append("No answer.")
    if found.answered and found.told is not None:
        lines.append(found.told.text)
    if told := [constant.line for constant in found.assumed if constant.estimated]:
        lines.append(f"Constants that were refined with k1, k2 and k3: {', '.join(told)}")
    return [*lines, f"verdict: {found.verdict.word}. {found.verdict.sentence}"]
