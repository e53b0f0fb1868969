"""The recorder: a process of its own that sends requests and writes the replies to the ledger.

A stage that is killed (`kill -9`, out of memory, a closed terminal) leaves requests behind that
are being paid for. Its recorder lives on until their replies are in the ledger, and sends nothing
new. It serves all sessions of its stage: over the socket on stdin comes one socket a session, and
stdin ends when the stage does.
"""

import asyncio
import gc
import json
import logging
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from meteor.chat.replies import Reply
from meteor.transport.faults import Fault
from meteor.transport.grouped_writes import Together
from meteor.transport.json_socket import Lines
from meteor.transport.ledger import Ledger, LedgerError
from meteor.transport.redaction import Redaction
from meteor.transport.rescue import Row, told
from meteor.transport.wire import Sheet, Wire

log = logging.getLogger("meteor")


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
        """Serve one session. It has a wire for itself, which the next session goes on with."""
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
            text = Redaction(way["to"]["key"]).text(said(error))
            session.lines.tell({"id": 0, "error": text})
            return
        await session.serve(wire, ledger, way["owner"])
        idle.append(wire)

    async def close(self) -> None:
        """Close the connections."""
        for wire in [wire for wires in self._idle.values() for wire in wires]:
            await wire.close()


class Session:
    """One session of the stage: its requests under way, and the line back. All that it has to do
    with the ledger is done by one thread, so that replies are read on while the ledger waits.
    """

    lines: Lines

    def __init__(self) -> None:
        self.told: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._under_way: set[asyncio.Task[None]] = set()
        self._writer = ThreadPoolExecutor(1)

    async def serve(self, wire: Wire, ledger: Ledger, owner: str) -> None:
        """Send what comes in, until nothing more comes and all replies are written; then none of
        the session's claims is left.
        """
        self.wire, self.ledger = wire, ledger
        self.put = Together(self._put, self._writer)
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
        try:
            await self._written(ledger.release_all, owner)
        except LedgerError as error:
            log.error("%s", error)
        ledger.close()
        self._writer.shutdown()

    async def _record(self, job: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"id": job["id"]}
        try:
            answer |= await self._answer(job)
        except LedgerError as error:
            answer["error"] = str(error)
        except Exception as error:
            answer["error"] = self.wire.redaction.text(said(error))
        self.lines.tell(answer)

    async def _answer(self, job: dict[str, Any]) -> dict[str, Any]:
        sheet, start = Sheet(**job["sheet"]), time.monotonic()
        found, pause = await self.wire.complete(job["body"], job["room"])
        seconds = time.monotonic() - start
        outcome = self._read(found, sheet, seconds) if isinstance(found, dict) else found
        if isinstance(outcome, Fault):
            await self._settle(job["key"], outcome, sheet)
            return {"pause": pause, "fault": asdict(outcome)}
        reply = await self.put((job["key"], outcome, sheet.origin))
        return {"pause": pause, "reply": vars(reply)}

    def _read(self, found: dict[str, Any], sheet: Sheet, seconds: float) -> Reply | Fault:
        """The reply in a body. One that nobody has foreseen harms its own row and no other."""
        try:
            return self.wire.read(found, sheet, seconds)
        except Exception as error:
            return Fault("retry", f"the reply cannot be read ({type(error).__name__})", paid=True)

    async def _settle(self, key: str, fault: Fault, sheet: Sheet) -> None:
        """Note what a request without an answer may have cost."""
        cost = (fault.cost if fault.cost is not None else sheet.worst) if fault.paid else None
        if cost:
            await self._written(self.ledger.waste, key, cost, fault.message, sheet.origin)
        elif sheet.reserved:
            await self._written(self.ledger.unreserve, key)

    def _put(self, rows: Sequence[Row]) -> Sequence[Reply]:
        """Write replies. Where that fails they are kept in another place, and the error says so."""
        try:
            return self.ledger.put_all(rows)
        except LedgerError as error:
            raise LedgerError(told(error, self.ledger.path, rows)) from None

    async def _written(self, do: Callable[..., None], *arguments: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(self._writer, do, *arguments)


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
