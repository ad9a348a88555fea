"""Tables of a bench run, and its ratios beside what the project aims at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console, JustifyMethod
from rich.table import Table

PHASES = {
    "kernel": "point law",
    "assembly": "element assembly",
    "factorisation": "factorisation",
    "solve": "solution",
    "output": "nodal averages for output",
    "other": "other",
}


@dataclass(frozen=True)
class Line:
    """One number of the summary.

    Attributes
    ----------
    aim : what it should be; ``at_least`` says from which side. None where there is no aim.
    met : whether it is, None without an aim.
    """

    name: str
    value: float
    unit: str = ""
    aim: float | None = None
    at_least: bool = True

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached."""
        if self.aim is None:
            return None
        return self.value >= self.aim if self.at_least else self.value <= self.aim


def summarise(results: dict[str, Any]) -> list[Line]:
    """Ratios and costs of all parts that were measured."""
    parts = {
        "solver": _solver_lines,
        "builds": _build_lines,
        "cores": _core_lines,
        "peer": _peer_lines,
        "learning": _learning_lines,
    }
    return [
        line for name, lines in parts.items() if name in results for line in lines(results[name])
    ]


def _solver_lines(solver: dict[str, Any]) -> Iterator[Line]:
    for sample in solver["samples"]:
        size = _size(sample)
        yield Line(f"{size}: CPU time, one sample", sample["cpu_seconds"], "s")
        if sample["cells"] == 200:
            yield Line(f"{size}: factorisations", sample["factorisations"], "", 45, False)
            yield Line(f"{size}: peak memory", sample["peak_memory_mb"], "MB", 600, False)
            kernel = sample["kernel_microseconds"]
            yield Line(f"{size}: point law", kernel, "us", 0.25, False)
    variants = solver["variants"]
    size, ages = _size(variants), variants["factor_age"]
    for age, found in ages.items():
        ratio = found["cpu_seconds"] / ages["1"]["cpu_seconds"]
        if age != "1":
            yield Line(f"{size}: CPU time, factor age {age} over 1", ratio)
    rates = variants["sensitivities"]
    extra = rates["cpu_seconds"] / rates["cpu_seconds_without"] - 1
    yield Line(f"{size}: extra CPU time of sensitivities", 100 * extra, "%", 60, False)


def _build_lines(builds: dict[str, Any]) -> Iterator[Line]:
    size, native, portable = _size(builds), builds["native"], builds["portable"]
    one_lane = builds["one_lane"]["kernel_microseconds"]
    yield Line(f"{size}: point law, one lane", one_lane, "us", 1.0, False)
    yield Line(f"{size}: point law, portable build", portable["kernel_microseconds"], "us")
    ratio = portable["cpu_seconds"] / native["cpu_seconds"]
    yield Line(f"{size}: CPU time, portable build over native", ratio)


def _core_lines(cores: dict[str, Any]) -> Iterator[Line]:
    found = cores["fan_out"]
    name = f"{_size(found)}: speed-up, two samples side by side"
    yield Line(name, found["speed_up"], "", 1.9)
    found = cores["ranks"]
    aim = 1.6 if found["cells"] >= 400 else None
    yield Line(f"{_size(found)}: speed-up, two MPI ranks", found["speed_up"], "", aim)


def _peer_lines(peer: dict[str, Any]) -> Iterator[Line]:
    aims = {50: 60, 100: 80}
    for run in peer.get("runs", ()):
        ratio = run["calculix"]["cpu_seconds"] / run["slipfield"]["cpu_seconds"]
        name = f"{_size(run)}: CPU time, CalculiX over Slipfield"
        yield Line(name, ratio, "", aims.get(run["cells"]))


def _learning_lines(learning: dict[str, Any]) -> Iterator[Line]:
    rates, size = learning["samples_per_cpu_second"], f"{learning['nodes']}^2 nodes"
    training = rates["training"]
    yield Line(f"{size}: training", training, "samples/s")
    yield Line(f"{size}: training over a plain loop", training / rates["plain_loop"], "", 2)
    bfloat16 = rates["training_bfloat16"] / rates["plain_loop"]
    yield Line(f"{size}: training in bfloat16 over a plain loop", bfloat16, "")
    yield Line(f"{size}: loader over training", rates["loader_mapped"] / training, "", 2)
    yield Line(f"{size}: training, peak memory", learning["peak_memory_mb"], "MB")


def _size(found: dict[str, Any]) -> str:
    return f"{found['cells']}^2"


def print_results(results: dict[str, Any], console: Console | None = None) -> None:
    """Print the machine, the samples by phase and the summary."""
    console = console or Console()
    machine = results["machine"]
    load = machine["load_average"][0]
    console.print(
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"load average {load} before the start"
    )
    if machine["busy"]:
        console.print(
            "The machine was busy: CPU seconds are longer than on a quiet one, and speed-ups by "
            "a second core (wall time) are smaller."
        )
    if "solver" in results:
        console.print(_phase_table(results["solver"]["samples"]))
    for text in (results.get("peer", {}).get(key) for key in ("skipped", "remark")):
        if text:
            console.print(f"CalculiX: {text}")
    console.print(_summary_table([Line(**entry) for entry in results["summary"]]))


def _phase_table(samples: list[dict[str, Any]]) -> Table:
    """One column a mesh."""
    table = Table(title="One sample: CPU seconds, by phase")
    table.add_column("elements")
    for sample in samples:
        table.add_column(_size(sample), justify="right")

    def add(name: str, form: str, values: list[float]) -> None:
        table.add_row(name, *(format(value, form) for value in values))

    add("sample", ".3f", [sample["cpu_seconds"] for sample in samples])
    for phase, name in PHASES.items():
        add(f"  {name}", ".3f", [sample["phases"][phase] for sample in samples])
    add("set-up, once a batch", ".3f", [sample["set_up_seconds"] for sample in samples])
    add("writing", ".3f", [sample["writing_seconds"] for sample in samples])
    table.add_section()
    add("steps", "d", [sample["steps"] for sample in samples])
    add("factorisations", "d", [sample["factorisations"] for sample in samples])
    add("evaluations", "d", [sample["evaluations"] for sample in samples])
    kernel = [sample["kernel_microseconds"] for sample in samples]
    add("us a point and evaluation", ".3f", kernel)
    add("peak memory, MB", ".0f", [sample["peak_memory_mb"] for sample in samples])
    return table


def _summary_table(lines: list[Line]) -> Table:
    table = Table(title="Summary")
    sides: dict[str, JustifyMethod]
    sides = {"": "left", "measured": "right", "aim": "right", "met": "left"}
    for name, side in sides.items():
        table.add_column(name, justify=side)
    for line in lines:
        aim = "" if line.aim is None else f"{'>=' if line.at_least else '<='} {line.aim:g}"
        met = {None: "", True: "yes", False: "no"}[line.met]
        table.add_row(line.name, f"{line.value:.3g} {line.unit}".strip(), aim, met)
    return table
