"""The study, and what several rules share."""

import errno
import fcntl
import logging
import os
import re
import shlex
import uuid

import snakemake.workflow
from snakemake.dag import DAG
from snakemake.jobs import Job
from snakemake.logging import logger
from snakemake.utils import update_config

from slipfield.core.clock import date_back
from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import check_any_study, load
from slipfield.core.recorded import missing_beside
from slipfield.core.places import RUN_VARIABLE, check_place
from slipfield.core.yaml_input import parse_yaml, read_yaml


def typed(value, field):
    """What `--config` was given as text for a field, as YAML reads it."""
    if isinstance(value, dict):
        return {key: typed(entry, f"{field}.{key}") for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [typed(entry, field) for entry in value]
    return parse_yaml(value, f"--config {field}") if isinstance(value, str) else value


def read_study():
    """The study behind this run and its kind; a wrong one ends the run with one line."""
    try:
        for field, value in workflow.config_settings.config.items():
            update_config(config, {field: typed(value, field)})
        for path in workflow.configfiles:
            read_yaml(path)
        source = ", ".join(map(str, workflow.configfiles))
        study, kind = check_any_study(dict(config), source)
        if kind.check and workflow.is_main_process:
            load(kind.check)(study)
        return study, kind
    except SlipfieldError as error:
        end(error)


def settings(*fields):
    """Sections or fields ("section.field") of the study: a change of them reruns the rule.

    What only says where and how fast something runs is left out.
    """
    how = {"device", "threads", "loader_workers"}
    dump = STUDY.model_dump(mode="json", exclude={"learning": how})
    values = {}
    for field in fields:
        section, _, name = field.partition(".")
        values[field] = dump[section][name] if name else dump[section]
    return repr(values)


def end(problem):
    """End the run with one line; an exception would show lines of this file."""
    sys.exit(f"slipfield: error: {problem}")


def refuse_shell_signs():
    """Snakemake's plugin for Slurm puts these paths into a shell's command as they are."""
    for path in (os.getcwd(), workflow.main_snakefile, *workflow.configfiles):
        if signs := sorted(set(re.findall(r"[^\w@%+=:,./ -]", str(path)))):
            end(
                f"{str(path)!r}: a cluster's shell would take this path apart; rename its folders, "
                f"without {' '.join(map(repr, signs))}"
            )


class HonestDAG(DAG):
    """Snakemake's graph of jobs, which also reruns what another study has made.

    Snakemake knows what has changed from notes in the folder it is started in. They are lost when results are copied or moved without them, so that each result is asked instead. A file that is missing although later ones are there, or others of its job, is made again, too. So are the files that a page or a model's card names beside itself, of which no rule knows.
    """

    async def check_incomplete(self):
        await super().check_incomplete()
        if not workflow.is_main_process:  # a job of a cluster does what it was sent for
            return
        self.forcefiles.update(STALE)
        for job in self.jobs:
            others = [file for user in self.depending[job] for file in user.output]
            if any(os.path.exists(file) for file in [*others, *job.output]):
                self.forcefiles.update(f for f in job.output if not os.path.exists(f))
            for file in job.output:
                if file.endswith((".html", "model.json")) and missing_beside(
                    Path(file)
                ):
                    self.forcefiles.add(file)


def by_its_run(remove):
    """Snakemake's own removal of a job's files, left out once another run has begun.

    A job of a cluster outlives a run that was killed. When it starts or fails later, Snakemake in it would take away what the next run has made.
    """

    async def removed(job, *arguments):
        try:
            check_place(job.rule.name)
        except SlipfieldError as error:
            logger.warning(str(error))
        else:
            await remove(job, *arguments)

    return removed


def refuse_closed(path):
    """End the run if a file or folder is there and closed to this user, as others' may be."""
    if os.path.exists(path) and not os.access(path, os.W_OK):
        end(
            f"{path}: may not be written by you; let its owner run `chmod -R g+w {FOLDER} "
            ".snakemake` here and set `umask 002`, or work on a copy of this folder"
        )


async def refuse_closed_outputs(job):
    """Snakemake's own check of write-protected outputs, in one line and with a remedy."""
    for path in job.output:
        refuse_closed(path)


def others_results():
    """Results of another study in this study's folder, each named with what differs."""
    if not workflow.is_main_process or not os.path.isdir(FOLDER):
        return {}
    try:
        found = load(KIND.stale)(STUDY, Path(FOLDER))
    except SlipfieldError as error:
        end(error)
    except OSError as error:
        end(f"{error.filename or FOLDER}: cannot be read: {error.strerror}")
    for path, differs in list(found.items())[:SHOWN]:
        logger.warning(f"{path}: made with {differs}; it is not used")
    if len(found) > SHOWN:
        logger.warning(f"{FOLDER}: {len(found) - SHOWN} more files like these")
    return {str(path): differs for path, differs in found.items()}


def lock_study():
    """Keep a second run of the study out, and orphans of an earlier one from writing.

    The lock ends with this process, however it ends. Jobs write only while `.running` holds the word of their run (`slipfield.core.places.check_place`). Where the file system has no locks, the word alone keeps runs apart.
    """
    path = os.path.abspath(os.path.join(FOLDER, ".running"))
    workflow.study_lock = open(path, "a")
    try:
        fcntl.flock(workflow.study_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise BlockingIOError from error
        logger.warning(
            f"{FOLDER}: no locks on this file system ({error.strerror}); start no second run of the study"
        )
    word = uuid.uuid4().hex
    workflow.study_lock.truncate(0)
    workflow.study_lock.write(word)
    workflow.study_lock.flush()
    os.environ[RUN_VARIABLE] = f"{word}:{path}"


def begin():
    """Take the study's folder for this run, and write down the study as used.

    Files dated in the future would make every job fail that reads them.
    """
    if workflow.non_local_exec:
        refuse_shell_signs()
    for notes in ("metadata", "incomplete"):
        refuse_closed(f".snakemake/{notes}")
    try:
        os.makedirs(FOLDER, exist_ok=True)
        lock_study()
        if moved := date_back(FOLDER):
            text = f"{moved} file(s) dated in the future are dated now"
            logger.warning(f"{FOLDER}: {text}")
        write_study()
    except BlockingIOError:
        end(
            f"study {STUDY.name!r}: another run is at work in this folder; wait for it to end"
        )
    except SlipfieldError as error:
        end(error)
    except OSError as error:
        end(f"{FOLDER}: cannot be written: {error.strerror}; mend that and run again")


def write_study():
    """Write down the study as used, completely or not at all."""
    part = Path(f"{CONFIG}.part")
    try:
        part.write_text(f"# The study as used, with every default.\n{STUDY.as_yaml()}")
        part.replace(CONFIG)
    finally:
        part.unlink(missing_ok=True)


def repeated(option, files):
    """The option once for each file."""
    return " ".join(f"{option} {path}" for path in files)


logging.raiseExceptions = False  # a full disk has no room for Snakemake's log either
STUDY, KIND = read_study()
FOLDER = f"results/{STUDY.name}"
CONFIG = f"{FOLDER}/study.yaml"
RUN = shlex.quote(os.path.relpath(Path(workflow.basedir) / "envs" / "run"))
SHOWN = 3
STALE = others_results()
snakemake.workflow.DAG = HonestDAG
Job.check_protected_output = refuse_closed_outputs
Job.cleanup = by_its_run(Job.cleanup)
Job.remove_existing_output = by_its_run(Job.remove_existing_output)


pathvars:
    results=FOLDER,
    logs=f"{FOLDER}/logs",
    benchmarks=f"{FOLDER}/benchmarks",
