"""An answer's code and the question's tests, each in a confined process of its own."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from meteor.core.errors import SettingsError
from meteor.core.settings import Field, Settings
from meteor.verification.verifying import NotRun

READY = b"ready\n"
LONGEST_REPLY = 8_000_000
START = 30.0
"""Seconds that two processes may need to start, on a machine that is busy."""

GRACE, MOMENT = 2.0, 1.0
"""Seconds in which confined processes have ended: when told to, and when nobody speaks to them."""

PATIENCE = 4
"""Seconds by the clock for each of a processor, which others use, too."""

KILLED = (-signal.SIGKILL, 256 - signal.SIGKILL)
"""How a process ends that takes too much of the processor: by itself, or as its parent says it."""

Isolation = Literal["namespaces", "limits"]


class Confinement(Settings):
    """What the code of an answer may take."""

    isolation: Isolation = Field(
        "namespaces",
        description="namespaces: no network, no other process and no file but Python's own (Linux) "
        "| limits: bounds alone, where the machine is meant to be thrown away",
    )
    seconds: float = Field(
        5,
        gt=0,
        description="of a processor for all tests of one answer; by the clock four times as many, "
        "so that a busy machine gives the verdicts of an idle one",
    )
    memory: int = Field(256, gt=31, description="MiB of each of the two processes")
    disk: int = Field(16, gt=0, description="MiB of files in its folder, which is in memory")


def run_tests(code: str, tests: Sequence[str], how: Confinement) -> dict[str, Any] | None:
    """What `meteor.verification.inside.tests` found; None where that took too long or too much.
    Raises NotRun where the processes do not start, which no answer can bring about.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="meteor-"))
        Path(folder).chmod(0o777)
        to_code, from_tests = os.pipe()
        to_tests, from_code = os.pipe()
        ends = (to_code, from_tests, to_tests, from_code)
        try:
            coded = _start("code", folder, how, to_code, from_code, ())
            stack.callback(_end, coded)
            tested = _start(
                "tests", folder, how, subprocess.PIPE, subprocess.PIPE, (to_tests, from_tests)
            )
            stack.callback(_end, tested)
        finally:
            for end in ends:
                os.close(end)
        if not _told(tested, {"code": code, "tests": list(tests)}) or not _ready(tested):
            raise NotRun(f"the processes of code and tests have not started within {START:g} s")
        reply = _line(tested, how.seconds * PATIENCE)
        if not reply or _was_killed(coded):
            return None
        found: dict[str, Any] = json.loads(reply)
    return found


def _start(
    module: str, folder: str, how: Confinement, source: int, target: int, passed: Sequence[int]
) -> "subprocess.Popen[bytes]":
    job = {
        "module": f"meteor.verification.inside.{module}",
        "isolation": how.isolation,
        "folder": folder,
        "seconds": int(how.seconds) + 1,
        "memory": how.memory << 20,
        "disk": how.disk << 20,
        "passed": list(passed),
    }
    script = Path(__file__).with_name("confined.py")
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(script), json.dumps(job)],
        stdin=source,
        stdout=target,
        stderr=subprocess.DEVNULL,
        pass_fds=passed,
        env={},
        start_new_session=True,
    )


def _told(child: "subprocess.Popen[bytes]", job: Any) -> bool:
    """Whether the tests' process could be told what to do."""
    assert child.stdin
    try:
        child.stdin.write(json.dumps(job).encode() + b"\n")
        child.stdin.close()
    except OSError:
        return False
    return True


def _ready(child: "subprocess.Popen[bytes]") -> bool:
    """Whether both processes have started: a word that is read alone, before the line."""
    assert child.stdout
    return (
        bool(select.select([child.stdout], [], [], START)[0])
        and os.read(child.stdout.fileno(), len(READY)) == READY
    )


def _line(child: "subprocess.Popen[bytes]", seconds: float) -> bytes:
    """The next line that the tests' process writes; empty where none comes in time."""
    assert child.stdout
    until, found = time.monotonic() + seconds, b""
    while not found.endswith(b"\n"):
        left = until - time.monotonic()
        if left <= 0 or not select.select([child.stdout], [], [], left)[0]:
            return b""
        part = os.read(child.stdout.fileno(), 1 << 16)
        if not part or len(found) > LONGEST_REPLY:
            return b""
        found += part
    return found


def _was_killed(child: "subprocess.Popen[bytes]") -> bool:
    """Whether the code's process was ended by the kernel; one that still waits for a word was not,
    and its parent takes a moment to say so.
    """
    with suppress(subprocess.TimeoutExpired):
        return child.wait(MOMENT) in KILLED
    return False


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End a process; all that it started in its namespaces ends with it."""
    child.terminate()  # which it hands on, and it takes its children's ends
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe:
            pipe.close()


def check_isolation(how: Confinement) -> None:
    """Raise SettingsError where this machine does not confine as `how` asks."""
    try:
        found = run_tests("def one(): return 1", ["assert one() == 1"], how)
    except NotRun:
        found = None
    if found is None or found.get("failed") != 0:
        raise SettingsError(
            f"params.yaml: verifier.python.isolation: this machine gives no {how.isolation}: "
            + (
                "run where Linux lets a user make namespaces, or set `isolation: limits` on a "
                "machine that may be harmed (docs/verifiers.md)"
                if how.isolation == "namespaces"
                else "Python cannot be started as the user nobody (docs/verifiers.md)"
            )
        )
