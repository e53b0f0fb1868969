"""A program of the user's that is asked about rows: JSON Lines in, JSON Lines out, no shell."""

import json
import queue
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import IO, Any

from meteor.core.errors import SettingsError
from meteor.running.processes import end_all

LONGEST_LINE = 1_000_000
"""Characters of a line of the program's."""

LAST, LAST_LINES = 300, 20
"""Characters of standard error that are shown, and lines that are kept."""


class Stopped(Exception):
    """The program gives no more lines, and why."""


def conversation(
    program: Sequence[str], rows: Sequence[dict[str, Any]], seconds: float
) -> Iterator[Any]:
    """Start the program, hand it all rows, and yield what it writes, line by line. Raises Stopped
    where it writes nothing for so many seconds, ends with another status than 0, or writes what is
    no JSON; SettingsError where it cannot be started.
    """
    try:
        child = subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise SettingsError(
            f"params.yaml: verifier.command.program: {program[0]!r} cannot be started: "
            f"{error.strerror}"
        ) from None
    lines: queue.Queue[bytes] = queue.Queue(1000)
    errors: deque[bytes] = deque(maxlen=LAST_LINES)
    listening = threading.Thread(target=_keep, args=(child.stderr, errors), daemon=True)
    threads = [
        threading.Thread(target=_write, args=(child.stdin, rows), daemon=True),
        threading.Thread(target=_read, args=(child.stdout, lines), daemon=True),
        listening,
    ]
    for thread in threads:
        thread.start()
    try:
        yield from _lines(lines, seconds)
        if status := child.wait(seconds):
            listening.join(1)
            raise Stopped(f"it ended with status {status}{_last(errors)}")
    except subprocess.TimeoutExpired:
        raise Stopped(f"it did not end within {seconds:g} s") from None
    finally:
        end_all(child)


def _write(pipe: IO[bytes], rows: Sequence[dict[str, Any]]) -> None:
    with suppress(OSError):  # it may end before it has read all
        for row in rows:
            pipe.write(json.dumps(row).encode() + b"\n")
            pipe.flush()
        pipe.close()


def _read(pipe: IO[bytes], lines: "queue.Queue[bytes]") -> None:
    while line := pipe.readline(LONGEST_LINE):
        lines.put(line)
    lines.put(b"")


def _keep(pipe: IO[bytes], errors: "deque[bytes]") -> None:
    """The last lines of standard error, so that a chatty program fills no disk."""
    while line := pipe.readline(LAST):
        errors.append(line)


def _lines(lines: "queue.Queue[bytes]", seconds: float) -> Iterator[Any]:
    number = 0
    while True:
        try:
            line = lines.get(timeout=seconds)
        except queue.Empty:
            raise Stopped(f"it wrote nothing for {seconds:g} s") from None
        if not line:
            return
        number += 1
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            raise Stopped(f"line {number} of its output is not JSON: {line[:80]!r}") from None


def _last(errors: "deque[bytes]") -> str:
    """The end of what it wrote to standard error."""
    text = b"".join(list(errors)).decode(errors="replace").strip()
    return f": {text[-LAST:]}" if text else ""
