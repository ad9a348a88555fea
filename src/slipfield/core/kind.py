"""Kinds of study: what a study file's ``kind`` leads to, and reading a study file of any kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args

from slipfield.core.errors import SlipfieldError
from slipfield.core.study import AStudy, BaseStudy, check_study_as
from slipfield.core.yaml_input import read_yaml

Trial = tuple[Mapping[str, float], int]
"""Values of the variables by name, and a seed."""


@dataclass(frozen=True)
class Model:
    """An estimator that a kind offers, and how pictures show it.

    Attributes
    ----------
    estimator : "module:Class"; made with its settings, then ``fit(x, y)`` and ``predict(x)``, as
        scikit-learn has it.
    """

    estimator: str
    title: str
    colour: str
    marker: str = "o"


@dataclass(frozen=True)
class Evaluation:
    """Numbers that a search may ask for at values of some variables.

    Attributes
    ----------
    inputs, outputs : names that variables, objectives and constraints may have; an output NAME may
        come with NAME_std, the standard deviation of its noise.
    run : function(study, trials) that yields the outputs by name of each trial, a pair of inputs
        and a seed, or the SlipfieldError that is the reason why it failed.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    run: Callable[[Any, Sequence[Trial]], Iterator[Mapping[str, Any] | SlipfieldError]]


@dataclass(frozen=True)
class Kind:
    """One kind of study. Its parts are named as "module:name" and loaded when they are used.

    Attributes
    ----------
    name, question : the word in study files; what such a study answers.
    study : its study model, a :class:`~slipfield.core.study.BaseStudy`.
    doubts : function(study) that gives sentences on what is unlikely to be meant, or "".
    check : function(study) that refuses what only a run needs to know, or "".
    stale : function(study, folder) -> {file: what made it differs in}.
    rules : file of the workflow with its stages, workflow/kinds/<rules>.smk.
    evaluations : what a search may ask of this kind beyond "simulate", by name:
        :class:`Evaluation` objects.

    A kind whose stages are those of :mod:`slipfield.spine` also names:

    design : function(study) -> :class:`slipfield.spine.design.Design`.
    simulate : function(study, inputs) -> outputs of one sample, both by name.
    environment : where ``simulate`` runs, "simulate" (DOLFINx) or "learn".
    outputs : tuple of :class:`slipfield.spine.outputs.Output`.
    models : estimators by name.
    sections : function(study, folder) -> sections of the report beyond the shared ones, or "".
    """

    name: str
    question: str
    study: str
    doubts: str = ""
    check: str = ""
    stale: str = "slipfield.spine.stale:stale"
    rules: str = "spine"
    evaluations: Mapping[str, str] = field(default_factory=dict)
    design: str = ""
    simulate: str = ""
    environment: Literal["simulate", "learn"] = "learn"
    outputs: str = ""
    models: Mapping[str, Model] = field(default_factory=dict)
    sections: str = ""


KINDS = {
    "slip": "slipfield.kinds.slip.kind:KIND",
    "beam": "slipfield.kinds.beam.kind:KIND",
    "curves": "slipfield.kinds.curves.kind:KIND",
    "composite": "slipfield.kinds.composite.kind:KIND",
    "search": "slipfield.kinds.search.kind:KIND",
    "hardness": "slipfield.kinds.hardness.kind:KIND",
    "micrograph": "slipfield.kinds.micrograph.kind:KIND",
}
"""Where each kind's object is, by the word in study files; the first is meant without a word."""


def load(place: str) -> Any:
    """Object at "module:name"."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def kind_named(name: Any, source: str) -> Kind:
    """Kind of that name; ``source`` names the study file in errors.

    Raises
    ------
    SlipfieldError
        If there is none.
    """
    if not isinstance(name, str) or name not in KINDS:
        raise SlipfieldError(f"{source}: kind: given {name!r}; expected {', '.join(KINDS)}")
    return load(KINDS[name])


def check_any_study(content: dict[str, Any], source: str) -> tuple[BaseStudy, Kind]:
    """Turn the content of a study file into a study of its kind.

    Raises
    ------
    SlipfieldError
        One line that names the file, the field, what was given and what is allowed.
    """
    kind = kind_named(content.get("kind", next(iter(KINDS))), source)
    return check_study_as(load(kind.study), content, source), kind


def load_any_study(path: str | Path) -> tuple[BaseStudy, Kind]:
    """Read and check a study file of any kind; raises as :func:`check_any_study`."""
    return check_any_study(read_yaml(path), str(path))


def load_study_as(model: type[AStudy], path: str | Path) -> AStudy:
    """Read and check a study file whose kind has the study model ``model``.

    Raises
    ------
    SlipfieldError
        As :func:`check_any_study`, and if the file is of another kind.
    """
    study, kind = load_any_study(path)
    if not isinstance(study, model):
        (expected,) = get_args(model.model_fields["kind"].annotation)
        raise SlipfieldError(f"{path}: kind: given {kind.name!r}; expected {expected}")
    return study


def schema() -> dict[str, Any]:
    """JSON schema of the study files of all kinds."""
    from typing import Union

    from pydantic import TypeAdapter

    studies = tuple(load(load(place).study) for place in KINDS.values())
    union: Any = Union[studies]  # noqa: UP007
    return TypeAdapter(union).json_schema()
