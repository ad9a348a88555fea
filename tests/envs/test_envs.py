"""The set-up script and the launcher, as a user calls them."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import yaml

from tests.faults.ordinary import ORDINARY, need_ordinary_user, works

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
SETUP = REPOSITORY / "envs/setup"
RUN = REPOSITORY / "envs/run"


def call(*command, **options):
    """Run a command to its end; its output is captured as text."""
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=60, **options
    )


def test_second_setup_does_nothing():
    result = call(SETUP)
    assert result.returncode == 0
    assert result.stdout == "envs/setup: simulate learn up to date\n"


@pytest.mark.parametrize("command", [(SETUP, "nonsense"), (RUN, "--in", "nonsense", "true")])
def test_unknown_environment_is_a_one_line_error(command):
    result = call(*command)
    assert result.returncode != 0
    assert "unknown environment 'nonsense'" in result.stderr
    assert result.stderr.count("\n") == 1


def test_missing_environment_is_an_error_when_set_up_is_forbidden(tmp_path):
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/run").symlink_to(RUN)  # a repository without environments
    forbidden = {**os.environ, "SLIPFIELD_NO_SETUP": "1"}
    result = call(tmp_path / "envs/run", "--in", "learn", "true", env=forbidden)
    assert result.returncode == 2
    assert "run 'envs/setup learn' first" in result.stderr


@pytest.mark.parametrize("environment", ["simulate", "learn"])
def test_exit_code_folder_and_input_pass_through(environment, tmp_path):
    script = "pwd; cat; exit 7"
    result = call(
        RUN, "--in", environment, "sh", "-c", script, cwd=tmp_path, input="from the caller"
    )
    assert result.stdout == f"{tmp_path}\nfrom the caller"
    assert result.returncode == 7


def test_simulate_sees_bound_folders_and_chosen_variables_only(tmp_path):
    variables = {**os.environ, "SLIPFIELD_COLOUR": "red", "OTHER": "x", "OMP_NUM_THREADS": "3"}
    show = 'echo "$SLIPFIELD_COLOUR,$OTHER,$OMP_NUM_THREADS"'
    result = call(RUN, "--in", "simulate", "sh", "-c", show, env=variables)
    assert result.stdout == "red,,3\n"

    result = call(RUN, "--in", "simulate", "ls", "-d", "/media", env=variables)
    assert result.returncode != 0
    variables["SLIPFIELD_BIND"] = "/media:/mnt"
    result = call(RUN, "--in", "simulate", "ls", "-d", "/media", "/mnt", env=variables)
    assert result.returncode == 0


@pytest.fixture
def elsewhere():
    """A folder that the simulate environment does not have."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield Path(folder)


def test_simulate_follows_symbolic_links_to_a_larger_disk(tmp_path, elsewhere):
    """Results behind two links, one of their folders behind a third, and a link that is a loop."""
    for name in ("scratch/results", "shards"):
        (elsewhere / name).mkdir(parents=True)
    (elsewhere / "short").symlink_to("scratch", target_is_directory=True)
    (tmp_path / "results").symlink_to(elsewhere / "short" / "results")
    (elsewhere / "scratch/results/shards").symlink_to(elsewhere / "shards")
    (tmp_path / "loop").symlink_to("loop")
    (elsewhere / "scratch/results/study.yaml").write_text("name: far\n")
    copy = ("cp", "results/study.yaml", "results/shards/copy.yaml")
    result = call(RUN, "--in", "simulate", *copy, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (elsewhere / "shards/copy.yaml").read_text() == "name: far\n"
    result = call(RUN, "--in", "simulate", "cat", "loop/file", cwd=tmp_path)
    assert "Too many levels of symbolic links" in result.stderr


def test_simulate_keeps_its_caches_where_the_environments_are_behind_a_link(tmp_path, elsewhere):
    """As when they stand on a larger disk."""
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/run").symlink_to(RUN)
    (tmp_path / ".environments").symlink_to(elsewhere, target_is_directory=True)
    (elsewhere / "simulate").symlink_to((REPOSITORY / ".environments/simulate").resolve())
    script = 'mkdir -p "$XDG_CACHE_HOME/slipfield"; touch "$XDG_CACHE_HOME/slipfield/kept"'
    result = call(tmp_path / "envs/run", "--in", "simulate", "sh", "-c", script)
    assert result.returncode == 0, result.stderr
    assert (elsewhere / "cache/slipfield/kept").exists()


def test_commands_as_they_are_printed_run_in_a_checkout():
    """Messages say `slipfield VERB`, as it is called where it is installed."""
    assert call(RUN, "slipfield", "check", "--help").stdout.startswith("Usage: slipfield check")
    listed = call(RUN, "slipfield").stdout
    assert "simulate" in listed and "invert" in listed


@pytest.mark.parametrize("environment", ["simulate", "learn"])
def test_termination_reaches_the_command(environment, tmp_path):
    script = "trap 'echo tidied; exit 5' TERM; touch ready; while :; do sleep 0.05; done"
    process = subprocess.Popen(
        [RUN, "--in", environment, "sh", "-c", script],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 10
    while not (tmp_path / "ready").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=10)
    assert (output, process.returncode) == ("tidied\n", 5)


@pytest.mark.parametrize("in_slurm_job", [False, True])
def test_ranks_make_one_communicator_of_that_size(in_slurm_job):
    variables = dict(os.environ)
    if in_slurm_job:  # an allocation elsewhere must not lure mpirun away from this machine
        variables |= {"SLURM_JOB_ID": "1", "SLURM_NODELIST": "a,b", "SLURM_TASKS_PER_NODE": "1(x2)"}
    program = "from mpi4py import MPI; print(MPI.COMM_WORLD.size)"
    result = call(RUN, "--ranks", "2", "--in", "simulate", "python3", "-c", program, env=variables)
    assert result.stdout.split() == ["2", "2"]


def test_ranks_are_refused_outside_simulate():
    result = call(RUN, "--ranks", "2", "python", "-c", "pass")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)


def package_names(requirements: str) -> set[str]:
    """Return the normalised names before the versions of a list of requirements."""
    names = re.findall(r"^ *-? *([A-Za-z][\w.-]*)", requirements, flags=re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def test_conda_learn_holds_what_the_pins_hold():
    """The conda list and the direct pins name the same packages, up to conda's own names."""
    renamed = {
        "torch": "pytorch",
        "snakemake": "snakemake-minimal",
        "matplotlib": "matplotlib-base",
    }
    direct, _, _ = (REPOSITORY / "envs/learn.txt").read_text().partition("# What those need.")
    expected = {renamed.get(name, name) for name in package_names(direct)}
    environment = yaml.safe_load((REPOSITORY / "envs/learn.yaml").read_text())
    assert package_names("\n".join(environment["dependencies"])) - {"python"} == expected


def test_conda_simulate_holds_what_debians_list_holds():
    """Debian's packages by conda's names; conda's NumPy brings a BLAS of its own."""
    renamed = {
        "dolfinx-real": "fenics-dolfinx",
        "libsuitesparse-dev": "libcholmod",
        "openmpi-bin": "openmpi",
        "g": "cxx-compiler",  # g++
        "yaml": "pyyaml",
    }
    names = package_names((REPOSITORY / "envs/simulate.txt").read_text())
    bare = {name.removeprefix("python3-") for name in names} - {"libopenblas0-serial"}
    environment = yaml.safe_load((REPOSITORY / "envs/simulate.yaml").read_text())
    listed = package_names("\n".join(environment["dependencies"]))
    assert listed - {"python", "petsc"} == {renamed.get(name, name) for name in bare}
    assert "fenics-dolfinx =0.9" in environment["dependencies"]


@pytest.fixture
def checkout(tmp_path):
    """A checkout of its own: the scripts and the package lists."""
    (tmp_path / "envs").mkdir()
    for path in (REPOSITORY / "envs").iterdir():
        shutil.copy(path, tmp_path / "envs")
    (tmp_path / ".environments").mkdir()
    return tmp_path


@pytest.mark.parametrize("linked", ["environment", "store"])
def test_setup_replaces_no_environment_of_another_checkout(checkout, tmp_path_factory, linked):
    """A link to an environment that is not what this checkout's lists ask for."""
    other = tmp_path_factory.mktemp("other") / ".environments"
    (other / "learn" / "bin").mkdir(parents=True)
    (other / "learn" / ".stamp").write_text("of other lists\n")
    if linked == "store":
        (checkout / ".environments").rmdir()
        (checkout / ".environments").symlink_to(other)
    else:
        (checkout / ".environments" / "learn").symlink_to(other / "learn")
    result = call(checkout / "envs/setup", "learn")
    assert result.returncode == 1
    assert f"is a link to {other / 'learn'}, outside of this checkout" in result.stderr
    assert result.stderr.count("\n") == 1
    assert (other / "learn" / ".stamp").read_text() == "of other lists\n"
    assert sorted(path.name for path in other.iterdir() if path.suffix != ".log") == ["learn"]


def test_a_checkout_that_was_moved_says_what_to_do(checkout):
    """The scripts of a virtual environment name the folder they were made in."""
    (checkout / ".environments" / "learn" / "bin").mkdir(parents=True)
    (checkout / ".environments/learn/bin/pip").write_text("#!/gone/learn/bin/python3\n")
    result = call(checkout / "envs/run", "snakemake", "--version")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert (
        "made for /gone/learn/bin/python3, which is gone: this checkout was moved" in result.stderr
    )
    assert "run 'envs/setup learn'" in result.stderr


def test_a_checkout_of_somebody_else_keeps_caches_in_ones_own_folders(checkout):
    """Of an administrator; without a home, in TMPDIR; nowhere, it says so."""
    need_ordinary_user(checkout)
    store, home, tmp = (checkout / name for name in (".environments", "home", "tmp"))
    for folder in (store / "learn", home, tmp):
        folder.mkdir()
    show = ("--in", "learn", "sh", "-c", "echo $XDG_CACHE_HOME")
    variables = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(tmp)}
    command = (*ORDINARY, checkout / "envs/run", *show)
    store.chmod(0o555)
    found = [call(*command, env=variables).stdout]
    shutil.rmtree(home / ".cache")
    home.chmod(0o555)
    found.append(call(*command, env=variables).stdout)
    assert found == [f"{home}/.cache/slipfield\n", f"{tmp}/slipfield-{os.getuid()}\n"]
    if ORDINARY:  # who may compile what others run
        try:
            os.chown(tmp / f"slipfield-{os.getuid()}", 12345, -1)
        except OSError:
            pytest.skip("the last part needs the right to give a folder away")
    else:
        (tmp / f"slipfield-{os.getuid()}").chmod(0o555)
    refused = call(*command, env=variables)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert "no folder for caches" in refused.stderr and "set TMPDIR" in refused.stderr
    store.chmod(0o755)


SOMEBODY = ("setpriv", "--reuid", "2012345", "--regid", "2012345", "--clear-groups")
"""An id without a name, as containers give."""
RIGHTS = ("--inh-caps", "-all,+dac_override", "--ambient-caps", "-all,+dac_override")
"""To read and write what root may."""
ASKED = "import getpass; print(getpass.getuser())"


@pytest.mark.parametrize(("given", "name"), [({}, "uid-2012345"), ({"USER": "ada"}, "ada")])
def test_a_user_id_without_a_name_is_given_one(given, name, tmp_path):
    """Else Snakemake ends in a traceback of the table of users."""
    if os.getuid() or not works(*SOMEBODY, *RIGHTS, "true"):
        pytest.skip("needs setpriv, and the right to be somebody else by it")
    variables = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **given}
    words = (*SOMEBODY, *RIGHTS, RUN, "python", "-c", ASKED)
    result = call(*words, env=variables)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{name}\n", "")


@pytest.mark.parametrize("environment", ["simulate", "learn"])
def test_a_missing_tmpdir_is_told_and_replaced(environment, tmp_path):
    variables = {**os.environ, "TMPDIR": str(tmp_path / "gone")}
    result = call(RUN, "--in", environment, "sh", "-c", "echo ${TMPDIR:-none}", env=variables)
    assert (result.returncode, result.stdout) == (0, "none\n")
    told = f"TMPDIR: '{tmp_path / 'gone'}' is no folder that you may write to; using /tmp"
    assert result.stderr == f"envs/run: {told}\n"


def test_a_tmpdir_that_is_closed_is_replaced(tmp_path):
    """Open MPI, which keeps files there, ended in a page of text."""
    need_ordinary_user(tmp_path)
    closed = tmp_path / "closed"
    closed.mkdir(0o555)
    show = ("--in", "learn", "sh", "-c", "echo ${TMPDIR:-none}")
    result = call(*ORDINARY, RUN, *show, env={**os.environ, "TMPDIR": str(closed)})
    assert result.stdout == "none\n" and f"'{closed}' is no folder that you may wr" in result.stderr


@pytest.mark.parametrize("kilobytes", [300_000, 600_000, 920_000])
@pytest.mark.parametrize("verb", ["simulate", "train"])
def test_little_address_space_is_one_line(kilobytes, verb):
    """It was a traceback, or a wait for ever inside a library."""
    result = call("bash", "-c", f"ulimit -v {kilobytes}; exec {RUN} {verb} --help")
    assert result.returncode == 2
    assert result.stderr.startswith("slipfield: error: memory: the address space of this process")
    assert result.stderr.count("\n") == 1 and "ulimit -v" in result.stderr


@pytest.mark.parametrize("environment", ["simulate", "learn"])
@pytest.mark.parametrize("verb", [("point",), ("composite", "stiffness")])
def test_help_has_no_marks_of_markup(environment, verb):
    """Debian's Typer escaped brackets for a library that does not draw the help."""
    result = call(RUN, "--in", environment, "python3", "-m", "slipfield", *verb, "--help")
    assert result.returncode == 0
    assert "[required]" in result.stdout and "\\" not in result.stdout
