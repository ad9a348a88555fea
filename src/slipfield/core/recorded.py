"""What results say of themselves, read at every start of the workflow: nothing large, no arrays."""

from __future__ import annotations

import errno
import html
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from slipfield.core.digest import file_digest
from slipfield.core.errors import SlipfieldError
from slipfield.core.places import check_place
from slipfield.core.study import BaseStudy

FILES = "files"
"""Key of a witness: names of files and their SHA-256."""

BESIDE = "written_beside"
"""Key of a model's card: names of files that were written with it."""

NAMED = re.compile('<meta name="files" content="([^"]*)">')
"""Where a page names the files of its pictures."""

LONGEST = 60
"""Characters of a value in a message."""


def recorded_json(path: Path) -> Any:
    """Content of a JSON file; None if it is not there, an empty dict if it is damaged.

    Raises
    ------
    SlipfieldError
        If it may not be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SlipfieldError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError):
        return {}


def recorded_attributes(path: Path) -> dict[str, Any] | None:
    """Attributes of a NetCDF file; None if it is not there, none if it is damaged.

    Raises
    ------
    SlipfieldError
        If it may not be read, or the system refuses it, as with too many open files.
    """
    import h5py

    if not path.exists():
        return None
    if not os.access(path, os.R_OK):
        raise SlipfieldError(f"{path}: cannot be read: {os.strerror(errno.EACCES)}")
    try:
        with h5py.File(path) as file:
            return {name: _plain(value) for name, value in file.attrs.items()}
    except (OSError, RuntimeError, KeyError) as error:
        if number := getattr(error, "errno", None):  # HDF5 gives none to a damaged file
            raise SlipfieldError(f"{path}: cannot be read: {os.strerror(number)}") from error
        return {}


def names_beside(names: Iterable[str]) -> str:
    """Write names of files as a page has them, once each, apart by signs that no name holds."""
    return "/\n".join(dict.fromkeys(names))


def missing_beside(result: Path) -> list[Path]:
    """Files that a page or a model's card names as written with it, and that are gone.

    None if the result is missing, damaged, or of a version that named none: what reads it says so.
    """
    try:
        text = result.read_text(encoding="utf-8")
        if result.suffix == ".html":
            found = NAMED.search(text)
            names = html.unescape(found[1]).split("/\n") if found else []
        else:
            card = json.loads(text)
            names = [*card.get(BESIDE, ()), *card.get("weights_sha256", ())]
        return [path for name in names if name and not (path := result.parent / name).exists()]
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return []


def forget(witness: Path) -> None:
    """Remove the file that says what made other ones, before they are made anew.

    It is written last, so that a kill in between leaves no old word beside new results.

    Raises
    ------
    SlipfieldError
        If it may not be removed, or this process belongs to a run that has ended.
    """
    check_place(witness)
    try:
        witness.unlink(missing_ok=True)
    except OSError as error:
        raise SlipfieldError(f"{witness}: cannot be written: {error.strerror}") from error


@contextmanager
def witnessed(study: BaseStudy | None, witness: Path, *results: Path) -> Iterator[dict[str, Any]]:
    """Write results in the block; the JSON file ``witness`` says which study made them.

    Parameters
    ----------
    study : None for results whose makers do not know it.
    results : files beside the witness, which keeps their SHA-256 for :func:`altered`.

    Yields
    ------
    dict
        Further content of the witness, for the block to fill.
    """
    from slipfield.core.files import write_text

    forget(witness)
    content: dict[str, Any] = {}
    yield content
    made: dict[str, Any] = {}
    if study is not None:
        made = {"study": study.model_dump(mode="json"), "physics_hash": study.physics_hash()}
    made |= digests(results)
    write_text(witness, json.dumps({**made, **content}, indent=1) + "\n")


def digests(results: Iterable[Path]) -> dict[str, dict[str, str]]:
    """SHA-256 of files by name, as the content of a witness beside them."""
    found = {path.name: file_digest(path) for path in results}
    return {FILES: found} if found else {}


def altered(witness: Path) -> dict[Path, str]:
    """Find results that are not what their witness saw: path -> what was made, in words.

    Raises
    ------
    SlipfieldError
        If a file may not be read.
    """
    return _altered(witness, _made(witness))


def _altered(witness: Path, made: Mapping[str, Any]) -> dict[Path, str]:
    files = made.get(FILES)
    if not isinstance(files, Mapping):
        return {}
    paths = {witness.with_name(name): digest for name, digest in files.items()}
    return {
        path: "other content than it has now"
        for path, digest in paths.items()
        if path.exists() and file_digest(path) != digest
    }


def made_otherwise(path: Path, study: BaseStudy, fields: Iterable[str]) -> str:
    """Name what a result was made with, if that is not of ``study``; empty if it is.

    Parameters
    ----------
    path : JSON or NetCDF file that names its study.
    fields : what the result depends on: "section" or "section.field" of the study, or
        "physics_hash", which older versions did not write down.
    """
    return _otherwise(_made(path), study, fields)


def stale_results(
    witness: Path, study: BaseStudy, fields: Iterable[str], results: Iterable[Path] = ()
) -> dict[Path, str]:
    """Find what is not of ``study``, or not what its witness saw: path -> what made it, in words.

    Parameters
    ----------
    fields : what the results depend on, as in :func:`made_otherwise`.
    results : what the witness's study made; by default the witness itself.

    Raises
    ------
    SlipfieldError
        If a file may not be read.
    """
    made = _made(witness)
    differs = _otherwise(made, study, fields)
    found = dict.fromkeys(list(results) or [witness], differs) if differs else {}
    return found | _altered(witness, made)


def _otherwise(made: Mapping[str, Any], study: BaseStudy, fields: Iterable[str]) -> str:
    if not isinstance(made.get("study"), Mapping):
        return "no readable study"
    try:  # fields that are younger than the result have their defaults
        theirs = type(study).model_validate(made["study"]).model_dump(mode="json")
    except ValidationError:
        return "a study that this version cannot read"
    ours = study.model_dump(mode="json")
    for field in fields:
        if field == "physics_hash":
            physics = study.physics_hash()
            difference = differing(field, made.get(field, physics), physics)
        else:
            difference = differing(field, _at(theirs, field), _at(ours, field))
        if difference:
            return difference
    return ""


def differing(field: str, made: Any, ours: Any, whose: str = "the study has") -> str:
    """First field below ``field`` whose value is not ours, and both; empty if there is none."""
    if made == ours:
        return ""
    if isinstance(ours, Mapping) and isinstance(made, Mapping):
        parts = (differing(f"{field}.{name}", made.get(name), ours[name], whose) for name in ours)
        return next(filter(None, parts), f"further fields in {field}")
    return f"{field} = {_short(made)}, but {whose} {_short(ours)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _made(path: Path) -> Mapping[str, Any]:
    """Study and physics hash that a file names; empty if it is damaged or names none."""
    if path.suffix != ".nc":
        content = recorded_json(path)
        return content if isinstance(content, Mapping) else {}
    attributes = recorded_attributes(path) or {}
    try:
        return {**attributes, "study": json.loads(attributes["study"])}
    except (KeyError, TypeError, ValueError):
        return {}


def _at(content: Mapping[str, Any], field: str) -> Any:
    section, _, name = field.partition(".")
    value = content.get(section)
    return value.get(name) if name and isinstance(value, Mapping) else value


def claim_contents(
    path: Path, facts: Mapping[str, Any], what: str, former: Mapping[str, Any] | None = None
) -> None:
    """Write down at ``path`` (JSON) what its folder holds, or refuse one that holds another.

    Parameters
    ----------
    facts : plain values that decide what is in the folder.
    what : a word for it in errors, such as "bench".
    former : facts by the names that older versions gave them, compared where a folder has them.

    Raises
    ------
    SlipfieldError
        If the folder holds what other facts made, or does not say what it holds.
    """
    from slipfield.core.files import write_text

    text = json.dumps(facts, indent=1)
    if (known := recorded_json(path)) is not None:
        if not isinstance(known, dict) or not known:
            raise SlipfieldError(
                f"{path}: not readable, and it says which {what} its folder holds; choose another "
                "folder"
            )
        ours = {**json.loads(text), **(former or {})}
        for name, value in ours.items():  # older versions wrote down less
            if differs := differing(name, known.get(name, value), value, "given is"):
                raise SlipfieldError(
                    f"{path.parent}: holds another {what} ({differs}); choose another folder"
                )
    write_text(path, text + "\n")


def refuse_others(found: Mapping[Path, str]) -> None:
    """Refuse to show results of another study.

    Parameters
    ----------
    found : file -> what it was made with, as the kinds' ``stale`` gives it.

    Raises
    ------
    SlipfieldError
        Naming the first file.
    """
    for path, differs in found.items():
        raise SlipfieldError(
            f"{path}: made with {differs}; run the study again, or name the study file that made it"
        )


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.item() if hasattr(value, "item") and getattr(value, "size", 0) == 1 else value
