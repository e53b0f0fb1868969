"""The recorder: a process of its own that sends requests and writes the replies to the ledger.

A stage that is killed (`kill -9`, out of memory, a closed terminal) leaves requests behind that
are being paid for. Its recorder lives on until their replies are in the ledger, and sends nothing
new. It reads one JSON object a line from stdin and answers with one a line on stdout.
"""

import asyncio
import json
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from meteor.chat.faults import Fault
from meteor.chat.wire import Sheet, Wire
from meteor.ledger import Ledger

LONGEST_LINE = 2**28


class Recorder:
    """Requests under way, and the way back to whoever asked."""

    def __init__(self, wire: Wire, ledger: Ledger) -> None:
        self.wire, self.ledger = wire, ledger
        self._under_way: set[asyncio.Task[None]] = set()

    async def serve(self, lines: asyncio.StreamReader) -> None:
        """Send what comes in, until nothing more comes and all replies are written."""
        while (line := await lines.readline()).endswith(b"\n"):
            task = asyncio.create_task(self._record(json.loads(line)))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _record(self, job: dict[str, Any]) -> None:
        sheet, start = Sheet(**job["sheet"]), time.monotonic()
        outcome, pause = await self.wire.complete(job["body"], job["room"])
        answer: dict[str, Any] = {"id": job["id"], "pause": pause}
        if isinstance(outcome, Fault):
            answer["fault"] = asdict(outcome)
        else:
            reply = self.wire.read(outcome, sheet, time.monotonic() - start)
            self.ledger.put(job["key"], reply, **sheet.origin)
            answer["reply"] = asdict(reply)
        with suppress(OSError):
            os.write(1, json.dumps(answer).encode() + b"\n")


async def main() -> None:
    """Read how to reach the endpoint from the first line, then serve."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=LONGEST_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    way = json.loads(await lines.readline())
    key = os.environ.get(way["key_env"], "").strip() or "none"
    wire = Wire(way["base_url"], key, way["timeout"], way["connections"])
    with Ledger() as ledger:
        os.write(1, b"{}\n")
        try:
            await Recorder(wire, ledger).serve(lines)
        finally:
            ledger.release_all(way["owner"])
            await wire.close()


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    asyncio.run(main())
