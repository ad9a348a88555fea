"""What an inversion prints."""

from __future__ import annotations

from slipfield.core.numbers import percent
from slipfield.kinds.slip.inversion.methods import TITLES, method_name
from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.kinds.slip.inversion.told import GIVEN, TOGETHER
from slipfield.kinds.slip.study import PARAMETER_UNITS, PARAMETERS

WIDTH = max(map(len, TITLES.values()))
CELL = 28


def table_lines(found: Inversion) -> list[str]:
    """The table of estimates, the answer marked by a star, and what is to be known of it."""
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
    if found.answered and found.told is not None:
        lines.append(found.told.text)
    if told := [constant.line for constant in found.assumed if constant.estimated]:
        lines.append(f"Constants that were refined with k1, k2 and k3: {', '.join(told)}")
    return lines


def answer_lines(found: Inversion) -> list[str]:
    """The last lines: k1, k2, k3 of the answer with their intervals, and the verdict."""
    answer, last = found.answer, f"verdict: {found.verdict.text}"
    if not found.answered:
        return ["No answer.", last]
    lines = [f"Answer ({method_name(answer.method)}), {percent(answer.level, 3)} intervals:"]
    told = found.told if found.told is not None and found.told.only_sum else None
    for name, value, low, high in zip(
        PARAMETERS, answer.parameters, answer.low, answer.high, strict=True
    ):
        hint = TOGETHER if told is not None and name != "k1" else ""
        text = f"{value:.4g} ({low:.4g} to {high:.4g}) {PARAMETER_UNITS[name]}"
        lines.append(f"  {name} = {text}{hint}")
    if told is not None:
        lines.append(f"  {told.combination} = {told.value:.4g} MPa {told.sum_within}, {GIVEN}")
    return [*lines, last]
