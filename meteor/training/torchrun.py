"""torchrun as launcher, on one machine or on many that no ssh leads to: Slurm starts it on each
machine of an allocation; elsewhere each machine starts its own, and they meet at the first one.
"""

import logging
import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence

from pydantic import field_validator

from meteor.core.errors import SettingsError
from meteor.core.settings import Field, Settings

log = logging.getLogger("meteor")
NODES = ("PET_NNODES", "SLURM_JOB_NUM_NODES", "SLURM_NNODES")
"""torchrun's own variables, as Kubeflow's trainer sets them, and Slurm's."""
ON_EACH = 'PET_NODE_RANK=$SLURM_NODEID exec "$0" "$@"'
"""What a shell of Slurm's does on each machine: torchrun reads its number from there."""


class Torchrun(Settings):
    """torchrun. The stage runs on the first machine; all machines see the same folder."""

    nodes: int | None = Field(
        None, gt=0, description="machines; null: as PET_NNODES or Slurm's allocation says, else 1"
    )
    gpus: int | None = Field(
        None, gt=0, description="processes a machine; null: PET_NPROC_PER_NODE, or one a GPU"
    )
    rendezvous: str | None = Field(
        None,
        description="the first machine's address; null: PET_MASTER_ADDR, or the first of Slurm's",
    )
    port: int = Field(29500, gt=0, lt=65536, description="where the processes of machines meet")

    @field_validator("rendezvous")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is not None and (not value or set(value) & set("/ \t") or value.count(":") == 1):
            raise ValueError(
                f"a machine's name or address alone is due, as 10.0.0.5, not {value!r}; its port "
                "stands in `port`"
            )
        return value


def torchrun_line(settings: Torchrun, program: str, target: Sequence[str], cpu: bool) -> list[str]:
    """The command line that trains by `program`, on all machines or on this one of them; then the
    log says what the others are to run. Raises SettingsError where it cannot be known.
    """
    nodes = settings.nodes or _nodes()
    each = settings.gpus or os.environ.get("PET_NPROC_PER_NODE") or (1 if cpu else "gpu")
    if nodes == 1:
        return [program, "--standalone", f"--nproc_per_node={each}", *target]
    slurm = "SLURM_JOB_ID" in os.environ
    meeting = [f"--master_addr={_first(settings, slurm)}", f"--master_port={settings.port}"]
    shared = [f"--nnodes={nodes}", f"--nproc_per_node={each}", *meeting]
    if slurm:
        return [*_by_slurm(nodes), program, *shared, *target]
    if (rank := os.environ.get("PET_NODE_RANK", "0")) != "0":
        raise SettingsError(f"PET_NODE_RANK is {rank}: the stage has to run on machine 0")
    others = shlex.join(["torchrun", *shared, "--node_rank=R", *target])
    log.info("waits for %d more machines; each runs, with its R from 1: %s", nodes - 1, others)
    return [program, *shared, "--node_rank=0", *target]


def _nodes() -> int:
    """How many machines the environment says; 1 where it says nothing. Raises SettingsError for a
    range, as torchrun itself takes one: rows are dealt out to a fixed number.
    """
    name = next((name for name in NODES if os.environ.get(name)), None)
    if name is None:
        return 1
    least, _, most = os.environ[name].partition(":")
    if not least.isdigit() or most not in ("", least) or not int(least):
        raise SettingsError(
            f"{name} is {os.environ[name]!r}: a training takes a fixed number of machines; set "
            "torchrun.nodes"
        )
    return int(least)


def _first(settings: Torchrun, slurm: bool) -> str:
    if settings.rendezvous:
        return settings.rendezvous
    if address := os.environ.get("PET_MASTER_ADDR"):
        return address
    if not slurm:
        raise SettingsError(
            "torchrun.rendezvous: name the address of the first machine (or PET_MASTER_ADDR)"
        )
    command = [_program_of_slurm("scontrol"), "show", "hostnames"]
    found = subprocess.run(command, capture_output=True, text=True)
    if found.returncode or not found.stdout.strip():
        raise SettingsError(f"`scontrol show hostnames` names no machine: {found.stderr.strip()}")
    return found.stdout.split()[0]


def _by_slurm(nodes: int) -> list[str]:
    """Slurm's step of one torchrun a machine; where one fails, all end."""
    srun = _program_of_slurm("srun")
    step = [f"--nodes={nodes}", f"--ntasks={nodes}", "--ntasks-per-node=1", "--kill-on-bad-exit=1"]
    return [srun, *step, "sh", "-c", ON_EACH]


def _program_of_slurm(name: str) -> str:
    if found := shutil.which(name):
        return found
    raise SettingsError(f"this is a job of Slurm's, and {name} is not on the PATH")
