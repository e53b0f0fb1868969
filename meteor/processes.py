"""Names for processes, so that one can tell later whether it is still the same that runs."""

import os
import platform


def process_name(pid: int) -> str:
    """A name of a running process that no later process on this machine has."""
    import psutil

    return f"{platform.node()}/{pid}/{psutil.Process(pid).create_time():.2f}"


def lives(name: str) -> bool:
    """Whether a process still runs; one on another machine is taken to have ended."""
    import psutil

    try:
        pid = int(name.split("/")[1])
        ended = psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        return process_name(pid) == name and not ended
    except (psutil.Error, ValueError, IndexError):
        return False


def run_name() -> str:
    """What one `dvc repro` is called: METEOR_RUN, or the `dvc` process above this one, or this
    process.
    """
    import psutil

    if name := os.environ.get("METEOR_RUN"):
        return name
    for above in psutil.Process().parents():
        try:
            command = " ".join(above.cmdline()[:3])
        except psutil.Error:
            continue
        if "dvc" in command.replace("/", " ").split():
            return process_name(above.pid)
    return process_name(os.getpid())
