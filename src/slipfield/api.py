"""What notebooks and scripts use: docs/python.md."""

from slipfield.core.kind import load_any_study as load_study
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.inversion.run import invert
from slipfield.kinds.slip.learning.model_io import load_model
from slipfield.kinds.slip.measure.specimen_file import read_specimen

open_dataset = Collection.of_dataset

__all__ = ["invert", "load_model", "load_study", "open_dataset", "read_specimen"]
