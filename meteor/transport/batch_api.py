"""The endpoint's files and batches, called again where that may help."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from meteor.chat.asking import FatalError
from meteor.transport.client import ChatClient
from meteor.transport.faults import Fault
from meteor.transport.noted_batches import Batch
from meteor.transport.wire import Wire

T = TypeVar("T")


class BatchApi:
    """One endpoint's Batch API. All of it raises FatalError where repetition does not help."""

    def __init__(self, client: ChatClient, wire: Wire) -> None:
        self.client, self.wire = client, wire

    async def upload(self, content: bytes) -> str:
        """Upload a file of requests, and return its id."""
        files = self.wire.openai.files
        named = ("meteor.jsonl", content)
        return str((await self._ask(lambda: files.create(file=named, purpose="batch"))).id)

    async def make(self, file: str) -> str:
        """Make a batch of an uploaded file, and return its id."""
        batch = await self._ask(
            lambda: self.wire.openai.batches.create(
                input_file_id=file, endpoint="/v1/chat/completions", completion_window="24h"
            )
        )
        return str(batch.id)

    async def look(self, identifier: str) -> Any:
        """A batch as it is now."""
        return await self._ask(lambda: self.wire.openai.batches.retrieve(identifier))

    async def content(self, file: str) -> str:
        """The text of a result file."""
        return await self._ask(lambda: self._read(file))

    async def listed(self, noted: Batch) -> str | None:
        """The id of a noted batch in the endpoint's list; None where it was never made."""
        return await self._ask(lambda: self._look_for(noted))

    async def _read(self, file: str) -> str:
        return str((await self.wire.openai.files.content(file)).text)

    async def _look_for(self, noted: Batch) -> str | None:
        async for batch in self.wire.openai.batches.list(limit=100):
            if batch.input_file_id == noted.file:
                return str(batch.id)
            if batch.created_at < noted.created - 86400:
                break
        return None

    async def _ask(self, send: Callable[[], Awaitable[T]]) -> T:
        """Call the endpoint, again where that may help."""
        client, failures = self.client, 0
        while True:
            outcome = await self.wire.call(send)
            if not isinstance(outcome, Fault):
                return outcome
            failures += 1
            if outcome.kind != "retry" or failures > client.api.max_retries:
                raise FatalError(client.about(f"the Batch API: {outcome.message}"))
            await client.rest(client.patience.wait_after(outcome, failures))
