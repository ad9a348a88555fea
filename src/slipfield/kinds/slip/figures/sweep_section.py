"""Report section on trainings that differ in one setting: the paper's tables 3 to 5."""

from __future__ import annotations

from typing import Any

from slipfield.core.numbers import percent
from slipfield.core.reading import read_json, reading
from slipfield.kinds.slip.cnn_lstm.settings import TABLES, settings_of
from slipfield.kinds.slip.figures.catalogue import FIGURES
from slipfield.kinds.slip.figures.pictures import picture
from slipfield.kinds.slip.figures.sources import Results
from slipfield.kinds.slip.study import PARAMETERS
from slipfield.report.page import Section, Table, duration, significant
from slipfield.report.style import score_text

COLUMNS = (*PARAMETERS, "overall")
SPACE = "\N{NO-BREAK SPACE}"
PUBLISHED = {"learning_rate": "1e-4", "batch_size": "8", "convolution_blocks": "4"}


def sweep_section(results: Results) -> Section | None:
    """Tables and figures of the sweeps that were run on this dataset with these settings."""
    tables, pictures = [], []
    for field, name in TABLES.items():
        path = results.folder / "tables" / f"{name}.json"
        trainings = {results.folder / f"sweep/{s}.json" for s in settings_of(results.study, field)}
        if path.exists() and not trainings & results.stale.keys():
            rows = read_json(path, "sweep-summary")
            with reading(path, "sweep-summary"):
                tables.append(_table(field, FIGURES[name].title, rows))
            pictures += picture(results, name)
    if not tables:
        return None
    study = results.study
    text = (
        f"The CNN-LSTM network, trained for {study.sweep.epochs} epochs with one setting changed; "
        "the others are those of the study. R² of the test samples (split: "
        f"{study.learning.split}). All values of a table share their splits and seeds."
    )
    return Section("settings", "Settings of the training", [text], pictures, tables)


def _table(field: str, title: str, rows: list[dict[str, Any]]) -> Table:
    """Values of one setting."""
    lines = [
        (
            f"{row['value']}{SPACE + '*' if row['best'] else ''}",
            *(_with_spread(row[f"{name}_r2"], row[f"{name}_r2_std"]) for name in COLUMNS),
            percent(row["median_relative_error"]),
            significant(row["validation_loss"]),
            f"{row['best_epoch']:.0f}",
            duration(row["seconds"]),
        )
        for row in rows
    ]
    count = rows[0]["runs"]
    note = (
        f"{count} training{'s' if count > 1 else ''} of each value"
        f"{', mean ± standard deviation' if count > 1 else ''}. * lowest validation loss."
    )
    if field in PUBLISHED:
        note += f" Published as best, on 20,000 samples: {PUBLISHED[field]}."
    headings = [f"R² of {name}" if name in PARAMETERS else "R², mean" for name in COLUMNS]
    return Table(
        title,
        lines,
        ("", *headings, "median error", "validation loss", "best epoch", "wall time"),
        note=note,
    )


def _with_spread(mean: float, spread: float) -> str:
    return score_text(mean) if spread != spread else f"{mean:.2f}{SPACE}±{SPACE}{spread:.2f}"
