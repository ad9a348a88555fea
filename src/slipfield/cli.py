"""The command line: the verbs of all rooms under one name.

A verb's module is imported when the verb is called, and imports what it needs when it runs: no
process loads both DOLFINx and PyTorch, and none waits for what it does not use.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.core
from typer.core import TyperGroup
from typer.main import get_group

from slipfield import __version__
from slipfield.core import dask, ranks
from slipfield.core.errors import EXIT_STATUS, SlipfieldError
from slipfield.core.installed import missing_library
from slipfield.core.places import check_place
from slipfield.core.shortage import shortage

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
"""There are none, and looking for them takes a fifth of the start of a verb."""

typer.core.rich = None  # type: ignore[attr-defined]
"""Older Typer writes \\[required] for rich to draw, although help is drawn without it here."""

KIND = "slipfield.kinds.slip"
VERBS = {
    "Studies": {
        **dict.fromkeys(("check", "schema"), "slipfield.core.verbs"),
        **dict.fromkeys(("figure", "report"), f"{KIND}.figures.verbs"),
        "study": "slipfield.spine.verbs",
    },
    "Specimens and simulations": {
        **dict.fromkeys(("microstructure", "design"), f"{KIND}.specimen.verbs"),
        "point": f"{KIND}.crystal.verbs",
        **dict.fromkeys(("warmup", "simulate", "reference"), f"{KIND}.fem.verbs"),
        **dict.fromkeys(("thickness", "thickness-report"), f"{KIND}.thickness.verbs"),
    },
    "Datasets and inverters": {
        **dict.fromkeys(("validate", "gather"), f"{KIND}.dataset.verbs"),
        **dict.fromkeys(
            ("train", "crossval", "crossval-summary", "evaluate"), f"{KIND}.learning.verbs"
        ),
        **dict.fromkeys(
            ("sweep", "sweep-summary", "onnx", "attribution"), f"{KIND}.learning.verbs"
        ),
        **dict.fromkeys(("baselines", "learning-curves"), f"{KIND}.baselines.verbs"),
        "projection": f"{KIND}.projection.verbs",
    },
    "Measured specimens": {
        "import": f"{KIND}.measure.import_verbs",
        "invert": f"{KIND}.inversion.verbs",
        "virtual-lab": f"{KIND}.virtual_lab.verbs",
        **dict.fromkeys(("export", "unseen"), f"{KIND}.measure.verbs"),
    },
    "Stress-strain curves": {
        "curve": "slipfield.kinds.curves.verbs",
        **dict.fromkeys(
            (
                "tension",
                "curve-gather",
                "curve-learn",
                "curve-train",
                "curve-summary",
                "curve-figure",
                "curve-report",
            ),
            "slipfield.kinds.curves.study_verbs",
        ),
    },
    "Composites": {"composite": "slipfield.kinds.composite.verbs"},
    "Micrographs and hardness": {
        "micrograph": "slipfield.kinds.micrograph.verbs",
        "hardness": "slipfield.kinds.hardness.verbs",
    },
    "Design by search": {"search": "slipfield.kinds.search.verbs"},
    "This machine, and trust in the solver": {
        "doctor": f"{KIND}.planning.verbs",
        **dict.fromkeys(("verify", "verify-report"), f"{KIND}.verification.verbs"),
        **dict.fromkeys(
            (
                "bench",
                "bench-solver",
                "bench-inversion",
                "bench-mistakes",
                "bench-frames",
                "bench-imports",
                "bench-thickness",
                "slice",
            ),
            f"{KIND}.bench.verbs",
        ),
        **dict.fromkeys(("bench-design", "design-maps"), f"{KIND}.specimen_design.verbs"),
    },
}
"""Module of each verb, by the heading under which `--help` lists it. A name that is no verb of its
module is that of a group: all of the module's verbs."""

GARBAGE_AFTER = 10_000
"""New objects between two searches for garbage; with Python's own 700, a seventh of the import of
PyTorch goes into them."""

LONGEST_LINE = 100
"""Letters of a verb's line in `--help`; what is longer would be cut."""


class Verbs(TyperGroup):
    """The group of all verbs, which imports the module of the one that is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all verbs."""
        return [name for verbs in VERBS.values() for name in verbs]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Verb of that name."""
        module = next((verbs[cmd_name] for verbs in VERBS.values() if cmd_name in verbs), None)
        if module is None:
            return None
        group = get_group(import_module(module).app)
        command = group.commands.get(cmd_name, group)
        command.name = cmd_name
        of_group = getattr(command, "commands", {}).values()
        for each in (command, *of_group):
            each.rich_markup_mode = None  # half a second to import
        for each in of_group:
            each.short_help = each.get_short_help_str(limit=LONGEST_LINE)
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the verbs under their headings, each with the first line of its help."""
        for heading, verbs in VERBS.items():
            rows = [(name, self._line(ctx, name)) for name in verbs]
            with formatter.section(heading):
                formatter.write_dl(rows)

    def _line(self, ctx: Any, name: str) -> str:
        command = self.get_command(ctx, name)
        return command.get_short_help_str(limit=LONGEST_LINE) if command else ""


app = typer.Typer(
    cls=Verbs,
    name="slipfield",
    help="Learn what a metal or a composite is from what can be measured.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Show the version if asked."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


def commands() -> dict[str, Any]:
    """Every verb by its name."""
    group = Verbs(name="slipfield")
    context = typer.Context(group)
    return {name: group.get_command(context, name) for name in group.list_commands(context)}


def main() -> None:
    """Run the command line; an error of a user is one line on stderr and exit status 2 (or 3)."""
    gc.set_threshold(GARBAGE_AFTER)
    try:
        with dask.hidden():
            check_place("this job")
            app(prog_name="slipfield")
    except Exception as error:
        if ranks.several():
            ranks.end_all(error)
        if isinstance(error, ModuleNotFoundError) and (line := missing_library(error)):
            error = SlipfieldError(line)
        if isinstance(error, OSError) and error.filename and error.strerror:
            error = SlipfieldError(f"{error.filename}: {error.strerror}; mend that and run again")
        elif line := shortage(error):
            error = SlipfieldError(line)
        if not isinstance(error, SlipfieldError):
            raise error
        print(f"slipfield: error: {error}", file=sys.stderr)
        sys.exit(EXIT_STATUS.get(type(error), 2))
