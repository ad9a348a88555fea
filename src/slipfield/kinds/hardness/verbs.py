"""The verbs of hardness: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Config, Output

app = typer.Typer(
    no_args_is_help=True,
    help="Hardness of alloys from composition and microstructure: the stages of such a study.",
)
Table = Annotated[Path, typer.Option(help="Table of alloys (CSV).")]


@app.command()
def table(config: Config, output: Output) -> None:
    """Write the table of a study (CSV): a user's that is checked, or one rendered from a law."""
    from slipfield.core.files import write_text
    from slipfield.kinds.hardness.stages import table_text
    from slipfield.kinds.hardness.study import load_hardness_study

    write_text(output, table_text(load_hardness_study(config)))


@app.command()
def validate(
    config: Config,
    table: Table,
    model: Annotated[str, typer.Option(help="A model of validation.models.")],
    output: Output,
) -> None:
    """Score a model on alloys, and on compositions, that it has not seen (JSON)."""
    from slipfield.core.errors import SlipfieldError
    from slipfield.kinds.hardness import stages
    from slipfield.kinds.hardness.models import MODELS
    from slipfield.kinds.hardness.study import load_hardness_study

    if model not in MODELS:
        raise SlipfieldError(f"--model: given {model!r}; expected {', '.join(MODELS)}")
    stages.validate(load_hardness_study(config), table, model, output)


@app.command()
def explain(
    config: Config,
    table: Table,
    scores: Annotated[Path, typer.Option(help="Folder of the scores of `hardness validate`.")],
    output: Output,
) -> None:
    """Choose a model, score the choice, and give exact Shapley values (JSON, CSV)."""
    from slipfield.kinds.hardness import stages
    from slipfield.kinds.hardness.study import load_hardness_study

    stages.explain(load_hardness_study(config), table, scores, output)


@app.command()
def report(
    config: Config,
    folder: Annotated[Path, typer.Option(help="Folder of the study's files.")],
    output: Output,
) -> None:
    """Write the report of a study of hardness (HTML), with its figures."""
    from slipfield.kinds.hardness.report import write_report
    from slipfield.kinds.hardness.study import load_hardness_study

    write_report(load_hardness_study(config), folder, output)
