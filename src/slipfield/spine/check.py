"""Whether a study whose stages are the shared ones can end well, before anything is simulated."""

from __future__ import annotations

from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import Kind, kind_named, load
from slipfield.spine.study import SpineStudy


def models_of(study: SpineStudy, kind: Kind) -> tuple[str, ...]:
    """Estimators that a study validates.

    Raises
    ------
    SlipfieldError
        If it names one that its kind does not have.
    """
    if unknown := set(study.crossval.models) - set(kind.models):
        raise SlipfieldError(
            f"crossval.models: given {', '.join(sorted(unknown))}; "
            f"expected of {', '.join(kind.models)}"
        )
    return study.crossval.models or tuple(kind.models)


def check(study: SpineStudy) -> None:
    """Refuse models that the kind does not have, and fewer samples, or groups, than folds.

    Raises
    ------
    SlipfieldError
        One line that names the field.
    """
    from slipfield.spine.design import GROUP

    kind = kind_named(study.kind, study.name)
    models_of(study, kind)
    rows = load(kind.design)(study).rows
    count = rows[GROUP].nunique() if GROUP in rows else len(rows)
    if count < study.crossval.folds:
        raise SlipfieldError(
            f"crossval.folds: given {study.crossval.folds}, but the design has {count} "
            f"{'groups' if GROUP in rows else 'samples'}; use fewer folds or more of them"
        )
