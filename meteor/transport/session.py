"""A session: conversations in, results out as they arrive, from a thread with its own event loop.

However it ends (done, an error, Ctrl-C, a plugin that stops listening), no request is sent
afterwards, and what was under way gets a few seconds to reach the ledger.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from meteor.chat.asking import Conversation
from meteor.chat.settings import ChatSettings
from meteor.core.params import load_params
from meteor.core.settings import Api
from meteor.transport.client import ChatClient
from meteor.transport.ledger import Ledger
from meteor.transport.rescue import take_up

GRACE = 5.0
"""Seconds that requests under way get when the stage stops."""
AHEAD = 1000
"""Most results that wait to be taken."""
Planner = Callable[[ChatSettings, Iterable[Conversation]], None]
PLANNER: ContextVar[Planner | None] = ContextVar("planner", default=None)
"""Who looks at conversations instead of having them answered (`meteor estimate`)."""


def converse(
    settings: ChatSettings, conversations: Iterable[Conversation], api: Api | None = None
) -> Iterator[Any]:
    """Yield the result or failure of each conversation, in the order in which they arrive.

    Raises FatalError where nothing more can be done: a wrong key, a spent quota or budget.
    """
    if planner := PLANNER.get():
        planner(settings, conversations)
        return
    session = _Session(settings, api or load_params().api, conversations)
    yield from session.results()


class _Session:
    def __init__(
        self, settings: ChatSettings, api: Api, conversations: Iterable[Conversation]
    ) -> None:
        self.settings, self.api, self.waiting = settings, api, iter(conversations)
        self.out: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.stop = threading.Event()

    def results(self) -> Iterator[Any]:
        thread = threading.Thread(target=self._run, name="chat", daemon=True)
        thread.start()
        try:
            while True:
                kind, value = self.out.get()
                if kind == "end":
                    return
                if kind == "error":
                    raise value
                yield value
        finally:
            self.stop.set()
            thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
            self.out.put(("end", None))
        except BaseException as error:
            self.out.put(("error", error))

    async def _serve(self) -> None:
        with Ledger() as ledger:
            take_up(ledger)
            client = ChatClient(self.settings, self.api, ledger)
            watch = asyncio.create_task(self._watch(client))
            try:
                if self.settings.mode == "batch":
                    from meteor.transport.waves import serve

                    await serve(client, self.waiting, self._give)
                else:
                    await self._online(client)
            finally:
                watch.cancel()
                await client.close()

    async def _online(self, client: ChatClient) -> None:
        workers = [asyncio.create_task(self._work(client)) for _ in range(self.api.concurrency)]
        crowd = asyncio.ensure_future(asyncio.gather(*workers))
        stopping: asyncio.Future[Any] = asyncio.create_task(client.closing.wait())
        try:
            await asyncio.wait({crowd, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if crowd.done():
                crowd.result()
        finally:
            client.closing.set()
            until = time.monotonic() + GRACE
            while client.flow.in_flight and time.monotonic() < until:
                await asyncio.sleep(0.02)
            for worker in workers:
                worker.cancel()
            await asyncio.gather(crowd, stopping, return_exceptions=True)

    async def _work(self, client: ChatClient) -> None:
        for conversation in self.waiting:
            await client.first.begin()
            if client.closing.is_set():
                return
            await self._give(await client.converse(conversation))

    async def _give(self, result: Any) -> None:
        """Hand a result over; wait where nobody takes them (they are in the ledger already)."""
        self.out.put(("row", result))
        await asyncio.sleep(0)
        while self.out.qsize() > AHEAD and not self.stop.is_set():
            await asyncio.sleep(0.01)

    async def _watch(self, client: ChatClient) -> None:
        """Stop sending when nobody listens any more."""
        while not self.stop.is_set():
            await asyncio.sleep(0.05)
        client.closing.set()
