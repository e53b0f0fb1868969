"""The stage's side of the recorder: start it, hand it requests, take what comes back."""

import asyncio
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import meteor
from meteor.chat.replies import Reply
from meteor.chat.settings import Endpoint
from meteor.core.errors import MeteorError
from meteor.core.settings import Api
from meteor.running.processes import process_name
from meteor.transport.faults import Fault
from meteor.transport.json_socket import Lines
from meteor.transport.ledger import Ledger
from meteor.transport.wire import Sheet


class Recorder:
    """A running recorder. It ends by itself when the socket on its stdin does."""

    def __init__(self) -> None:
        root = str(Path(meteor.__file__).parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        self.control, its = socket.socketpair()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "meteor.transport.recorder"],
                stdin=its.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
        self._name = process_name(self._process.pid)
        self._numbers = itertools.count(1)

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def session(self) -> tuple[socket.socket, str]:
        """A socket to it for one session, and the name in which that one claims requests."""
        ours, its = socket.socketpair()
        with its:
            socket.send_fds(self.control, [b"+"], [its.fileno()])
        return ours, f"{self._name}#{next(self._numbers)}"

    def died(self) -> MeteorError:
        """The error where it went away before its stage."""
        code = self._process.wait(5)
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return MeteorError(
            f"the recorder of the chat client ended (exit code {code}): "
            + (lines[-1] if lines else "it said nothing")
        )

    def end(self) -> None:
        """Let it end as soon as nothing is under way."""
        self.control.close()


_running: Recorder | None = None
_starting = threading.Lock()


def recorder() -> Recorder:
    """The recorder of this process, which all its sessions share. The first request starts it, so
    that a stage whose replies are all in the ledger starts none.
    """
    global _running
    with _starting:
        if _running is None or not _running.runs:
            _running = Recorder()
        return _running


def forget() -> None:
    """Let the recorder end, if there is one; the next session starts another."""
    global _running
    if _running:
        _running.end()
    _running = None


# A recorder ends with its stage, not with a process that the stage has forked.
os.register_at_fork(after_in_child=forget)


class Recording:
    """One session's way to the recorder. To be used inside one event loop."""

    def __init__(self, endpoint: Endpoint, api: Api, ledger: Ledger) -> None:
        self.endpoint, self.api, self.ledger = endpoint, api, ledger
        self.owner = ""
        self._recorder: Recorder | None = None
        self._lines: Lines | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._left: set[str] = set()
        self._numbers = itertools.count()
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Begin the session, unless it has begun."""
        if self._lines:
            return
        async with self._starting:
            if self._lines:
                return
            self._recorder = recorder()
            connection, self.owner = self._recorder.session()
            _, lines = await asyncio.get_running_loop().create_connection(
                lambda: Lines(self._take, self._ended), sock=connection
            )
            to = {
                "base_url": self.endpoint.base_url,
                "key": self.endpoint.api_key,
                "timeout": self.api.timeout,
                "connections": self.api.concurrency,
            }
            await self._ask(lines, {"to": to, "ledger": str(self.ledger.path), "owner": self.owner})
            self._lines = lines

    async def send(
        self, key: str, body: dict[str, Any], sheet: Sheet, room: int
    ) -> tuple[Reply | Fault, float | None]:
        """Send a request. Its reply is in the ledger when this returns; beside it stands how long
        all requests should pause (seconds), where the endpoint says so.
        """
        assert self._lines
        job = {"key": key, "body": body, "sheet": vars(sheet), "room": room}
        try:
            answer = await self._ask(self._lines, job)
        except asyncio.CancelledError:
            self._left.add(key)
            raise
        if "fault" in answer:
            return Fault(**answer["fault"]), answer["pause"]
        return Reply(**answer["reply"]), answer["pause"]

    def asks(self, key: str) -> bool:
        """Whether the recorder goes on with a request that nobody here waits for any more."""
        return key in self._left

    async def close(self) -> None:
        """End the session; the recorder finishes what is under way, and nobody waits for that."""
        lines, self._lines = self._lines, None
        if lines:
            lines.close()

    async def _ask(self, lines: Lines, what: dict[str, Any]) -> dict[str, Any]:
        """Tell the recorder something and wait for its answer."""
        number = next(self._numbers)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = future
        lines.tell({"id": number, **what})
        try:
            answer = await future
        finally:
            del self._answers[number]
        if "error" in answer:
            raise MeteorError(f"the recorder of the chat client failed: {answer['error']}")
        return answer

    def _take(self, answer: dict[str, Any]) -> None:
        future = self._answers.get(answer["id"])
        if future and not future.done():
            future.set_result(answer)

    def _ended(self) -> None:
        """The socket is closed; where answers are due, the recorder has died."""
        due = [future for future in self._answers.values() if not future.done()]
        if due and self._recorder:
            error = self._recorder.died()
            for future in due:
                future.set_exception(error)
