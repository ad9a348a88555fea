"""What the stages of a study do: learn, train the published network, summarise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.recorded import altered, refuse_others, witnessed
from slipfield.core.tables import csv_text
from slipfield.kinds.curves.evaluation import (
    ENOUGH,
    CurveScore,
    aggregate,
    evaluate,
    read_scores,
    score_split,
    write_scores,
)
from slipfield.kinds.curves.splits import named_groups
from slipfield.kinds.curves.stale import PUBLISHED
from slipfield.kinds.curves.study import CurvesStudy
from slipfield.kinds.curves.tables import read_curves

SCHEMES = ("groups and random", "groups", "random", "one_out", "class_out")


def learn(study: CurvesStudy, curves: Path, learner: str, setting: int, output: Path) -> None:
    """Score one of our learners in one setting: CSV, and beside it the study that asked (JSON)."""
    scores = evaluate(study, read_curves(study, curves), learner, setting)
    with witnessed(study, output.with_suffix(".json"), output):
        write_scores(output, scores)


def train_published(
    study: CurvesStudy, curves: Path, setting: int, group: str, output: Path
) -> None:
    """Train the published network, and score it on one of the paper's groups.

    Writes the scores (CSV), and beside them the study, predicted curves and losses (JSON).

    Raises
    ------
    SlipfieldError
        If there is no such group.
    """
    from slipfield.kinds.curves.network_learner import PublishedNetwork

    known = read_curves(study, curves)
    groups = {split.name: split for split in named_groups(known.alloys, study.learning.seed)}
    if group not in groups:
        raise SlipfieldError(f"group: given {group!r}; expected one of {', '.join(groups)}")
    network = PublishedNetwork(study.published.epochs, study.published.threads)
    seed = study.learning.seed
    scores = score_split(network, PUBLISHED, known, setting, "groups", groups[group], seed)
    test = known.take(groups[group].test)
    content = {
        "parameters": sum(values.numel() for values in network.network.parameters()),
        "losses": network.losses,
        "true_strain": known.strain.tolist(),
        "names": [alloy.name for alloy in test.alloys],
        "known_MPa": test.stress.tolist(),
        "predicted_MPa": network.predict(test.alloys, known.strain).tolist(),
    }
    with witnessed(study, output.with_suffix(".json"), output) as written:
        write_scores(output, scores)
        written.update(content)


def summarise(files: Sequence[Path]) -> list[dict[str, Any]]:
    """Rows of the table of learners: one a learner, setting and scheme."""
    scores = read_scores(files)
    rows = []
    for learner, setting in dict.fromkeys((s.learner, s.setting) for s in scores):
        ours = [s for s in scores if (s.learner, s.setting) == (learner, setting)]
        for scheme in SCHEMES:
            wanted = scheme.split(" and ")
            chosen = [s for s in ours if s.scheme in wanted]
            if chosen and {s.scheme for s in chosen} == set(wanted):
                row = {"learner": learner, "setting": setting, "scheme": scheme}
                rows.append({**row, **aggregate(chosen)})
    return rows


def below(scores: Sequence[CurveScore]) -> list[CurveScore]:
    """Test curves of the paper's groups and random splits below a similarity of 0.95, once each."""
    chosen = [s for s in scores if s.similarity < ENOUGH and s.scheme in ("groups", "random")]
    worst: dict[tuple[str, int, int], CurveScore] = {}
    for score in sorted(chosen, key=lambda s: s.similarity):
        worst.setdefault((score.learner, score.setting, score.number), score)
    return list(worst.values())


def write_summary(files: Sequence[Path], output: Path) -> None:
    """Write the table of learners (CSV), and beside it ``below.csv``, every curve under 0.95.

    A JSON file beside the table keeps the SHA-256 of both.

    Raises
    ------
    SlipfieldError
        If a table of scores is damaged, or no longer what its learner wrote.
    """
    for path in files:
        refuse_others(altered(path.with_suffix(".json")))
    named = output.with_name("below.csv")
    with witnessed(None, output.with_suffix(".json"), output, named):
        write_scores(named, below(read_scores(files)))
        write_text(output, csv_text(summarise(files), 6))


def draw(name: str, scores: Sequence[Path], output: Path) -> None:
    """Draw one figure of the published network.

    Raises
    ------
    SlipfieldError
        If there is no figure of that name.
    """
    from slipfield.kinds.curves.figures import draw_predicted, draw_similarity

    if name == "predicted":
        draw_predicted(scores[0].with_suffix(".json"), output)
    elif name == "similarity":
        draw_similarity(list(scores), output)
    else:
        raise SlipfieldError(f"figure: given {name!r}; expected predicted or similarity")
