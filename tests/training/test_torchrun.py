"""torchrun: two machines of an allocation, and the commands. What it starts on one machine alone is
run in test_fsdp.
"""

import logging
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from meteor.core.errors import SettingsError
from meteor.training import launching
from plugins.sft import trl as sft
from tests.training.spread import Alone, learns_the_same

SRUN = """#!{python}
import os, subprocess, sys
command = sys.argv[sys.argv.index("sh"):]
assert sys.argv[1:5] == "--nodes=2 --ntasks=2 --ntasks-per-node=1 --kill-on-bad-exit=1".split()
each = [subprocess.Popen(command, env=dict(os.environ, SLURM_NODEID=str(n))) for n in (1, 0)]
sys.exit(max(task.wait() for task in each))
"""
"""Slurm's, as far as it goes on one machine: a task a node, which knows its node's number."""


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An allocation of two nodes, both this machine, and the programs of Slurm that are asked."""
    programs = {"srun": SRUN.format(python=sys.executable)}
    programs["scontrol"] = "#!/bin/sh\nprintf '127.0.0.1\\nworker-2\\n'\n"
    folder = tmp_path / "slurm"
    folder.mkdir()
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SLURM_JOB_NUM_NODES", "2")
    return folder


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.slow
def test_torchrun_on_the_nodes_of_an_allocation(
    tiny_checkpoint: Path, tmp_path: Path, alone: Alone, slurm: Path
) -> None:
    launch = {"launcher": "torchrun", "torchrun": {"gpus": 1, "port": free_port()}}
    learns_the_same(tmp_path / "two", tiny_checkpoint, alone, **launch)


# --- commands as built -----------------------------------------------------------------------


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No cluster, whatever this machine is."""
    for name in list(os.environ):
        if name.startswith(("SLURM_", "PET_")):
            monkeypatch.delenv(name)
    return monkeypatch


def built(**torchrun: Any) -> str:
    """The command line without the interpreter's folder and what is trained."""
    params = sft.Trl(launcher="torchrun", torchrun=torchrun, device="cpu")
    line = launching.command(params, "plugins.sft.trl", Path("job.json"))
    assert line[-3:] == ["--module", "plugins.sft.trl", str(Path("job.json").resolve())]
    return " ".join(line[:-3]).replace(f"{Path(sys.executable).parent}/", "")


def test_one_machine(nowhere: pytest.MonkeyPatch) -> None:
    assert built() == "torchrun --standalone --nproc_per_node=1"
    assert built(gpus=8) == "torchrun --standalone --nproc_per_node=8"
    nowhere.setattr(launching, "on_cpu", lambda settings: False)
    assert built() == "torchrun --standalone --nproc_per_node=gpu"


def test_machines_by_settings(
    nowhere: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shared = "--nnodes=4 --nproc_per_node=8 --master_addr=10.0.0.7 --master_port=29500"
    with caplog.at_level(logging.INFO, "meteor"):
        assert built(nodes=4, gpus=8, rendezvous="10.0.0.7") == f"torchrun {shared} --node_rank=0"
    assert f"waits for 3 more machines; each runs, with its R from 1: torchrun {shared}" in (
        caplog.text
    )
    with pytest.raises(SettingsError, match=r"torchrun\.rendezvous: name the address"):
        built(nodes=2)


def test_machines_by_the_variables_of_torchrun(nowhere: pytest.MonkeyPatch) -> None:
    """As Kubeflow's trainer sets them in each pod."""
    for name, value in {"NNODES": "2", "NPROC_PER_NODE": "4", "MASTER_ADDR": "job-0-0"}.items():
        nowhere.setenv(f"PET_{name}", value)
    told = "torchrun --nnodes=2 --nproc_per_node=4 --master_addr=job-0-0 --master_port=29500"
    assert built() == f"{told} --node_rank=0"
    nowhere.setenv("PET_NODE_RANK", "1")
    with pytest.raises(SettingsError, match="the stage has to run on machine 0"):
        built()


def test_an_allocation_without_the_programs_of_slurm(
    nowhere: pytest.MonkeyPatch, slurm: Path
) -> None:
    assert built().startswith(f"{slurm}/srun --nodes=2 ")
    assert "torchrun --nnodes=2 --nproc_per_node=1 --master_addr=127.0.0.1" in built()
    (slurm / "scontrol").write_text("#!/bin/sh\necho no controller >&2; exit 1\n")
    with pytest.raises(SettingsError, match="names no machine: no controller"):
        built()
    (slurm / "srun").unlink()
    with pytest.raises(SettingsError, match="srun is not on the PATH"):
        built(rendezvous="worker-1")


@pytest.mark.parametrize("told", ["2:4", "two", "0", "-1", "1.5"])
def test_a_number_of_machines_that_is_none_is_refused(
    nowhere: pytest.MonkeyPatch, told: str
) -> None:
    """One alone would train, and the others wait for it."""
    nowhere.setenv("PET_NNODES", told)
    with pytest.raises(SettingsError, match=f"PET_NNODES is '{told}': .*set torchrun.nodes"):
        built(rendezvous="10.0.0.5")
    assert "--nnodes=3" in built(nodes=3, rendezvous="10.0.0.5")


def test_a_range_of_one_number_is_that_number(nowhere: pytest.MonkeyPatch) -> None:
    nowhere.setenv("PET_NNODES", "2:2")
    assert "--nnodes=2" in built(rendezvous="10.0.0.5")


@pytest.mark.parametrize("address", ["10.0.0.5:29500", "tcp://10.0.0.5", "first node", ""])
def test_a_rendezvous_is_a_machine_alone(address: str) -> None:
    with pytest.raises(ValidationError, match=r"address alone is due, .*stands in `port`"):
        built(nodes=2, rendezvous=address)
