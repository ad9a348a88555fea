"""The runs of the thickness study: membranes, solids of columns and of grains, finer meshes."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from mpi4py import MPI

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.progress import track
from slipfield.core.recorded import recorded_json
from slipfield.kinds.slip.fem.batch import reference_fields
from slipfield.kinds.slip.fem.face import FaceGradient
from slipfield.kinds.slip.fem.forward import solid_microstructure
from slipfield.kinds.slip.fem.sheet import Microstructure
from slipfield.kinds.slip.fem.solid import SolidProblem
from slipfield.kinds.slip.fem.solid_mesh import SolidMicrostructure, refined
from slipfield.kinds.slip.fem.stepping import Problem, Stepper
from slipfield.kinds.slip.fem.strain import strain
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.specimen.size import mean_diameter
from slipfield.kinds.slip.study import Solid, Study, layers_of_cubes
from slipfield.kinds.slip.thickness import unloading
from slipfield.kinds.slip.thickness.factor import direction, fit_factor


@dataclass(frozen=True)
class Run:
    """One solid of the study.

    Attributes
    ----------
    number : of the grain map.  ratio : t/d.  grains : 'columns' or 'grains'.
    seed : of the grains below the face.  refined : whether its elements are halved.
    """

    number: int
    ratio: float
    grains: str
    seed: int
    refined: bool

    @property
    def name(self) -> str:
        """Name of its file."""
        mesh = "-refined" if self.refined else ""
        return f"map{self.number}-{self.grains}-{self.ratio:g}-{self.seed}{mesh}"


def runs_of(study: Study) -> list[Run]:
    """Every solid of a study, cheap ones first."""
    plan, found = study.thickness, []
    maps = study.specimen.microstructures
    for ratio in plan.ratios:
        for number in range(maps):
            found.append(Run(number, ratio, "columns", 0, False))
            for seed in range(plan.subsurfaces):
                found.append(Run(number, ratio, "grains", seed, False))
    for ratio in plan.thick_ratios:
        found += [Run(number, ratio, "grains", 0, False) for number in range(maps)]
    for ratio in plan.refined_ratios:
        for number in range(min(plan.refined_maps, maps)):
            for grains in ("columns", "grains"):
                found += [Run(number, ratio, grains, 0, halved) for halved in (False, True)]
    return sorted(set(found), key=lambda run: (run.refined, run.ratio, run.name))


def parameters_of(study: Study, number: int) -> tuple[float, float, float]:
    """k1, k2, k3 of a grain map: at random in the middle half of the box, on logarithmic axes."""
    random = np.random.default_rng((study.specimen.seed, number, 17))
    low, high = np.log(np.array(study.sampling.box)).T
    k = np.exp(low + (high - low) * random.uniform(0.25, 0.75, 3))
    return float(k[0]), float(k[1]), float(k[2])


class MapRuns:
    """The solids of one grain map and the membranes that they are compared with.

    Parameters
    ----------
    study : the study.
    number : of the grain map.
    """

    def __init__(self, study: Study, number: int):
        self.study, self.k = study, parameters_of(study, number)
        data = make_microstructure(study, number)
        self.micro = Microstructure.from_dataset(data, f"grain map {number}")
        x, y = self.micro.x_mm, self.micro.y_mm
        self.area = float(np.trapezoid(x[:, -1] - x[:, 0], y[:, 0]))
        self.shown = len(np.unique(self.micro.element_grain))
        self.diameter = mean_diameter(self.area, self.shown)
        count = np.bincount(self.micro.element_grain.ravel(), minlength=len(self.micro.size))
        self.along = direction(study.material, self.k, self.micro.size, count)
        self._membranes: dict[bool, dict[str, np.ndarray]] = {}

    def layers(self, run: Run) -> int:
        """Layers of elements before they are halved.

        Raises
        ------
        SlipfieldError
            If they are too many.
        """
        cell = self.study.specimen.height_mm / self.study.specimen.cells_y
        plan = self.study.thickness
        names = ("ratios", "thick_ratios", "refined_ratios")
        name = next(name for name in names if run.ratio in getattr(plan, name))
        field = f"thickness.{name}: {run.ratio:g} on grain map {run.number}"
        return layers_of_cubes(field, run.ratio * self.diameter, cell)

    def solid(self, run: Run) -> tuple[Study, SolidMicrostructure]:
        """Study of the run's thickness and mesh, and its grains."""
        thickness = run.ratio * self.diameter
        specimen = self.study.specimen.model_copy(update={"thickness_mm": thickness})
        solid = Solid(layers=self.layers(run), grains=run.grains, seed=run.seed)
        study = self.study.model_copy(update={"specimen": specimen, "solid": solid})
        micro = solid_microstructure(study, self.micro, solid)
        return study, refined(micro) if run.refined else micro

    def membrane(self, halved: bool) -> dict[str, np.ndarray]:
        """Strain, load (per mm of thickness) and their rates on the run's mesh of the face."""
        if halved not in self._membranes:
            specimen = self.study.specimen.model_copy(update={"thickness_mm": 1.0})
            study = self.study.model_copy(update={"specimen": specimen})
            micro: Microstructure = self.micro
            if halved:
                micro = refined(SolidMicrostructure.columns(micro, 1, 1.0))
            self._membranes[halved] = reference_fields(Problem(study, micro, MPI.COMM_SELF), self.k)
        return self._membranes[halved]

    def result(self, run: Run) -> dict[str, object]:
        """What one solid shows against its membrane."""
        study, micro = self.solid(run)
        membrane, started = self.membrane(run.refined), time.process_time()
        problem = SolidProblem(study, micro, MPI.COMM_SELF)
        faces = FaceGradient(problem), FaceGradient(problem, "back")
        load, fields, rough = [], [], []

        def on_output(number: int, stepper: Stepper) -> None:
            load.append(stepper.load)
            rough.append(faces[0].roughness(stepper.u.array))
            measure = study.solver.strain_measure
            fields.append([strain(face.image(stepper.u.array), measure) for face in faces])

        record = Stepper(problem, self.k, on_output).run()
        if record.status:
            raise SlipfieldError(f"{run.name}: the solid failed: {record.reason}")
        thickness = study.specimen.thickness_mm
        sheet, rates = thickness * membrane["load"], thickness * membrane["dload_dlnk"]
        factor = fit_factor(np.array(load), sheet, rates, self.along)
        front, back = np.moveaxis(np.array(fields), 1, 0)
        flat = np.moveaxis(membrane["strain"], 1, -1)
        excess = np.array(load) / sheet - 1
        return {
            **asdict(run),
            "k": self.k,
            "thickness_mm": thickness,
            "diameter_mm": self.diameter,
            "elements": [*micro.layer_grain.shape],
            "grains_total": len(micro.size),
            "ln_m": factor.ln_m,
            "rest": factor.rest,
            "excess_first": float(excess[0]),
            "excess_last": float(excess[-1]),
            "strain_difference": _relative(front, flat),
            "correlation": _correlation(front[-1, ..., 1], flat[-1, ..., 1]),
            "faces_correlation": _correlation(front[-1, ..., 1], back[-1, ..., 1]),
            "roughness_mm": rough[-1],
            **unloading.excesses(study, np.array(load), sheet),
            "cpu_seconds": time.process_time() - started,
        }


def _relative(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def run_study(study: Study, folder: Path) -> list[dict]:
    """Run what is not there yet; one JSON file for each solid in ``folder``.

    Raises
    ------
    SlipfieldError
        If a sheet is too thick for its elements, before the first run, or a run fails.
    """
    key = hashlib.sha256(json.dumps(study.physics(), sort_keys=True).encode())
    key.update(repr((study.sampling.box, study.specimen.microstructures > 0)).encode())
    every, found = runs_of(study), {}
    for run in every:
        if content := _finished(folder / f"{run.name}.json", key.hexdigest()):
            found[run] = content
    missing = [run for run in every if run not in found]
    maps = {number: MapRuns(study, number) for number in {run.number for run in missing}}
    for run in missing:
        maps[run.number].layers(run)
    for run in track(missing, "solids"):
        content = {"key": key.hexdigest(), **maps[run.number].result(run)}
        write_text(folder / f"{run.name}.json", json.dumps(content, indent=1) + "\n")
        found[run] = content
    return [found[run] for run in every]


def _finished(path: Path, key: str) -> dict | None:
    """What an earlier run of the study found; None where there is none."""
    content = recorded_json(path)
    return content if isinstance(content, dict) and content.get("key") == key else None
