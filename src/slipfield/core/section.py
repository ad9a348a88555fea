"""What all sections of a study file share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Strict, field_validator

Whole = Annotated[int, Strict()]
"""Whole number written as one: neither 20.0 nor '20'."""


Range = Annotated[tuple[float, float], Field(description="Lower and upper bound.")]


class Section(BaseModel):
    """Base of all sections: unknown fields are errors, instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_values(cls, value: Any) -> Any:
        """Refuse true and false (also written yes and no), which would count as 1 and 0."""
        if any(isinstance(item, bool) for item in _flat(value)):
            raise ValueError("expected a number or text, not true or false")
        return value


def _flat(value: Any) -> Iterator[Any]:
    """Items of a list of lists, two levels deep as in ``loading.path``."""
    for item in value if isinstance(value, list | tuple) else [value]:
        yield from item if isinstance(item, list | tuple) else [item]
