"""Batches of samples on one microstructure, written as shards, and the reference runs."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from mpi4py import MPI

from slipfield.dataset.contract import (
    REFERENCE,
    SHARD,
    FileKind,
    label_variables,
    variable,
)
from slipfield.errors import SlipfieldError
from slipfield.fem.nodal import NodalGradient
from slipfield.fem.sensitivity import Sensitivity
from slipfield.fem.sheet import Microstructure
from slipfield.fem.stepping import Problem, Record, Stepper
from slipfield.fem.strain import strain, strain_rate
from slipfield.files import write_netcdf
from slipfield.progress import track
from slipfield.sampling import read_design
from slipfield.study import PARAMETERS, Study


@dataclass
class Sample:
    """Fields and cost of one simulated sample (fields on rank 0)."""

    strain: np.ndarray
    load: np.ndarray
    record: Record
    cpu_seconds: float
    peak_memory_mb: float


def check_microstructure(study: Study, micro: Microstructure, path: Path) -> None:
    """Check that a grain map fits the study's mesh.

    Raises
    ------
    SlipfieldError
        If the mesh of the file is another one.
    """
    expected = (study.specimen.cells_y, study.specimen.cells_x)
    if micro.element_grain.shape != expected:
        raise SlipfieldError(
            f"{path}: {micro.element_grain.shape} elements, but specimen.cells_y and cells_x are "
            f"{expected}; make the grain map with this config"
        )


def simulate_sample(problem: Problem, nodal: NodalGradient, k: np.ndarray) -> Sample:
    """Run one sample; a failed one has NaN fields, a status and a reason. Collective."""
    study, comm = problem.study, problem.comm
    outputs = study.loading.outputs
    fields = np.full((outputs, 3, *problem.sheet.shape), np.nan, np.float32)
    load = np.full(outputs, np.nan)

    def on_output(number: int, stepper: Stepper) -> None:
        gradient = nodal.image(stepper.u.array)
        load[number] = stepper.load
        if gradient is not None:
            fields[number] = np.moveaxis(strain(gradient, study.solver.strain_measure), -1, 0)

    started = time.process_time()
    record = Stepper(problem, k, on_output).run()
    if record.status:
        fields[:], load[:] = np.nan, np.nan
    cpu = comm.allreduce(time.process_time() - started)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Sample(fields, load, record, cpu, comm.allreduce(memory, op=MPI.MAX))


def simulate_batch(
    study: Study,
    microstructure: Path,
    samples: Path,
    rows: tuple[int, int],
    output: Path,
    comm: MPI.Intracomm = MPI.COMM_WORLD,
) -> None:
    """Simulate rows A:B of a design on one grain map and write their shard.

    Raises
    ------
    SlipfieldError
        If the inputs do not fit the study or each other.
    """
    micro = Microstructure.read(microstructure)
    check_microstructure(study, micro, microstructure)
    design = read_design(samples)
    first, last = rows
    if last > len(design.number):
        raise SlipfieldError(f"rows: given {first}:{last}; {samples} has {len(design.number)} rows")
    chosen = slice(first, last)
    foreign = np.flatnonzero(design.microstructure[chosen] != micro.index)
    if foreign.size:
        raise SlipfieldError(
            f"rows: row {first + foreign[0]} of {samples} belongs to microstructure "
            f"{design.microstructure[chosen][foreign[0]]}, but {microstructure} is number "
            f"{micro.index}"
        )
    problem = Problem(study, micro, comm)
    nodal = NodalGradient(problem)
    parameters = design.parameters[chosen]
    done = [
        simulate_sample(problem, nodal, k)
        for k in track(parameters, f"microstructure {micro.index}", quiet=comm.rank > 0)
    ]
    if comm.rank == 0:
        write_netcdf(_shard(problem, design.number[chosen], parameters, done), output, study)
    comm.barrier()


def _shard(
    problem: Problem, numbers: np.ndarray, parameters: np.ndarray, done: list[Sample]
) -> xr.Dataset:
    """Dataset of a batch, by the contract."""
    records = [sample.record for sample in done]
    values = {
        "strain": np.stack([sample.strain for sample in done]),
        "load": np.stack([sample.load for sample in done]),
        "sample": numbers,
        **dict(zip(PARAMETERS, parameters.T, strict=True)),
        "microstructure": np.full(len(done), problem.micro.index),
        "status": [record.status for record in records],
        "reason": np.array([record.reason for record in records], object),
        "cpu_seconds": [sample.cpu_seconds for sample in done],
        "peak_memory_mb": [sample.peak_memory_mb for sample in done],
        **_times(problem),
    }
    for name in ("steps", "rejected_steps", "factorisations"):
        values[name] = [getattr(record, name) for record in records]
    return _dataset(SHARD, values, strain_measure=problem.study.solver.strain_measure)


def _times(problem: Problem) -> dict[str, np.ndarray]:
    outputs = problem.path.outputs
    return {"time": outputs, "displacement": problem.path.displacement(outputs)}


def _dataset(kind: FileKind, values: dict, **attributes: object) -> xr.Dataset:
    variables = {name: variable(kind, name, value) for name, value in values.items()}
    return xr.Dataset({**variables, **label_variables(kind)}, attrs=attributes)


def simulate_reference(
    study: Study, microstructure: Path, output: Path, comm: MPI.Intracomm = MPI.COMM_WORLD
) -> None:
    """Simulate the centre of the sampling box with sensitivities to ln k and write the file.

    Raises
    ------
    SlipfieldError
        If the grain map does not fit the study or the run fails.
    """
    micro = Microstructure.read(microstructure)
    check_microstructure(study, micro, microstructure)
    problem = Problem(study, micro, comm)
    values = reference_fields(problem, study.sampling.centre)
    if comm.rank == 0:
        centre = dict(zip(PARAMETERS, map(float, study.sampling.centre), strict=True))
        measure = study.solver.strain_measure
        data = _dataset(
            REFERENCE,
            {**values, **_times(problem)},
            strain_measure=measure,
            microstructure_index=micro.index,
            **centre,
        )
        write_netcdf(data, output, study)
    comm.barrier()


def reference_fields(problem: Problem, k: tuple[float, float, float]) -> dict[str, np.ndarray]:
    """Strain, load and their derivatives to ln k at one point k1, k2, k3. Collective.

    Returns
    -------
    strain (time, 3, y, x), load (time,) N, dstrain_dlnk (3, time, 3, y, x),
    dload_dlnk (3, time) N; the fields are meaningful on rank 0.

    Raises
    ------
    SlipfieldError
        If the run fails.
    """
    study = problem.study
    outputs, shape = study.loading.outputs, (3, *problem.sheet.shape)
    fields = np.zeros((outputs, *shape), np.float32)
    rates = np.zeros((len(PARAMETERS), outputs, *shape), np.float32)
    load, load_rates = np.zeros(outputs), np.zeros((len(PARAMETERS), outputs))
    nodal = NodalGradient(problem)
    sensitivity = Sensitivity(problem, study.material, k)

    def on_output(number: int, stepper: Stepper) -> None:
        gradient = nodal.image(stepper.u.array)
        gradient_rates = [nodal.image(du) for du in sensitivity.du]
        load[number], load_rates[:, number] = stepper.load, sensitivity.dload
        if gradient is None:
            return
        measure = study.solver.strain_measure
        fields[number] = np.moveaxis(strain(gradient, measure), -1, 0)
        for p, rate in enumerate(gradient_rates):
            rates[p, number] = np.moveaxis(strain_rate(gradient, rate, measure), -1, 0)

    record = Stepper(problem, k, on_output, sensitivity.follow).run()
    if record.status:
        raise SlipfieldError(
            f"the reference run at the centre of the sampling box failed: {record.reason}"
        )
    return {"strain": fields, "load": load, "dstrain_dlnk": rates, "dload_dlnk": load_rates}
