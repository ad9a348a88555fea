"""Samples of many shards as one collection, read lazily, one sample at a time."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np

from slipfield.core.digest import file_digest
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf
from slipfield.kinds.slip.dataset.contract import (
    MICROSTRUCTURE,
    REFERENCE,
    SHARD,
    FileKind,
    file_kind,
)
from slipfield.kinds.slip.dataset.manifest import MANIFEST, angle_maps
from slipfield.kinds.slip.dataset.noise import add_noise
from slipfield.kinds.slip.dataset.unchanged import check_unchanged
from slipfield.kinds.slip.planning.provenance import combined, dataset_hash
from slipfield.kinds.slip.study import PARAMETERS, Noise, Study, check_study
from slipfield.kinds.slip.study.recorded import study_of


class Collection:
    """The samples of a set of shards that did not fail, in the order of their numbers.

    Attributes
    ----------
    study : Study
        Study of the dataset (of the first shard, if built from loose shards).
    samples : ndarray (n,) int64
        Numbers in the design.
    microstructures : ndarray (n,) int32
        Index of each sample's grain map.
    parameters : ndarray (n, 3) float64
        k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5).
    time : ndarray (time,) float64
        Times of the outputs, s.
    image : tuple of int
        Nodes along y and x.
    noise : Noise
        Measurement noise that learners read the samples with; none by default.
    data_hash : str
        Identifies the data: changes with any shard, grain map or reference run.
    folder : Path or None
        Folder of the dataset, where decoded copies may be kept.
    decoded : dict
        Fields that :func:`slipfield.kinds.slip.dataset.fields.decode` made from this collection.
    """

    def __init__(
        self,
        study: Study,
        shards: Sequence[Path],
        microstructures: Mapping[int, Path],
        references: Mapping[int, Path] | None = None,
        data_hash: str = "",
        folder: Path | None = None,
        noise: Noise | None = None,
    ) -> None:
        self.study, self.folder, self.data_hash = study, folder, data_hash
        self.noise = noise or Noise()
        self.decoded: dict[Any, Any] = {}
        self._maps, self._references = dict(microstructures), dict(references or {})
        self._index(shards)

    def _index(self, shards: Sequence[Path]) -> None:
        """Read numbers, parameters and status of all shards; leave out what failed."""
        columns: dict[str, list[np.ndarray]] = {"path": [], "row": []}
        names = ("sample", "microstructure", *PARAMETERS)
        for path in shards:
            data = _values(path, ("status", "time", *names))
            good = np.flatnonzero(data["status"] == 0)
            columns["path"].append(np.full(good.size, str(path), dtype=object))
            columns["row"].append(good)
            for name in names:
                columns.setdefault(name, []).append(data[name][good])
        table = {name: np.concatenate(parts) for name, parts in columns.items()}
        order = np.argsort(table["sample"], kind="stable")
        self.samples, self.microstructures = table["sample"][order], table["microstructure"][order]
        self.parameters = np.stack([table[name][order] for name in PARAMETERS], axis=1)
        self._path, self._row = table["path"][order], table["row"][order]
        if not order.size:
            raise SlipfieldError(f"{shards[0]}: every sample failed; nothing to learn from")
        self.time, self.image = data["time"], self.strain(0).shape[-2:]

    @classmethod
    def of_dataset(cls, folder: str | Path, expected: Study | None = None) -> Collection:
        """Open the dataset that `gather` wrote into ``folder``.

        Its noise is that of the study ``expected``, or else of the dataset's own study.

        Raises
        ------
        SlipfieldError
            If there is no readable manifest, a file is missing or has changed since, or the data
            were made under other physics than those of the study ``expected``, if that is given.
        """
        folder = Path(folder)
        path = folder / MANIFEST
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            study = check_study(manifest["study"], str(path))
            shards = [folder / entry["path"] for entry in manifest["shards"]]
            files = {
                **{entry["path"]: entry for entry in manifest["shards"]},
                **manifest.get("files", {}),  # older versions list no maps and reference runs
            }
            digest = dataset_hash(manifest)
            maps, references = (
                {int(index): folder / name for index, name in manifest[key].items()}
                for key in ("microstructures", "references")
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SlipfieldError(
                f"{path}: no readable manifest ({error!r}); run `gather`"
            ) from error
        if expected is not None and study.physics_hash() != expected.physics_hash():
            raise SlipfieldError(
                f"{path}: made under other physics (study {study.name!r}) than those of study "
                f"{expected.name!r}; name the dataset's own study, or simulate again"
            )
        check_unchanged(folder, files)
        noise = (expected or study).noise
        return cls(study, shards, maps, references, digest, folder, noise)

    @classmethod
    def of_shards(
        cls,
        shards: Sequence[Path],
        microstructures: Sequence[Path],
        references: Sequence[Path] = (),
        physics: Callable[[Study], str] = Study.physics_hash,
    ) -> Self:
        """Open loose shards with the grain maps, and perhaps reference runs, that they name.

        ``physics`` makes of a study what must be the same in all shards.

        Raises
        ------
        SlipfieldError
            If a file is of another kind, the shards differ in their physics, or a map is missing.
        """
        maps, runs = _indexed(microstructures, MICROSTRUCTURE), _indexed(references, REFERENCE)
        hashes: dict[str, tuple[Path, Study]] = {}
        for path in shards:
            with open_netcdf(path) as data:
                if file_kind(data) is not SHARD:
                    raise SlipfieldError(f"{path}: not a shard; expected a file of `simulate`")
                study = study_of(data, path)
                hashes.setdefault(physics(study), (path, study))
        if len(hashes) > 1:
            (first, _), (second, _) = list(hashes.values())[:2]
            raise SlipfieldError(f"{second}: other physics than {first}; evaluate them apart")
        ((_, study),) = hashes.values()
        files = [*shards, *_in_order(maps), *_in_order(runs)]
        digest = combined(file_digest(path) for path in files)
        collection = cls(study, shards, maps, runs, digest)
        missing = set(collection.microstructures.tolist()) - maps.keys()
        if missing:
            raise SlipfieldError(
                f"{shards[0]}: no grain map with microstructure_index {min(missing)}; "
                "name its file or folder with --microstructures"
            )
        return collection

    def __len__(self) -> int:
        return len(self.samples)

    def with_noise(self, noise: Noise) -> Self:
        """Give the same samples with other measurement noise; what was decoded is shared."""
        other = copy.copy(self)
        other.noise = noise
        return other

    def strain(self, index: int) -> np.ndarray:
        """Strain of one sample, (time, component, y, x) float32, 1."""
        return self._read("strain", index)

    def load(self, index: int) -> np.ndarray:
        """Load of one sample, (time,) float64, N."""
        return self._read("load", index)

    def measured(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Strain and load of one sample with :attr:`noise`, which the sample's number fixes."""
        sample = int(self.samples[index])
        return add_noise(self.strain(index), self.load(index), self.noise, sample)

    def angles(self, microstructure: int) -> np.ndarray:
        """Bunge angles at the nodes of a grain map, (angle, y, x) float64, rad."""
        return angle_maps(self._maps[microstructure])

    def microstructure_path(self, microstructure: int) -> Path:
        """File of a grain map."""
        return self._maps[microstructure]

    def reference_path(self, microstructure: int) -> Path:
        """File of the reference run on a grain map.

        Raises
        ------
        SlipfieldError
            If there is none.
        """
        try:
            return self._references[microstructure]
        except KeyError:
            raise SlipfieldError(
                f"references: none for microstructure {microstructure}; make it with `reference`, "
                "then gather again (or name it with --references)"
            ) from None

    def _read(self, name: str, index: int) -> np.ndarray:
        return _values(Path(self._path[index]), [name], int(self._row[index]))[name]


def _in_order(files: Mapping[int, Path]) -> list[Path]:
    return [files[index] for index in sorted(files)]


def _indexed(paths: Sequence[Path], kind: FileKind) -> dict[int, Path]:
    """Files of one kind by the microstructure index that they carry."""
    found = {}
    for path in paths:
        with open_netcdf(path) as data:
            if file_kind(data) is not kind:
                raise SlipfieldError(f"{path}: not a {kind.name} file")
            found[int(data.attrs["microstructure_index"])] = path
    return found


def _values(path: Path, names: Sequence[str], rows: Any = ()) -> dict[str, np.ndarray]:
    """Read ``rows`` of variables of a shard, opening and closing the file.

    Nothing stays open: HDF5 handles do not survive the fork of a loader's workers.
    """
    try:
        with h5py.File(path) as data:
            return {name: data[name][rows] for name in names}
    except (OSError, KeyError) as error:
        raise SlipfieldError(f"{path}: not a readable shard: {error}") from error
