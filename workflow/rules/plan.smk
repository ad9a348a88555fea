"""A dry run ends with what the jobs would cost."""

import atexit

from slipfield.kinds.slip.planning.estimate import estimate, print_estimate
from slipfield.kinds.slip.planning.unit_costs import unit_costs


def stage(job):
    """Rules of one stage, such as `figure_design` and `reference_rest`, share a benchmark folder."""
    inner = os.path.relpath(job.benchmark, f"{FOLDER}/benchmarks")
    return inner.split(os.sep)[0].removesuffix(".tsv")


def show_costs():
    """Print the cost of all jobs that a dry run has planned."""
    if workflow.dag is None or not workflow.dryrun:
        return
    planned = set(workflow.dag.needrun_jobs(exclude_finished=False))
    jobs = [
        (stage(job), dict(job.wildcards_dict))
        for level in workflow.dag.toposorted(planned)
        for job in sorted(level, key=str)
        if not job.is_norun
    ]
    if jobs:
        units = unit_costs()
        side_by_side = workflow.nodes or workflow.cores
        print_estimate(STUDY, units, estimate(STUDY, units, jobs), side_by_side)


atexit.register(show_costs)
