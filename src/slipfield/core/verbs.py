"""The verbs `check` and `schema`: study files of any kind."""

from __future__ import annotations

import typer

from slipfield.core.options import Config, Output

app = typer.Typer()


@app.command()
def schema(output: Output) -> None:
    """Write the JSON schema of study files."""
    import json

    from slipfield.core.files import write_text
    from slipfield.core.kind import schema as study_schema

    write_text(output, json.dumps(study_schema(), indent=2, sort_keys=True) + "\n")


@app.command()
def check(config: Config) -> None:
    """Check a study file: whether it is valid, and what in it is unlikely to be meant."""
    from slipfield.core.kind import load, load_any_study

    study, kind = load_any_study(config)
    if kind.check:
        load(kind.check)(study)
    found = list(load(kind.doubts)(study)) if kind.doubts else []
    typer.echo(f"{config}: study {study.name!r} is valid{', but look at this:' if found else ''}")
    for doubt in found:
        typer.echo(f"warning: {doubt}")
