"""The stage's side of the recorder: start it, hand it requests, take what comes back."""

import asyncio
import itertools
import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import meteor
from meteor.chat.faults import Fault
from meteor.chat.settings import Endpoint
from meteor.chat.wire import Sheet
from meteor.core.errors import MeteorError
from meteor.core.processes import process_name
from meteor.core.settings import Api
from meteor.ledger import Reply

LONGEST_LINE = 2**28


class Recording:
    """A running recorder. It is started by the first request, so that a stage whose replies are
    all in the ledger starts none.
    """

    def __init__(self, endpoint: Endpoint, api: Api) -> None:
        self.endpoint, self.api = endpoint, api
        self.owner = ""
        self._process: asyncio.subprocess.Process | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._left: set[str] = set()
        self._numbers = itertools.count()
        self._starting = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process, if it does not run yet."""
        async with self._starting:
            if self._process:
                return
            root = str(Path(meteor.__file__).parent.parent)
            paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "meteor.chat.recorder"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LONGEST_LINE,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
            self.owner = process_name(process.pid)
            self._tell(
                process,
                {
                    "base_url": self.endpoint.base_url,
                    "key_env": self.endpoint.api_key_env,
                    "timeout": self.api.timeout,
                    "connections": self.api.concurrency,
                    "owner": self.owner,
                },
            )
            assert process.stdout
            if not await process.stdout.readline():
                raise await self._died(process)
            self._process = process
            self._reader = asyncio.create_task(self._read(process))

    async def send(
        self, key: str, body: dict[str, Any], sheet: Sheet, room: int
    ) -> tuple[Reply | Fault, float | None]:
        """Send a request. Its reply is in the ledger when this returns; beside it stands how long
        all requests should pause (seconds), where the endpoint says so.
        """
        process = self._process
        assert process
        number = next(self._numbers)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = future
        job = {"id": number, "key": key, "body": body, "sheet": asdict(sheet), "room": room}
        try:
            self._tell(process, job)
            answer = await future
        except asyncio.CancelledError:
            self._left.add(key)
            raise
        finally:
            self._answers.pop(number, None)
        if "fault" in answer:
            return Fault(**answer["fault"]), answer["pause"]
        return Reply(**answer["reply"]), answer["pause"]

    def asks(self, key: str) -> bool:
        """Whether the recorder goes on with a request that nobody here waits for any more."""
        return key in self._left

    async def close(self) -> None:
        """Let the recorder end as soon as nothing is under way; do not wait for that."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            if not self._answers:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._process.wait(), 5)
        if self._reader:
            self._reader.cancel()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        while line := await process.stdout.readline():
            answer = json.loads(line)
            future = self._answers.get(answer["id"])
            if future and not future.done():
                future.set_result(answer)
        if self._answers:
            error = await self._died(process)
            for future in self._answers.values():
                if not future.done():
                    future.set_exception(error)

    async def _died(self, process: asyncio.subprocess.Process) -> MeteorError:
        assert process.stderr
        said = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
        return MeteorError(
            f"the recorder of the chat client ended (exit code {await process.wait()}): "
            + (said[-1] if said else "it said nothing")
        )

    @staticmethod
    def _tell(process: asyncio.subprocess.Process, what: dict[str, Any]) -> None:
        assert process.stdin
        process.stdin.write(json.dumps(what).encode() + b"\n")
