"""Whether a study's alloys are enough for its splits, before anything is simulated."""

from __future__ import annotations

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.evaluation import splits_of
from slipfield.kinds.curves.study import CurvesStudy
from slipfield.kinds.curves.tables import study_alloys

LEFT_OUT = {"one_out", "class_out"}


def check(study: CurvesStudy) -> None:
    """Refuse alloys that cannot be read or are too few, and settings that nothing tests.

    Raises
    ------
    SlipfieldError
        One line that names the field.
    """
    alloys, learning = study_alloys(study), study.learning
    schemes = [s for s in learning.schemes if s != "random" or learning.random_splits]
    for setting in learning.settings:
        if not schemes or (
            LEFT_OUT.issuperset(schemes) and setting not in learning.left_out_settings
        ):
            raise SlipfieldError(
                f"learning.settings: no scheme tests setting {setting}; add 'random' to "
                "learning.schemes, with learning.random_splits above 0, or the setting to "
                "learning.left_out_settings"
            )
    if study.published.settings and study.published.groups and "groups" not in schemes:
        schemes.append("groups")
    for scheme in schemes:
        for split in splits_of(study, alloys, scheme):
            for part in ("training", "validation", "test"):
                if not getattr(split, part):
                    raise SlipfieldError(
                        f"learning.schemes: {scheme}, {split.name}: {len(alloys)} alloys leave "
                        f"none for {part}; use more alloys, or another scheme"
                    )
