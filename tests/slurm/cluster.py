"""A real Slurm on this machine: a controller and two nodes on loopback, from Debian's packages."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
PROGRAMS = (
    "slurmctld",
    "slurmd",
    "sbatch",
    "srun",
    "squeue",
    "scancel",
    "scontrol",
    "munged",
    "setpriv",
)
SITE_FILE = Path("/etc/slurm/slurm.conf")
OUR_FILE = "slipfield-loopback.conf"
"""Name of the file that a link at :data:`SITE_FILE` leads to, if it is of these tests."""

CONTROLLER = "slurmctld.pid"
NODES = ("node1", "node2")
CPUS_PER_NODE = 2
PATIENCE_S = 60

CONFIGURATION = """
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=5,batch_sched_delay=0
SlurmdParameters=config_overrides
SlurmdTimeout=10
KillWait=5
MinJobAge=3600
ReturnToService=2
SlurmctldPort={port}
SlurmctldPidFile={folder}/{controller}
SlurmctldLogFile={folder}/slurmctld.log
StateSaveLocation={folder}/state
SlurmdPidFile={folder}/%n.pid
SlurmdLogFile={folder}/%n.log
SlurmdSpoolDir={folder}/%n
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str | None:
    """Why no Slurm can run here, after installing it where that is possible; None if it can."""
    if os.geteuid() != 0:
        return "a Slurm of its own needs root"
    remove_left_over()
    if SITE_FILE.exists() or SITE_FILE.is_symlink():
        return f"{SITE_FILE} exists: this machine belongs to another Slurm"
    if _missing():
        if shutil.which("apt-get") is None:
            return f"Slurm is not installed ({', '.join(_missing())} missing) and apt-get neither"
        for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
            done = subprocess.run(
                ["apt-get", *command],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                return f"apt-get {command[0]} failed: {done.stderr.strip().splitlines()[-1]}"
    return f"missing after the installation: {', '.join(_missing())}" if _missing() else None


def remove_left_over() -> None:
    """Remove the link of an earlier run of these tests that was killed, and whose Slurm is gone."""
    if not SITE_FILE.is_symlink() or SITE_FILE.readlink().name != OUR_FILE:
        return
    with suppress(OSError, ValueError):
        process = int((SITE_FILE.readlink().parent / CONTROLLER).read_text())
        if Path(f"/proc/{process}/comm").read_text().strip() == "slurmctld":
            return
    SITE_FILE.unlink()


def _missing() -> list[str]:
    return [name for name in PROGRAMS if shutil.which(name) is None]


class Cluster:
    """A running Slurm; ``stop`` ends every process of it and leaves no file outside ``folder``.

    Raises
    ------
    RuntimeError
        If the daemons do not come up; the message holds the end of their logs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.daemons: dict[str, subprocess.Popen] = {}
        (folder / "state").mkdir()
        port, *node_ports = _free_ports(1 + len(NODES))
        host = socket.gethostname().split(".")[0]
        nodes = "\n".join(
            f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={node_port}"
            f" CPUs={CPUS_PER_NODE} RealMemory=8000 State=UNKNOWN"
            for name, node_port in zip(NODES, node_ports, strict=True)
        )
        (folder / OUR_FILE).write_text(
            CONFIGURATION.format(
                host=host, folder=folder, port=port, nodes=nodes, controller=CONTROLLER
            )
        )
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        SITE_FILE.symlink_to(self.folder / OUR_FILE)  # jobs' own srun looks nowhere else
        key = self.folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(os.urandom(1024))
        files = {"socket": "munge.socket", "pid-file": "munge.pid", "log-file": "munge.log"}
        options = [f"--{option}={self.folder / name}" for option, name in files.items()]
        self._spawn("munged", "--foreground", "--force", f"--key-file={key}", *options)
        self._wait((self.folder / "munge.socket").exists, "munged")
        self._spawn("slurmctld", "-D")
        for node in NODES:
            self.start_node(node)
        self._wait(lambda: self.node_states() == dict.fromkeys(NODES, "idle"), "slurmd")

    def _spawn(self, program: str, *arguments: str, name: str | None = None) -> None:
        """Start a daemon that ends with this process, however that ends."""
        with open(self.folder / f"{name or program}.out", "ab") as output:
            self.daemons[name or program] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def _wait(self, ready, what: str) -> None:
        limit = time.monotonic() + PATIENCE_S
        while not ready():
            if time.monotonic() > limit:
                logs = (path.read_text()[-500:] for path in sorted(self.folder.glob("*.log")))
                raise RuntimeError(f"{what} did not come up\n" + "\n".join(logs))
            time.sleep(0.1)

    def start_node(self, node: str) -> None:
        """Start the daemon of a node."""
        self._spawn("slurmd", "-D", "-N", node, name=node)

    def crash_node(self, node: str) -> None:
        """Let a node die as with a pulled plug: its daemon and all that it runs, without a word."""
        daemon = self.daemons.pop(node)
        steps = _stepds(self.folder / node)
        victims = [daemon.pid, *steps, *(child for step in steps for child in _descendants(step))]
        for process in victims:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        daemon.wait()

    def signal_jobs(self, node: str, number: signal.Signals) -> None:
        """Send a signal to all that the jobs of a node run, not to Slurm's own processes."""
        steps = _stepds(self.folder / node)
        for process in (child for step in steps for child in _descendants(step)):
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def node_states(self) -> dict[str, str]:
        """State of each node, as Slurm names it."""
        listed = self.ask("sinfo", "--noheader", "--Node", "--format=%N %t", check=False)
        return dict(line.split() for line in listed.splitlines())

    def ask(self, *command: str, check: bool = True) -> str:
        """Output of one of Slurm's commands."""
        return subprocess.run(command, check=check, capture_output=True, text=True).stdout

    def stop(self) -> None:
        """End all daemons and whatever jobs they still run."""
        for node in self.daemons.keys() & set(NODES):
            self.crash_node(node)
        for daemon in reversed(self.daemons.values()):
            daemon.terminate()
        for daemon in self.daemons.values():
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        if SITE_FILE.is_symlink() and SITE_FILE.readlink().is_relative_to(self.folder):
            SITE_FILE.unlink()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _stepds(spool: Path) -> list[int]:
    """Processes that hold the steps of a node: they have its spool folder open or as theirs."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "comm").read_text().strip() != "slurmstepd":
                continue
            opened = [process / "cwd", *(process / "fd").iterdir()]
            if any(str(link.readlink()).startswith(str(spool)) for link in opened):
                found.append(int(process.name))
    return found


def _descendants(process: int) -> list[int]:
    found = []
    for tasks in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, tasks.read_text().split()):
                found += [child, *_descendants(child)]
    return found
