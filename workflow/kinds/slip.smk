"""The study of gradient-grained sheets: its stages, from grain maps to the report."""

from slipfield.kinds.slip.cnn_lstm import settings as sweeps
from slipfield.kinds.slip.figures.catalogue import FIGURES, drawn_together
from slipfield.kinds.slip.models import MODELS
from slipfield.kinds.slip.planning import plan
from slipfield.kinds.slip.study.plausible import check_samples_of


def parallel(ranks):
    """Resources of a job with several ranks; Slurm's plugin refuses `mpi` with one task."""
    if ranks == 1:
        return {}
    return {"mpi": "mpirun", "tasks": ranks, "cpus_per_task": 1, "nodes": 1}


def launch(wildcards, resources):
    """What starts a simulation: `mpi` may be set to a site's own launcher, such as srun."""
    mpi = resources.get("mpi")
    if mpi is None:
        return RUN
    if mpi == "mpirun":
        return f"{RUN} --ranks {resources.tasks}"
    return f"{mpi} -n {resources.tasks} env SLIPFIELD_RANKS={resources.tasks} {RUN}"


def enough_samples(wildcards):
    """The dataset; a study that leaves the inverter too few samples ends before it is simulated."""
    try:
        check_samples_of(STUDY, wildcards.model)
    except SlipfieldError as error:
        end(error)
    return "<results>/dataset/manifest.json"


RANKS = STUDY.execution.ranks_per_sample
MEMORY = plan.simulation_memory_mb(STUDY)
TENS, REST = plan.map_jobs(STUDY)


wildcard_constraints:
    tens="|".join(TENS) or "none",
    model="|".join(MODELS),
    grouping="random|microstructure",
    first=r"\d{4}",
    last=r"\d{4}",
    batch=r"m\d{5}_r\d{6}-\d{6}",
    setting=r"base|\w+=[\w.+-]+",
    table="|".join(sweeps.TABLES.values()),


include: "../rules/specimen.smk"
include: "../rules/design.smk"
include: "../rules/simulate.smk"
include: "../rules/dataset.smk"
include: "../rules/learn.smk"
include: "../rules/crossval.smk"
include: "../rules/sweep.smk"
include: "../rules/baselines.smk"
include: "../rules/figures.smk"
include: "../rules/report.smk"
include: "../rules/invert.smk"
include: "../rules/plan.smk"
