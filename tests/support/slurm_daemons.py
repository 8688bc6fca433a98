"""A real SLURM on this machine's loopback: one node of two cores, everything it keeps in one folder."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
from pathlib import Path

import psutil
import pytest

from support.long_runs import wait_for
from support.run import run_program

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo", "munged")
# Daemons are there, where the path of a user may not lead.
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
CORES = 2
_USER = psutil.Process().username()
_HOST = socket.gethostname().partition(".")[0]

# Any machine may stand for the node (config_overrides), whatever its cores and memory; it needs no cgroups.
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser={user}
SlurmdUser={user}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=1
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory=16000
PartitionName=cpu Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


class Slurm:
    """Daemons of this user with key, state and logs in `folder`; `environment` is for what talks with them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": PATH}
        self._started: list[subprocess.Popen] = []

    def start(self) -> None:
        """Write the configuration, start the daemons, and wait for the node."""
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        key, socket_file = self.folder / "munge.key", self.folder / "munge.socket"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o400)
        values = {"folder": self.folder, "user": _USER, "host": _HOST, "cores": CORES}
        controller_port, node_port = _free_ports()
        text = CONFIGURATION.format(**values, controller_port=controller_port, node_port=node_port)
        (self.folder / "slurm.conf").write_text(text)
        files = [f"--{name}-file={self.folder / f'munge.{name}'}" for name in ("key", "pid", "seed", "log")]
        self._start("munged", "--foreground", "--force", f"--socket={socket_file}", *files)
        wait_for(socket_file.exists)
        self._start("slurmctld", "-D", "-i")
        self._start("slurmd", "-D", "-N", _HOST)
        wait_for(lambda: "idle" in self.run("sinfo", "--noheader", "--format=%t"))

    def run(self, *command: str) -> str:
        """Run one of SLURM's commands; return what it prints."""
        return run_program(*command, env=self.environment).stdout

    def running_jobs(self) -> list[str]:
        """Return the numbers of the jobs that run."""
        return self.run("squeue", "--noheader", "--states=running", "--format=%i").split()

    def stop(self) -> None:
        """End all jobs, those that wait before others take their place; then the daemons."""
        try:
            self.run("scancel", "--state=pending", "--user", _USER)
            self.run("scancel", "--user", _USER)
            wait_for(lambda: self.run("squeue", "--noheader") == "")
        finally:
            for process in reversed(self._started):
                process.terminate()
                process.wait(timeout=30)

    def _start(self, program: str, *options: str) -> None:
        with open(self.folder / f"{program}.out", "w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [shutil.which(program, path=PATH), *options],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
            )
        self._started.append(process)


def require_slurm() -> None:
    """Skip a test, with the reason, where there is no SLURM."""
    missing = [program for program in PROGRAMS if shutil.which(program, path=PATH) is None]
    if missing:
        pytest.skip(f"there is no {', '.join(missing)}; `bash tests/install_slurm.sh` installs it or says why not")


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]
