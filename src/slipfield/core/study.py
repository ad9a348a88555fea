"""What every study file has, whatever its kind: a name, a kind, and a hash of its physics."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import yaml
from pydantic import Field, ValidationError

from slipfield.core.digest import file_digest
from slipfield.core.errors import SlipfieldError
from slipfield.core.section import Section
from slipfield.core.yaml_input import first_problem


def with_content(physics: dict[str, Any], table: str | Path | None) -> dict[str, Any]:
    """Physics of a study that begins with a user's table: also a hash of what the file holds.

    Raises
    ------
    SlipfieldError
        If it cannot be read.
    """
    if not table:
        return physics
    return {**physics, "content": file_digest(table)}


class BaseStudy(Section):
    """Base of the study models; a kind adds its sections and narrows ``kind`` to its own name.

    Attributes
    ----------
    PHYSICS : sections that change what is simulated. Files made under different ones do not go into
        one dataset.
    """

    PHYSICS: ClassVar[tuple[str, ...]] = ()

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        description="Name of the study; its files land in results/<name>.",
    )
    kind: str = Field(description="Kind of study; without it, slip.")

    def as_yaml(self) -> str:
        """Text of a study file that says every field, those with their defaults too."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)

    def physics(self) -> dict[str, Any]:
        """Content of the sections in :attr:`PHYSICS`."""
        content = self.model_dump(mode="json")
        return {key: content[key] for key in self.PHYSICS}

    def physics_hash(self) -> str:
        """Hash of everything that changes a simulated value; shards of one dataset share it."""
        text = json.dumps(self.physics(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


AStudy = TypeVar("AStudy", bound=BaseStudy)


def check_study_as(model: type[AStudy], content: dict[str, Any], source: str) -> AStudy:
    """Turn the content of a study file into a study; ``source`` names the file in errors.

    Raises
    ------
    SlipfieldError
        One line that names the file, the field, what was given and what is allowed.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise SlipfieldError(f"{source}: {first_problem(error, model)}") from error
