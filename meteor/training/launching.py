"""How a training process is started, on one GPU or on many machines, and what its end means.

The launcher is a setting of the trainer: `local` is one process, `deepspeed`, `accelerate` and
`torchrun` are the programs of those names, which start one process a GPU.
"""

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.settings import Field, Settings
from meteor.running.observers import track
from meteor.running.processes import end_all
from meteor.running.processor import KEPT_MEMORY
from meteor.training.torchrun import Torchrun, torchrun_line

PROGRESS = "meteor-progress "
OUT_OF_MEMORY = (
    "out of memory",
    "OutOfMemoryError",
    "MemoryError",
    "can't allocate memory",
    "std::bad_alloc",
)
"""What torch, Python and C++ write where memory runs out, on a GPU or beside it."""
FULL = ("No space left on device", "Disk quota exceeded", "File too large")
"""What a training ends with where the disk takes nothing more."""
TAKEN = "EADDRINUSE"
"""What torch says of a port that another process has."""
KILLED = "Signal 9 (SIGKILL)"
"""What torchrun writes of a process that was killed; its own exit code is 1."""


def _chosen(gpus: int | tuple[int, ...] | None) -> int | tuple[int, ...] | None:
    if isinstance(gpus, tuple):
        right = gpus and len({*gpus}) == len(gpus) and min(gpus) >= 0
    else:
        right = gpus is None or gpus > 0
    if not right:
        told = list(gpus) if isinstance(gpus, tuple) else gpus
        raise ValueError(f"a number from 1 on, or different GPUs' numbers as [0, 2], not {told}")
    return gpus


Gpus = Annotated[int | tuple[int, ...] | None, AfterValidator(_chosen)]


class DeepSpeed(Settings):
    """DeepSpeed's launcher and the file with its ZeRO stage."""

    config: Path = Field(
        Path("configs/deepspeed/zero2.json"), description="DeepSpeed's JSON settings"
    )
    gpus: Gpus = Field(
        None, description="how many of a machine's GPUs, or which ones: [0, 2]; null: all"
    )
    port: int = Field(29500, gt=0, lt=65536, description="where the processes meet")
    hostfile: Path | None = Field(
        None, description="machines, one a line: `worker-1 slots=4`; null: this one"
    )


class Accelerate(Settings):
    """Accelerate's launcher."""

    config: Path | None = Field(
        None, description="what `accelerate config` wrote; null: several GPUs of this machine"
    )
    gpus: Gpus = Field(
        None, description="how many GPUs, or which ones: [0, 2]; null: all, or as `config` says"
    )
    port: int = Field(29500, gt=0, lt=65536, description="where the processes meet")


class Launched(Settings):
    """Settings of a trainer that runs in one or more processes of its own."""

    launcher: Literal["local", "deepspeed", "accelerate", "torchrun"] = Field(
        "local", description="one process, or one a GPU"
    )
    deepspeed: DeepSpeed = Field(DeepSpeed(), description="where the launcher is deepspeed")
    accelerate: Accelerate = Field(Accelerate(), description="where the launcher is accelerate")
    torchrun: Torchrun = Field(Torchrun(), description="where the launcher is torchrun")
    device: Literal["auto", "cpu"] = Field("auto", description="auto takes the GPUs if any")

    def absent_file(self) -> str:
        """Of those that the launcher reads."""
        files = {
            "deepspeed.config": self.deepspeed.config,
            "deepspeed.hostfile": self.deepspeed.hostfile,
            "accelerate.config": self.accelerate.config,
        }
        for key, file in files.items():
            if key.startswith(f"{self.launcher}.") and file and not file.is_file():
                return f"{key}: there is no file {file}"
        return ""


def command(settings: Settings, module: str, job: Path) -> list[str]:
    """The command line that trains: `module` is run with the job file as its one argument.

    Raises SettingsError where a file that the launcher needs is not there.
    """
    if why := settings.absent_file():
        raise SettingsError(why)
    target = ["--module", module, str(job.resolve())]
    if not isinstance(settings, Launched) or settings.launcher == "local":
        return [sys.executable, "-m", module, str(job)]
    if settings.launcher == "deepspeed":
        return [_program("deepspeed"), *_deepspeed(settings.deepspeed), *target]
    if settings.launcher == "torchrun":
        return torchrun_line(settings.torchrun, _program("torchrun"), target, on_cpu(settings))
    return [_program("accelerate"), "launch", *_accelerate(settings.accelerate), *target]


def _deepspeed(settings: DeepSpeed) -> Iterator[str]:
    yield "--no_local_rank"  # the trainer reads it from the environment
    if settings.hostfile:
        yield from ["--hostfile", str(settings.hostfile)]
    if isinstance(settings.gpus, int):
        yield from ["--num_gpus", str(settings.gpus)]
    elif settings.gpus:
        slots = ",".join(map(str, settings.gpus))
        hosts = _hosts(settings.hostfile) if settings.hostfile else ["localhost"]
        yield from ["--include", "@".join(f"{host}:{slots}" for host in hosts)]
    yield from ["--master_port", str(settings.port)]


def _hosts(hostfile: Path) -> list[str]:
    lines = (line.partition("#")[0].split() for line in hostfile.read_text().splitlines())
    return [words[0] for words in lines if words]


def _accelerate(settings: Accelerate) -> Iterator[str]:
    if settings.config:
        yield from ["--config_file", str(settings.config)]
    elif settings.gpus is None or _several(settings.gpus):
        yield "--multi_gpu"  # accelerate refuses it with one process
    if isinstance(settings.gpus, int):
        yield from ["--num_processes", str(settings.gpus)]
    elif settings.gpus:
        yield from ["--num_processes", str(len(settings.gpus))]
        yield from ["--gpu_ids", ",".join(map(str, settings.gpus))]
    yield from ["--main_process_port", str(settings.port)]


def _several(gpus: int | tuple[int, ...]) -> bool:
    return (gpus if isinstance(gpus, int) else len(gpus)) > 1


def _program(name: str) -> str:
    """A launcher of this Python's own environment, whatever the PATH is."""
    program = Path(sys.executable).with_name(name)
    if not program.is_file():
        raise SettingsError(f"the launcher {name!r} is not installed: pip install {name}")
    return str(program)


def environment(settings: Settings) -> dict[str, str]:
    """What the training processes find in their environment: this one's; without a GPU, that they
    keep their memory from step to step; and which kind of device DeepSpeed is to use, which it
    would guess wrongly there.
    """
    if not isinstance(settings, Launched) or not on_cpu(settings):
        return dict(os.environ)
    device = {"DS_ACCELERATOR": "cpu"} if settings.launcher == "deepspeed" else {}
    return {**KEPT_MEMORY, **os.environ, **device}


def on_cpu(settings: Launched) -> bool:
    """Whether the training runs without a GPU."""
    if settings.device == "cpu":
        return True
    import torch

    return not torch.cuda.is_available()


def run(line: Sequence[str], settings: Settings, out: Path, keep: Sequence[int] = ()) -> None:
    """Run a training to its end under a progress bar; a stage that is stopped stops it too. `keep`
    are file descriptors that stay open in it.

    Raises MeteorError with the last lines and the exit code where it fails, and with what to
    change where memory ran out.
    """
    process = subprocess.Popen(
        line,
        env=environment(settings),
        pass_fds=keep,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    tail: deque[str] = deque(maxlen=30)
    try:
        _show(_lines(process, tail), f"training {out.name.removesuffix('.partial')}")
        code = process.wait()
    finally:
        end_all(process)
    if code != 0:
        raise MeteorError(_explain(out, code, "".join(tail)))


def _explain(out: Path, code: int, tail: str) -> str:
    message = f"{out}: the training process ended with exit code {code}"
    if any(sign in tail for sign in FULL):
        return (
            f"{message}: the disk is full where checkpoints are written, or in .meteor/training "
            "(METEOR_WORK names another place). `meteor doctor` says what a run needs; make room, "
            f"and run `dvc repro` again:\n{tail}"
        )
    if TAKEN in tail:
        return (
            f"{message}: the port where the processes meet is taken, by another training or by "
            f"what is left of one; set the launcher's `port` to another:\n{tail}"
        )
    if any(sign in tail for sign in OUT_OF_MEMORY):
        message += ", out of memory"
    # 128 + 9 from a shell, 256 - 9 from DeepSpeed's launcher
    elif code in (-signal.SIGKILL, 128 + signal.SIGKILL, 256 - signal.SIGKILL) or KILLED in tail:
        message += " (killed, as the system does where memory runs out)"
    else:
        return f"{message}:\n{tail}"
    return (
        f"{message}. To need less: half the batch_size and twice the accumulation, which learns "
        "the same; gradient_checkpointing: true; a smaller max_length; method: lora; more GPUs, "
        f"or zero3_offload.json, with the deepspeed launcher:\n{tail}"
    )


class _Progress(NamedTuple):
    step: int
    total: int


def _lines(process: "subprocess.Popen[str]", tail: deque[str]) -> Iterator[_Progress]:
    assert process.stdout is not None
    for line in process.stdout:
        _, mark, progress = line.partition(PROGRESS)  # other machines' lines begin with a name
        if mark:
            yield _Progress(**json.loads(progress))
        else:
            tail.append(line)


def _show(progress: Iterator[_Progress], title: str) -> None:
    first = next(progress, None)
    if first is not None:
        rest = (step for step in progress if step.step > 0)
        for _ in track(rest, title, first.total - first.step):
            pass


def tell_progress(step: int, total: int) -> None:
    """Called in the training process: before the first step with the number of steps that were
    made earlier, then after each step.
    """
    print(PROGRESS + json.dumps({"step": step, "total": total}), flush=True)
