"""Model folders: weights as safetensors beside a JSON card, loaded without pickle."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from slipfield import __version__
from slipfield.core.digest import file_digest
from slipfield.core.errors import SlipfieldError, one_line
from slipfield.core.files import write_text
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.learning.inverter import Inverter, inverter_class
from slipfield.kinds.slip.study import Study, check_study

CARD = "model.json"


def save_model(
    inverter: Inverter,
    name: str,
    study: Study,
    dataset: Collection,
    folder: Path,
    facts: dict[str, Any],
) -> None:
    """Write an inverter and its card into ``folder``; an older card goes first, the new one last.

    The card holds the SHA-256 of every file of weights, so that no card is taken for that of other
    weights.

    Parameters
    ----------
    name : str
        Registered name of the inverter.
    facts : dict
        What else the card says: sizes of the parts, metrics, training time.
    """
    remove_card(folder)
    details = inverter.save(folder)
    card = {
        "model": name,
        "slipfield_version": __version__,
        "study": study.model_dump(mode="json"),
        "physics_hash": dataset.study.physics_hash(),
        "data_hash": dataset.data_hash,
        "weights_sha256": {
            path.name: file_digest(path) for path in sorted(folder.glob("*.safetensors"))
        },
        **facts,
        "details": details,
    }
    write_text(folder / CARD, json.dumps(card, indent=1) + "\n")


def remove_card(folder: Path) -> None:
    """Remove the card in ``folder``: what is written there from now on is another model.

    Raises
    ------
    SlipfieldError
        If the folder cannot be changed.
    """
    try:
        (folder / CARD).unlink(missing_ok=True)
    except OSError as error:
        raise SlipfieldError(f"{folder / CARD}: cannot be written: {error.strerror}") from error


def weights_hash(card: dict[str, Any]) -> str:
    """Hash that identifies the weights of a card; empty for cards of older versions."""
    digests = card.get("weights_sha256")
    if not digests:
        return ""
    text = json.dumps(digests, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def load_model(folder: str | Path) -> tuple[Inverter, dict[str, Any]]:
    """Read the inverter in ``folder`` and its card.

    Raises
    ------
    SlipfieldError
        If there is no readable card, the weights are not those of the card, or cannot be used.
    """
    folder = Path(folder)
    path = folder / CARD
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        name, details, content = card["model"], card["details"], card["study"]
        weights, digests = str(details.get("weights", "")), card.get("weights_sha256", {})
        names = [weights, *digests]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise SlipfieldError(f"{path}: no readable model card ({error!r}); run `train`") from error
    foreign = next((entry for entry in names if Path(entry).name != entry), None)
    if foreign is not None:
        raise SlipfieldError(f"{path}: details.weights: {foreign!r} is not the name of a file")
    for entry, digest in digests.items():
        if file_digest(folder / entry) != digest:
            raise SlipfieldError(
                f"{folder / entry}: unusable weights: not those of {CARD} (changed, or of another "
                "training); train again"
            )
    study = check_study(content, str(path))
    try:
        return inverter_class(name).load(folder, study, details), card
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        reason = f"{type(error).__name__}: {one_line(error)}"
        raise SlipfieldError(f"{path}: unusable details ({reason}); train again") from error
