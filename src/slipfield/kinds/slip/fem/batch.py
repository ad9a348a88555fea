"""Batches of samples on one microstructure, written as shards, and the reference runs."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import numpy as np
import xarray as xr
from mpi4py import MPI

from slipfield.core.errors import NoEquilibrium, SlipfieldError
from slipfield.core.files import Sliced, open_netcdf, write_netcdf
from slipfield.core.progress import Advance, progress, track
from slipfield.kinds.slip.crystal.law import Parameters
from slipfield.kinds.slip.dataset.contract import (
    REFERENCE,
    SHARD,
    FileKind,
    attributes,
    label_variables,
    variable,
    violations,
)
from slipfield.kinds.slip.design import read_design
from slipfield.kinds.slip.fem.face import FaceGradient
from slipfield.kinds.slip.fem.finished import FACTS, FinishedSamples, Sample
from slipfield.kinds.slip.fem.forward import make_problem, nodal_gradient
from slipfield.kinds.slip.fem.nodal import NodalGradient
from slipfield.kinds.slip.fem.paraview import ParaviewWriter
from slipfield.kinds.slip.fem.point_fields import mean_lattice_rotation
from slipfield.kinds.slip.fem.sensitivity import Sensitivity
from slipfield.kinds.slip.fem.sheet import Microstructure
from slipfield.kinds.slip.fem.stepping import Problem, Stepper
from slipfield.kinds.slip.fem.strain import strain, strain_rate
from slipfield.kinds.slip.fem.versions import solver_versions
from slipfield.kinds.slip.study import PARAMETERS, Study
from slipfield.kinds.slip.study.constants import constants_of
from slipfield.kinds.slip.study.recorded import check_specimen

FINER = 0.4
"""Share of the study's step tolerance for runs with sensitivities, whose errors follow the steps:
docs/performance.md."""


def read_microstructure(study: Study, path: Path) -> Microstructure:
    """Read a grain map and check it against the file contract and the study's specimen.

    Raises
    ------
    SlipfieldError
        If the file breaks the contract or was made for another specimen.
    """
    found = violations(path)
    if found:
        raise SlipfieldError(f"{path}: {found[0]}")
    with open_netcdf(path) as data:
        check_specimen(data, path, study)
        return Microstructure.from_dataset(data, str(path))


def simulate_sample(
    problem: Problem,
    nodal: NodalGradient | FaceGradient,
    k: Parameters,
    writer: ParaviewWriter | None = None,
) -> Sample:
    """Run one sample; a failed one has NaN fields, a status and a reason. Collective."""
    study, comm = problem.study, problem.comm
    outputs = study.loading.outputs
    fields = np.full((outputs, 3, *problem.sheet.shape), np.nan, np.float32)
    load, rotation, roughness = np.full((3, outputs), np.nan)

    def on_output(number: int, stepper: Stepper) -> None:
        gradient = nodal.image(stepper.u.array)
        load[number] = stepper.load
        rotation[number] = mean_lattice_rotation(problem, stepper.points, stepper.u.array)
        if isinstance(nodal, FaceGradient):
            roughness[number] = nodal.roughness(stepper.u.array)
        if writer:
            writer.write(stepper)
        if comm.rank == 0:
            fields[number] = np.moveaxis(strain(gradient, study.solver.strain_measure), -1, 0)

    started = time.process_time()
    record = Stepper(problem, k, on_output).run()
    if record.status:
        for values in (fields, load, rotation, roughness):
            values[:] = np.nan
    cpu = comm.allreduce(time.process_time() - started)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    peak = comm.allreduce(memory, op=MPI.MAX)
    return Sample(fields, load, rotation, roughness, record, cpu, peak)


def simulate_batch(
    study: Study,
    microstructure: Path,
    samples: Path,
    rows: tuple[int, int],
    output: Path,
    comm: MPI.Intracomm = MPI.COMM_WORLD,
    fields: Path | None = None,
) -> None:
    """Simulate rows A:B of a design on one grain map and write their shard.

    A study with a section ``solid`` is simulated in three dimensions, the grain map its face.
    With ``fields``, each sample's fields go there for ParaView, into ``<sample number>/``.

    Raises
    ------
    SlipfieldError
        If the inputs do not fit the study or each other.
    """
    micro = read_microstructure(study, microstructure)
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
    problem = make_problem(study, micro, comm)
    nodal = nodal_gradient(problem)
    numbers, parameters = design.number[chosen], design.parameters[chosen]
    done = FinishedSamples(output, study, micro, parameters, comm)
    for row in track(range(len(numbers)), f"microstructure {micro.index}", quiet=comm.rank > 0):
        if done.has(row):
            continue
        k = parameters[row]
        folder = fields / f"{numbers[row]:06d}" if fields else None
        with ParaviewWriter(problem, k, folder) if folder else nullcontext() as writer:
            done.add(row, simulate_sample(problem, nodal, k, writer))
    if comm.rank == 0:
        _write_shard(problem, numbers, parameters, done, output)
        done.discard()
    comm.barrier()


def _write_shard(
    problem: Problem,
    numbers: np.ndarray,
    parameters: np.ndarray,
    done: FinishedSamples,
    output: Path,
) -> None:
    """Write a batch as a shard, by the contract; one sample's fields in memory at a time."""
    rows = range(len(numbers))
    facts = [done.facts(row) for row in rows]
    values = {
        "sample": numbers,
        **dict(zip(PARAMETERS, parameters.T, strict=True)),
        "microstructure": np.full(len(numbers), problem.micro.index),
        **{name: np.array([fact[name] for fact in facts]) for name in FACTS},
        **_times(problem),
    }
    study = problem.study
    if study.solid is None:
        del values["roughness"]
    outputs = study.loading.outputs
    strains = Sliced(
        SHARD.variables["strain"].dims,
        (len(numbers), outputs, 3, *problem.sheet.shape),
        attributes(SHARD, "strain"),
        (done.strain(row) for row in rows),
    )
    about = {"strain_measure": study.solver.strain_measure, "forward_model": study.forward_model}
    data = _dataset(SHARD, values, label_variables(SHARD), **about, **solver_versions())
    write_netcdf(data, output, study, {"strain": strains})


def _times(problem: Problem) -> dict[str, np.ndarray]:
    outputs = problem.path.outputs
    return {"time": outputs, "displacement": problem.path.displacement(outputs)}


def _dataset(
    kind: FileKind, values: dict, labels: dict[str, xr.Variable], **facts: object
) -> xr.Dataset:
    variables = {name: variable(kind, name, value) for name, value in values.items()}
    return xr.Dataset({**variables, **labels}, attrs=facts)


def simulate_reference(
    study: Study,
    microstructure: Path,
    output: Path,
    comm: MPI.Intracomm = MPI.COMM_WORLD,
    parameters: tuple[float, float, float] | None = None,
    constants: Sequence[str] = (),
) -> None:
    """Simulate one point of the membrane with sensitivities to ln k and write the file.

    Parameters
    ----------
    parameters
        k1, k2, k3; by default the centre of the sampling box.
    constants
        Constants of the slip law to differentiate to as well, after k1, k2, k3.

    Raises
    ------
    SlipfieldError
        If the grain map does not fit the study, a constant is unknown, or the run fails.
    """
    known = constants_of(study.material)
    if not set(constants) <= set(known) or len(set(constants)) < len(constants):
        raise SlipfieldError(
            f"also: given {', '.join(constants)}; constants of {study.material.hardening} "
            f"hardening are {', '.join(known)}, each once"
        )
    micro = read_microstructure(study, microstructure)
    k = parameters or study.sampling.centre
    if not all(np.isfinite(value) and value > 0 for value in k):
        raise SlipfieldError(f"parameters: given {k}; expected three positive numbers")
    problem = Problem(study, micro, comm)
    with _outputs_done(problem) as advance:
        values = reference_fields(problem, k, constants, advance)
    if comm.rank == 0:
        point = dict(zip(PARAMETERS, map(float, k), strict=True))
        measure = study.solver.strain_measure
        data = _dataset(
            REFERENCE,
            {**values, **_times(problem)},
            label_variables(REFERENCE, parameter=[f"ln_{name}" for name in constants]),
            strain_measure=measure,
            microstructure_index=micro.index,
            **point,
            **solver_versions(),
        )
        write_netcdf(data, output, study)
    comm.barrier()


@contextmanager
def _outputs_done(problem: Problem) -> Iterator[Callable[[int], None]]:
    """Show how many outputs of a reference run are done; nothing but on rank 0.

    Time counts from the first one: what is prepared before it would count for each.
    """
    with ExitStack() as stack:
        shown: list[Advance] = []

        def advance(done: int) -> None:
            if shown:
                shown[0](count=done)
            elif not problem.comm.rank:
                outputs = problem.study.loading.outputs
                shown.append(stack.enter_context(progress("reference", outputs)))

        yield advance


def reference_fields(
    problem: Problem,
    k: Parameters,
    constants: Sequence[str] = (),
    advance: Callable[[int], None] = lambda done: None,
) -> dict[str, np.ndarray]:
    """Strain, load and their derivatives to ln k at one point k1, k2, k3. Collective.

    Parameters
    ----------
    constants : of :func:`constants_of`, to whose logarithms derivatives are taken, too.
    advance : is called after each output with the number of those that are done.

    Returns
    -------
    strain (time, 3, y, x), load (time,) N, dstrain_dlnk (p, time, 3, y, x),
    dload_dlnk (p, time) N for the p = 3 + constants parameters; the fields are meaningful on
    rank 0.

    Raises
    ------
    NoEquilibrium
        If the run does not reach the end of its loading.
    """
    study = problem.study
    outputs, shape = study.loading.outputs, (3, *problem.sheet.shape)
    fields = np.zeros((outputs, *shape), np.float32)
    sensitivity, nodal = Sensitivity(problem, study.material, k, constants), NodalGradient(problem)
    rates = np.zeros((len(sensitivity.du), outputs, *shape), np.float32)
    load, load_rates = np.zeros(outputs), np.zeros((len(sensitivity.du), outputs))

    def on_output(number: int, stepper: Stepper) -> None:
        gradient = nodal.image(stepper.u.array)
        gradient_rates = [nodal.image(du) for du in sensitivity.du]
        load[number], load_rates[:, number] = stepper.load, sensitivity.dload
        advance(number + 1)
        if problem.comm.rank:
            return
        measure = study.solver.strain_measure
        fields[number] = np.moveaxis(strain(gradient, measure), -1, 0)
        for p, rate in enumerate(gradient_rates):
            rates[p, number] = np.moveaxis(strain_rate(gradient, rate, measure), -1, 0)

    record = Stepper(problem, k, on_output, sensitivity.follow, FINER).run()
    if record.status:
        raise NoEquilibrium(
            f"the reference run at k = {', '.join(f'{value:.4g}' for value in k)} failed: "
            f"{record.reason}"
        )
    return {"strain": fields, "load": load, "dstrain_dlnk": rates, "dload_dlnk": load_rates}
