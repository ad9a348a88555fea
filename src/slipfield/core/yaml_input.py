"""What users write by hand: YAML read strictly, and one line about the first mistake in it.

``python -m slipfield.core.yaml_input FILE...`` reads files without looking at their fields; the
launcher does so before Snakemake reads them.
"""

from __future__ import annotations

import reprlib
import sys
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from slipfield.core.errors import SlipfieldError, one_line

MOST_NAMED = 5
"""Further fields that are wrong, of which a message tells the names."""

LONGEST_VALUE = 60
SUFFIXES = (".yaml", ".yml", ".json")
"""How the names of study files end, which those of the workflow's targets do not."""

_YAML_ERRORS = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError)
"""What PyYAML raises; impossible dates and tags that do not fit their values give the last four."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = LONGEST_VALUE


class _UniqueKeyLoader(yaml.SafeLoader):
    """Safe loader that refuses a key given twice in one mapping, of which YAML keeps the last."""

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Any]:
        lines: dict[str, int] = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if not isinstance(key, yaml.ScalarNode):
                continue
            line = key.start_mark.line + 1
            if key.value in lines:
                raise yaml.YAMLError(
                    f"{key.value!r} is given on line {lines[key.value]} and again on line {line}; "
                    "keep one"
                )
            lines[key.value] = line
        return super().construct_mapping(node, deep)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping, without making objects.

    Raises
    ------
    SlipfieldError
        If the file cannot be read, is no YAML mapping, or gives a key twice.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SlipfieldError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SlipfieldError(f"{path}: not valid YAML: {one_line(error)}") from error
    content = parse_yaml(text, str(path))
    if not isinstance(content, dict):
        raise SlipfieldError(
            f"{path}: expected a mapping of sections, got {type(content).__name__}"
        )
    return content


def parse_yaml(text: str, source: str) -> Any:
    """Read YAML without making objects; ``source`` names it in errors.

    Raises
    ------
    SlipfieldError
        If it is no YAML, gives a key twice, or refers to itself.
    """
    try:
        content = yaml.load(text, _UniqueKeyLoader)
        if _refers_to_itself(content, [], set()):
            raise SlipfieldError(f"{source}: an alias (*) stands inside what it refers to")
        return content
    except RecursionError as error:
        raise SlipfieldError(f"{source}: nested too deeply for a study") from error
    except _YAML_ERRORS as error:
        raise SlipfieldError(f"{source}: not valid YAML: {_yaml_problem(error)}") from error


def _refers_to_itself(value: Any, around: list[int], seen: set[int]) -> bool:
    """Whether a mapping or list stands somewhere inside itself; each is looked into once."""
    if not isinstance(value, dict | list) or id(value) in seen:
        return False
    if id(value) in around:
        return True
    around.append(id(value))
    inner = value.values() if isinstance(value, dict) else value
    found = any(_refers_to_itself(entry, around, seen) for entry in inner)
    seen.add(around.pop())
    return found


def _yaml_problem(error: Exception) -> str:
    """What is wrong and on which line, without the excerpt that PyYAML draws."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return one_line(error)


def first_problem(error: ValidationError, model: type[BaseModel]) -> str:
    """First validation error as 'field: given value; rule', with the names of the others.

    What a check of the whole study says names its fields itself.
    """
    first, *others = error.errors(include_url=False)
    field, *also = (
        ".".join(str(part) for part in each["loc"]) or "study" for each in (first, *others)
    )
    whole = first["type"] == "missing" or isinstance(first["input"], dict | BaseModel)
    given = "" if whole else f"given {_short(first['input'])}; "
    rule = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        allowed = ", ".join(_siblings(model, first["loc"]))
        given, rule = "", f"unknown field; allowed here: {allowed}"
    named = ", ".join(also[:MOST_NAMED])
    rest = f" and {len(also) - MOST_NAMED} more" if len(also) > MOST_NAMED else ""
    more = f" (also wrong: {named}{rest})" if also else ""
    prefix = "" if first["type"] == "value_error" and not first["loc"] else f"{field}: "
    return " ".join(f"{prefix}{given}{rule}{more}".split())


def _short(value: Any) -> str:
    text = _SHORT.repr(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "..."


def _siblings(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Names of the fields allowed beside the one at ``location``."""
    for part in location[:-1]:
        if isinstance(part, str):
            annotation: Any = model.model_fields[part].annotation
            model = next(iter(get_args(annotation)), annotation)
    return sorted(model.model_fields)


def main(paths: list[str]) -> None:
    """Read files; the first one that cannot be read ends the process with a line on stderr.

    Snakemake takes every word after ``--configfile`` for a file, also the name of a target.
    """
    for number, path in enumerate(paths):
        try:
            read_yaml(path)
        except SlipfieldError as error:
            problem = str(error)
            if number and not path.endswith(SUFFIXES):
                problem = (
                    f"{path}: stands after --configfile, where Snakemake takes it for a study; "
                    f"put targets first: `snakemake {path} --configfile {' '.join(paths[:number])}`"
                )
            print(f"slipfield: error: {problem}", file=sys.stderr)
            sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
