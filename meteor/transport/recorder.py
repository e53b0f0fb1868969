"""The recorder: a process of its own that sends requests and writes the replies to the ledger.

A stage that is killed (`kill -9`, out of memory, a closed terminal) leaves requests behind that
are being paid for. Its recorder lives on until their replies are in the ledger, and sends nothing
new. It serves all sessions of its stage: over the socket on stdin comes one socket a session, and
stdin ends when the stage does.
"""

import asyncio
import gc
import json
import socket
import time
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

from meteor.chat.replies import Reply
from meteor.transport.faults import Fault
from meteor.transport.grouped_writes import Together
from meteor.transport.json_socket import Lines
from meteor.transport.ledger import Ledger
from meteor.transport.wire import Sheet, Wire

Row = tuple[str, Reply, dict[str, str]]


class Recorder:
    """The sessions of one stage, and the wires that they use."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self._gone = asyncio.Event()
        self._idle: defaultdict[str, list[Wire]] = defaultdict(list)
        self._sessions: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Take in sessions until the stage is gone, and wait for their last replies."""
        self.control.setblocking(False)
        asyncio.get_running_loop().add_reader(self.control, self._accept)
        await self._gone.wait()
        if self._sessions:
            await asyncio.wait(self._sessions)

    def _accept(self) -> None:
        try:
            data, handles, _, _ = socket.recv_fds(self.control, 1, 1)
        except BlockingIOError:
            return
        except ConnectionError:
            data, handles = b"", []
        if data:
            task = asyncio.create_task(self._session(socket.socket(fileno=handles[0])))
            self._sessions.add(task)
            task.add_done_callback(self._sessions.discard)
        else:
            asyncio.get_running_loop().remove_reader(self.control)
            self._gone.set()

    async def _session(self, connection: socket.socket) -> None:
        """Serve one session; at its end none of its claims is left. It has a wire for itself, which
        the next session goes on with.
        """
        session = Session()
        loop = asyncio.get_running_loop()
        _, session.lines = await loop.create_connection(
            lambda: Lines(session.told.put_nowait, lambda: session.told.put_nowait(None)),
            sock=connection,
        )
        if not (way := await session.told.get()):
            return
        try:
            idle = self._idle[json.dumps(way["to"])]
            wire = idle.pop() if idle else Wire(**way["to"])
            ledger = Ledger(Path(way["ledger"]))
        except Exception as error:
            session.lines.tell({"id": 0, "error": said(error)})
            return
        with ledger:
            await session.serve(wire, ledger)
            ledger.release_all(way["owner"])
        idle.append(wire)

    async def close(self) -> None:
        """Close the connections."""
        for wire in [wire for wires in self._idle.values() for wire in wires]:
            await wire.close()


class Session:
    """One session of the stage: its requests under way, and the line back."""

    lines: Lines

    def __init__(self) -> None:
        self.told: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._under_way: set[asyncio.Task[None]] = set()

    async def serve(self, wire: Wire, ledger: Ledger) -> None:
        """Send what comes in, until nothing more comes and all replies are written."""
        self.wire, self.put = wire, Together(ledger.put_all)
        self.lines.tell({"id": 0})
        while job := await self.told.get():
            task = asyncio.create_task(self._record(job))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            # Of many that begin in one turn of the event loop, the first would be sent when the
            # last is ready.
            await asyncio.sleep(0)
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _record(self, job: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"id": job["id"]}
        try:
            answer |= await self._answer(job)
        except Exception as error:
            answer["error"] = said(error)
        self.lines.tell(answer)

    async def _answer(self, job: dict[str, Any]) -> dict[str, Any]:
        sheet, start = Sheet(**job["sheet"]), time.monotonic()
        outcome, pause = await self.wire.complete(job["body"], job["room"])
        if isinstance(outcome, Fault):
            return {"pause": pause, "fault": asdict(outcome)}
        reply = self.wire.read(outcome, sheet, time.monotonic() - start)
        reply = await self.put((job["key"], reply, sheet.origin))
        return {"pause": pause, "reply": vars(reply)}


def said(error: Exception) -> str:
    """What went wrong, for the stage."""
    return f"{type(error).__name__}: {error}"


async def main() -> None:
    """Serve the stage that stands at the other end of stdin."""
    recorder = Recorder(socket.socket(fileno=0))
    try:
        await recorder.serve()
    finally:
        await recorder.close()


if __name__ == "__main__":
    # The classes of openai live as long as the process: no use in searching them for garbage.
    gc.disable()
    import openai  # noqa: F401

    gc.freeze()
    gc.enable()
    asyncio.run(main())
