"""Child processes that do what could hang or blow up: a line of JSON in, a line of JSON out, and
an end after so many seconds. They are kept for the next request; one that went wrong is replaced.
"""

import json
import queue
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError

START = 60.0
"""Seconds that a worker may need until it says that it is ready."""

GRACE = 10
LONGEST_REPLY = 32_000_000
"""Bytes of a reply; a longer one ends the worker."""


class Gone(Exception):
    """The worker gave no reply: it took too long, wrote too much or ended by itself."""


class Worker:
    """One child process, which serves a script beside this module (`serving`)."""

    def __init__(self, command: Sequence[str]) -> None:
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            start_new_session=True,
        )
        try:
            self._line(time.monotonic() + START)
        except Gone as error:
            self.end()
            raise MeteorError(f"{command[-1]} does not start: {error}") from None

    def ask(self, request: Any, seconds: float) -> Any:
        """The reply to one request. Raises Gone; the worker cannot be asked again then."""
        assert self._child.stdin and self._child.stdout
        try:
            self._child.stdin.write(json.dumps(request).encode() + b"\n")
            self._child.stdin.flush()
            return json.loads(self._line(time.monotonic() + seconds))
        except (OSError, ValueError) as error:
            raise Gone(str(error)) from None

    def _line(self, until: float) -> bytes:
        assert self._child.stdout
        found = b""
        with selectors.DefaultSelector() as ready:
            ready.register(self._child.stdout, selectors.EVENT_READ)
            while not found.endswith(b"\n"):
                left = until - time.monotonic()
                if left <= 0 or not ready.select(left):
                    raise Gone("no reply in time")
                part = self._child.stdout.read1(1 << 16)  # type: ignore[attr-defined]
                if not part or len(found) > LONGEST_REPLY:
                    raise Gone("ended without a reply")
                found += part
        return found

    def end(self) -> None:
        """End the process, whatever it does."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                with suppress(OSError):  # what was still to be written to it
                    pipe.close()


class Pool:
    """Workers of one script, which threads take in turn."""

    def __init__(self, script: str, *flags: str) -> None:
        program, script = (str(Path(__file__).with_name(name)) for name in ("serving.py", script))
        self._command = [sys.executable, *flags, program, script]
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        self._all: set[Worker] = set()
        self._lock = threading.Lock()

    def ask(self, request: dict[str, Any], seconds: float) -> Any:
        """The reply of any worker. Raises Gone. The worker is told to end by itself, too, where
        nobody is left to end it.
        """
        request = {**request, "alarm": int(seconds) + GRACE}
        worker = self._take()
        try:
            reply = worker.ask(request, seconds)
        except BaseException:
            with self._lock:
                self._all.discard(worker)
            worker.end()
            raise
        self._idle.put(worker)
        return reply

    def _take(self) -> Worker:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            worker = Worker(self._command)
            with self._lock:
                self._all.add(worker)
            return worker

    def end(self) -> None:
        """End all processes."""
        with self._lock:
            for worker in self._all:
                worker.end()
            self._all.clear()


@contextmanager
def pool(script: str, *flags: str) -> Iterator[Pool]:
    """Workers for the time of this block. `script` stands beside this module; `flags` are Python's:
    `-I` and `-S` keep the user's environment and packages out.
    """
    workers = Pool(script, *flags)
    try:
        yield workers
    finally:
        workers.end()
