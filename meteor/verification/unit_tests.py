"""An answer's code and the question's tests, each in a confined process of its own."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from meteor.core.errors import SettingsError
from meteor.core.settings import Field, Settings

READY = b"ready\n"
LONGEST_REPLY = 8_000_000
START = 30.0
"""Seconds that two processes may need to start, on a machine that is busy."""

GRACE = 2.0
"""Seconds in which confined processes have ended."""

Isolation = Literal["namespaces", "limits"]


class Confinement(Settings):
    """What the code of an answer may take."""

    isolation: Isolation = Field(
        "namespaces",
        description="namespaces: no network, no other process and no file but Python's own (Linux) "
        "| limits: bounds alone, where the machine is meant to be thrown away",
    )
    seconds: float = Field(5, gt=0, description="for all tests of one answer, by the clock")
    memory: int = Field(256, gt=31, description="MiB of each of the two processes")
    disk: int = Field(16, gt=0, description="MiB of files in its folder, which is in memory")


def run_tests(code: str, tests: Sequence[str], how: Confinement) -> dict[str, Any] | None:
    """What `meteor.verification.inside.tests` found; None where that took too long or too much."""
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
            return None
        reply = _line(tested, how.seconds)
    return json.loads(reply) if reply else None


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
    found = run_tests("def one(): return 1", ["assert one() == 1"], how)
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
