"""Names for processes, so that one can tell later whether it is still the same that runs; and
the rule that a stage ends with the `dvc` that started it, and a training with its stage.
"""

import logging
import os
import platform
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

log = logging.getLogger("meteor")
STAGE_PROCESS = "METEOR_STAGE_PROCESS"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
GRACE = 30.0
"""Seconds that a process has to end by itself before it is killed."""


def process_name(pid: int) -> str:
    """A name of a running process that no later process on this machine has. No clock that
    somebody may set is in it. Raises psutil.NoSuchProcess.
    """
    return f"{platform.node()}/{pid}/{_start(pid)}"


def _start(pid: int) -> str:
    """When a process started: on Linux the boot and the ticks since then, since psutil's time
    moves whenever the clock is set; elsewhere the moment that the system noted at its start.
    """
    import psutil

    if not _BOOT.exists():
        return f"{psutil.Process(pid).create_time():.2f}"
    try:
        # The name in the second field may hold spaces and brackets. Field 22 is the start.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        raise psutil.NoSuchProcess(pid) from None
    return f"{_BOOT.read_text().strip()}.{fields[19]}"


def lives(name: str) -> bool:
    """Whether a process still runs; one on another machine is taken to have ended. What stands
    behind a `#` in the name tells apart several that one process works for.
    """
    import psutil

    name = name.partition("#")[0]
    try:
        pid = int(name.split("/")[1])
        ended = psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        return process_name(pid) == name and not ended
    except (psutil.Error, ValueError, IndexError):
        return False


def dvc_above() -> str | None:
    """The name of the `dvc` process that started this one, if any."""
    import psutil

    # Not `parents()`, which compares times that a step of the clock may move apart.
    pid = os.getppid()
    while pid > 1:
        try:
            above = psutil.Process(pid)
            command = " ".join(above.cmdline()[:3])
            if "dvc" in command.replace("/", " ").split():
                return process_name(pid)
            pid = above.ppid()
        except psutil.AccessDenied:
            pid = above.ppid()
        except psutil.NoSuchProcess:
            break
    return None


def end_all(process: "subprocess.Popen[Any]") -> None:
    """End a process and all that it has started."""
    import psutil

    started = []
    if process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            started = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    for child in started:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    process.wait()


def run_name() -> str:
    """What one `dvc repro` is called: METEOR_RUN, or the `dvc` process above this one, or this
    process.
    """
    return os.environ.get("METEOR_RUN") or dvc_above() or process_name(os.getpid())


def stop_cleanly() -> None:
    """Let a stage end as with Ctrl-C when it is told to end, or when its `dvc` is gone."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _interrupt)
    os.environ[STAGE_PROCESS] = process_name(os.getpid())
    if dvc := dvc_above():
        end_with(dvc, "dvc has ended, so this stage ends, too")


def end_with_stage() -> None:
    """Let a training process end when the stage that started it is gone, through any launcher. On
    another machine nobody can see that; there the launcher ends what it has started.
    """
    stage = os.environ.get(STAGE_PROCESS, "")
    if stage.startswith(f"{platform.node()}/"):
        end_with(stage, "the stage has ended, so its training ends, too")


def end_with(process: str, why: str) -> None:
    """End this process within a second or two after `process` has ended."""

    def watch() -> None:
        while lives(process):
            time.sleep(1)
        log.error("%s", why)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _interrupt(number: int, frame: FrameType | None) -> None:
    if callable(signal.getsignal(signal.SIGINT)):
        signal.raise_signal(signal.SIGINT)
    raise KeyboardInterrupt
