"""Batch mode: the endpoint's Batch API, at half the price, with the same ledger keys as online.

The rows go in waves: what the ledger lacks is uploaded, in files within the API's limits, and
awaited; replies that ask for a repair make the next wave. Each file and batch is noted in the
ledger before it can cost anything, so that a stage that was killed, or whose machine was, finds
its batches again. Only lines that failed or expired are sent anew.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from meteor.chat import faults
from meteor.chat.asking import Conversation, FatalError, Request
from meteor.chat.client import ChatClient
from meteor.chat.dialect import Form
from meteor.chat.faults import Fault
from meteor.chat.wire import Wire, is_completion
from meteor.core.records import Failed
from meteor.ledger import Batch, Reply

T = TypeVar("T")
Give = Callable[[Any], Awaitable[None]]
FINAL = frozenset({"completed", "expired", "cancelled", "failed"})
ADDRESS: Literal["/v1/chat/completions"] = "/v1/chat/completions"


@dataclass
class Wave:
    """Requests by key, with what became of them."""

    requests: dict[str, Request]
    replies: dict[str, Reply] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)

    def open(self) -> list[str]:
        """The keys that have neither a reply nor a failure."""
        done = self.replies.keys() | self.failures.keys()
        return [key for key in self.requests if key not in done]


async def serve(client: ChatClient, conversations: Iterator[Conversation], give: Give) -> None:
    """Have all conversations answered and hand over their results."""
    settings = client.settings
    wire = Wire(settings.base_url, settings.api_key, client.api.timeout, 4)
    try:
        waiting = [(conversation, conversation.request) for conversation in conversations]
        while waiting:
            wave = Wave({request.key(settings.base_url): request for _, request in waiting})
            await Batches(client, wire, wave).run()
            again: list[tuple[Conversation, Request]] = []
            for conversation, request in waiting:
                key = request.key(settings.base_url)
                if key in wave.failures:
                    await give(Failed(id=conversation.id, error=wave.failures[key]))
                    continue
                result = conversation.take(wave.replies[key])
                if isinstance(result, Request):
                    again.append((conversation, result))
                else:
                    await give(result)
            waiting = again
    finally:
        await wire.close()


class Batches:
    """The batches of one wave."""

    def __init__(self, client: ChatClient, wire: Wire, wave: Wave) -> None:
        self.client, self.wire, self.wave = client, wire, wave
        self.endpoint = client.settings.base_url
        self._forms: dict[str, Form] = {}

    async def run(self) -> None:
        """Until every request of the wave has a reply or a failure."""
        self._look_up()
        while self.wave.open():
            under_way = self._under_way()
            lacking = set(self.wave.open()) - {key for batch in under_way for key in batch.keys}
            if lacking:
                await self._submit([key for key in self.wave.open() if key in lacking])
                under_way = self._under_way()
            if not under_way:
                continue
            finished = [batch for batch in under_way if await self._collect(batch)]
            self._look_up()
            if not finished:
                await self.client.rest(self.client.api.batch_poll)

    def _look_up(self) -> None:
        for key in self.wave.open():
            if reply := self.client.known(key):
                self.wave.replies[key] = reply

    def _under_way(self) -> list[Batch]:
        """The open batches that hold any of our requests, be they of an earlier process."""
        ours = set(self.wave.open())
        return [b for b in self.client.ledger.batches(self.endpoint) if b.keys & ours]

    # --- out -------------------------------------------------------------------------------------

    async def _submit(self, keys: list[str]) -> None:
        """Upload requests in as many files as the limits ask for, as far as the budget goes."""
        under_way = self._under_way()
        reserved = sum(
            self.client.budget.worst(self.wave.requests[key])
            for batch in under_way
            for key in batch.keys & self.wave.requests.keys()
        )
        affordable: list[str] = []
        for key in keys:
            worst = self.client.budget.worst(self.wave.requests[key])
            if self.client.budget.active and not self.client.budget.fits(reserved + worst):
                if not affordable and not under_way:
                    raise self.client.budget.spent(worst)
                break
            reserved += worst
            affordable.append(key)
        for lines in self._files(affordable):
            await self._upload(lines)

    def _files(self, keys: list[str]) -> Iterator[dict[str, bytes]]:
        """Requests as lines of JSON, split at the most lines and bytes that a file may have."""
        api = self.client.api
        lines: dict[str, bytes] = {}
        size = 0
        for key in keys:
            body = self.client.dialect.body(self.wave.requests[key])
            self._forms[key] = self.client.dialect.form
            row = {"custom_id": key, "method": "POST", "url": ADDRESS, "body": body}
            line = json.dumps(row).encode() + b"\n"
            if lines and (
                len(lines) == api.batch_lines or size + len(line) > api.batch_megabytes * 1e6
            ):
                yield lines
                lines, size = {}, 0
            lines[key] = line
            size += len(line)
        if lines:
            yield lines

    async def _upload(self, lines: dict[str, bytes]) -> None:
        content = b"".join(lines.values())
        api = self.wire.openai
        file = await self._ask(
            lambda: api.files.create(file=("meteor.jsonl", content), purpose="batch")
        )
        self.client.ledger.open_batch(file.id, self.endpoint, self.client.stage, lines)
        await self._make(file.id)

    async def _make(self, file: str) -> str:
        """Make a batch of an uploaded file, and note its id."""
        batch = await self._ask(
            lambda: self.wire.openai.batches.create(
                input_file_id=file, endpoint=ADDRESS, completion_window="24h"
            )
        )
        self.client.ledger.name_batch(file, batch.id)
        return str(batch.id)

    async def _found(self, noted: Batch) -> str:
        """The id of a noted batch. Where a process died between making the batch and noting its
        id, the endpoint's own list tells it; where it died before, the batch is made now.
        """
        if noted.batch:
            return noted.batch

        async def look() -> str | None:
            async for batch in self.wire.openai.batches.list(limit=100):
                if batch.input_file_id == noted.file:
                    return str(batch.id)
                if batch.created_at < noted.created - 86400:
                    return None
            return None

        found = await self._ask(look)
        if found:
            self.client.ledger.name_batch(noted.file, found)
            return found
        return await self._make(noted.file)

    # --- in --------------------------------------------------------------------------------------

    async def _collect(self, noted: Batch) -> bool:
        """Look at a batch; where it has ended, write its replies and forget it."""
        identifier = await self._found(noted)
        batch = await self._ask(lambda: self.wire.openai.batches.retrieve(identifier))
        if batch.status not in FINAL:
            return False
        if batch.status == "failed":
            self._refused(batch, noted)
            return True
        answered: set[str] = set()
        for file in (batch.output_file_id, batch.error_file_id):
            if file:
                content = await self._ask(lambda file=file: self._content(file))  # type: ignore[misc]
                for line in content.splitlines():
                    answered.add(self._read(json.loads(line)))
        for key in noted.keys - answered:
            self._again(key, Fault("retry", f"the batch has {batch.status}"))
        self.client.ledger.close_batch(noted.file)
        return True

    async def _content(self, file: str) -> str:
        return str((await self.wire.openai.files.content(file)).text)

    def _read(self, line: dict[str, Any]) -> str:
        """Write one line's reply, or note its failure; return its key."""
        key = str(line["custom_id"])
        response = line.get("response") or {}
        status, body = response.get("status_code"), response.get("body")
        request = self.wave.requests.get(key)
        if request is None:
            return key
        if status == 200 and body and is_completion(body):
            sheet = self.client.sheet(request)
            reply = self.wire.read(body, sheet, 0.0)
            self.client.ledger.put(key, reply, **sheet.origin)
            self.client.budget.paid += reply.cost or 0.0
            self.client.dialect.understood(request)
        else:
            error = body if status else {"error": line.get("error") or {}}
            self._again(key, faults.of_status(int(status or 500), {}, error))
        return key

    def _again(self, key: str, fault: Fault) -> None:
        """A line failed: it is sent again, or its row has failed, or the stage stops."""
        if key not in self.wave.requests:
            return
        if fault.kind == "fatal":
            raise FatalError(self.client.about(self.wire.redact(fault.message)))
        self.wave.attempts[key] = attempts = self.wave.attempts.get(key, 0) + 1
        dialect = self.client.dialect
        if dialect.learn(
            self.wave.requests[key], self._forms.get(key, dialect.form), fault, attempts
        ):
            return
        if fault.kind != "retry" or attempts > self.client.api.max_retries:
            self.wave.failures[key] = self.wire.redact(fault.message)

    def _refused(self, batch: Any, noted: Batch) -> None:
        """The endpoint took nothing of a batch. Raises FatalError unless later tries may do."""
        self.client.ledger.close_batch(noted.file)
        problems = batch.errors.data if batch.errors and batch.errors.data else []
        text = "; ".join(f"{problem.code}: {problem.message}" for problem in problems[:3])
        if not any("limit" in (problem.code or "") for problem in problems):
            raise FatalError(self.client.about(f"the batch {batch.id} was refused: {text}"))
        for key in noted.keys:
            self._again(key, Fault("retry", f"the batch was refused: {text}"))

    async def _ask(self, send: Callable[[], Awaitable[T]]) -> T:
        """Call the endpoint, again where that may help."""
        failures = 0
        while True:
            outcome = await self.wire.call(send)
            if not isinstance(outcome, Fault):
                return outcome
            failures += 1
            if outcome.kind != "retry" or failures > self.client.api.max_retries:
                raise FatalError(self.client.about(f"the Batch API: {outcome.message}"))
            await self.client.rest(self.client.wait_after(outcome, failures))
