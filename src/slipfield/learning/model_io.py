"""Model folders: weights as safetensors beside a JSON card, loaded without pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from slipfield import __version__
from slipfield.dataset.collection import Collection
from slipfield.errors import SlipfieldError
from slipfield.files import write_text
from slipfield.learning.inverter import Inverter, inverter_class
from slipfield.study import Study, check_study
from slipfield.validation import one_line

CARD = "model.json"


def save_model(
    inverter: Inverter,
    name: str,
    study: Study,
    dataset: Collection,
    folder: Path,
    facts: dict[str, Any],
) -> None:
    """Write an inverter and its card into ``folder``; the card comes last.

    Parameters
    ----------
    name : str
        Registered name of the inverter.
    facts : dict
        What else the card says: sizes of the parts, metrics, training time.
    """
    card = {
        "model": name,
        "slipfield_version": __version__,
        "study": study.model_dump(mode="json"),
        "physics_hash": dataset.study.physics_hash(),
        "data_hash": dataset.data_hash,
        **facts,
        "details": inverter.save(folder),
    }
    write_text(folder / CARD, json.dumps(card, indent=1) + "\n")


def load_model(folder: str | Path) -> tuple[Inverter, dict[str, Any]]:
    """Read the inverter in ``folder`` and its card.

    Raises
    ------
    SlipfieldError
        If there is no readable card or the weights cannot be used.
    """
    folder = Path(folder)
    path = folder / CARD
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        name, details, content = card["model"], card["details"], card["study"]
        weights = str(details.get("weights", ""))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise SlipfieldError(f"{path}: no readable model card ({error!r}); run `train`") from error
    if Path(weights).name != weights:
        raise SlipfieldError(f"{path}: details.weights: {weights!r} is not the name of a file")
    study = check_study(content, str(path))
    try:
        return inverter_class(name).load(folder, study, details), card
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        reason = f"{type(error).__name__}: {one_line(error)}"
        raise SlipfieldError(f"{path}: unusable details ({reason}); train again") from error
